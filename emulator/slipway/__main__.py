"""The composition root: every part is built here, once."""

import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import NoReturn

import uvicorn

from slipway.aws import AwsClients
from slipway.clock import MovableClock
from slipway.containers.engine import Engine, EngineError
from slipway.containers.home import find_home
from slipway.containers.images import ImageMapError, Images, read_mapping
from slipway.events.emitter import Emitter
from slipway.events.state_change import events_of, nothing_of
from slipway.executions import Executions
from slipway.feature_store import FeatureStore
from slipway.functions import Functions
from slipway.jobs import Jobs
from slipway.monitoring import Monitoring
from slipway.operations.job_definitions import JobDefinitions
from slipway.operations.model_package_groups import ModelPackageGroups
from slipway.operations.model_packages import ModelPackages
from slipway.operations.studio_images import StudioImages
from slipway.operations.tags import Tags
from slipway.protocol.call import HttpAnswer, HttpRequest
from slipway.protocol.clock_pages import ClockPages
from slipway.protocol.dispatch import Dispatcher, Operation
from slipway.protocol.plain_records import PlainRecords
from slipway.protocol.quick_connection import QuickConnection
from slipway.protocol.server import Answerer, Server, json_page
from slipway.protocol.service_model import ServiceModels
from slipway.scheduling import Scheduling
from slipway.serving import Serving
from slipway.settings import Settings, SettingsError
from slipway.staging.s3 import S3Clients
from slipway.store.store import Store
from slipway.telemetry.telemetry import Telemetry

# Requests that wait for the store, and those that wait for a model, for a minute perhaps; each is a thread.
REQUEST_THREADS = 64
INVOCATION_THREADS = 256
# How long a thread that computes keeps the one that answers waiting; Python's own is ten times as
# long, as long as seventy look-ups of a record.
SWITCH_SECONDS = 0.0005

log = logging.getLogger("slipway")


@contextmanager
def running(settings: Settings) -> Iterator[Server]:
    """Everything, wired and at work, until the block ends."""
    settings = at_home(settings)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    settings.jobs_dir.mkdir(parents=True, exist_ok=True)
    clock = MovableClock(settings.state_dir / "clock")
    clients = (
        AwsClients(settings.aws_endpoint_url, settings.secret_access_key)
        if settings.aws_endpoint_url
        else None
    )
    # An event that nobody will ever be told must not wait.
    store = Store(settings.state_dir / "slipway.db", clock, events_of if clients else nothing_of)
    emitter = Emitter(store, clients) if clients else None
    telemetry = Telemetry(clients, clock)
    engine = Engine.connect(settings.jobs_volume)
    engine.ensure_network(settings.job_network)
    images = Images(engine, read_mapping(settings.image_map))
    s3_clients = S3Clients(settings.s3_endpoint_url, settings.access_key_id, settings.secret_access_key)
    model_packages = ModelPackages(store, clock)
    serving = Serving(
        settings, store, clock, engine, images, s3_clients, model_packages.resolve_container, telemetry
    )
    jobs = Jobs(settings, store, clock, engine, images, s3_clients, telemetry)
    # Filled below: what calls operations as a client would is built from what answers them.
    operations: dict[tuple[str, str], Operation] = {}
    models = ServiceModels()
    feature_store = FeatureStore(settings, store, clock, s3_clients)
    plain_records = PlainRecords(models, feature_store.look_up, feature_store.put_soon)
    dispatcher = Dispatcher(models, operations, plain_records)
    scheduling = Scheduling(settings, store, clock, clients, dispatcher.call)
    functions = Functions(settings, store, clock, engine, images, s3_clients, telemetry, clients)
    executions = Executions(settings, store, clock, dispatcher.call, clients, s3_clients, models)
    monitoring = Monitoring(settings, store, clock, dispatcher.call, s3_clients, serving.flush_captures)
    operations |= {
        **ModelPackageGroups(store, clock).operations,
        **model_packages.operations,
        **Tags(store).operations,
        **StudioImages().operations,
        **JobDefinitions(store, clock).operations,
        **serving.operations,
        **jobs.operations,
        **executions.operations,
        **functions.operations,
        **scheduling.operations,
        **monitoring.operations,
        **feature_store.operations,
    }
    threads = ThreadPoolExecutor(REQUEST_THREADS, thread_name_prefix="request")
    model_threads = ThreadPoolExecutor(INVOCATION_THREADS, thread_name_prefix="invocation")
    telemetry.start()
    serving.start()
    jobs.start()
    functions.start()
    executions.start()
    scheduling.start()
    monitoring.start()
    feature_store.start()
    if emitter:
        emitter.start()
    try:
        pages = own_pages(
            settings,
            store,
            operations,
            [
                serving.forget,
                executions.forget,
                functions.forget,
                monitoring.forget,
                feature_store.forget,
                clock.reset,
            ],
        )
        clock_pages = ClockPages(clock, settings.allow_reset).pages
        yield Server(
            dispatcher.answer,
            {**pages, **clock_pages},
            threads,
            model_threads,
            functions.pages,
            dispatcher.answer_at_once,
        )
    finally:
        for pool in (threads, model_threads):
            pool.shutdown(wait=False, cancel_futures=True)
        monitoring.close()
        scheduling.close()
        feature_store.close()
        serving.close()
        executions.close()
        functions.close()
        jobs.close()
        telemetry.close()
        if emitter:
            emitter.close()
        s3_clients.close()


def at_home(settings: Settings) -> Settings:
    """The settings, with the names of volume and network that this container really has."""
    home = find_home()
    if home is None:
        return settings
    return replace(
        settings,
        jobs_volume=home.volume(settings.jobs_dir, settings.jobs_volume),
        job_network=home.network(settings.job_network),
    )


def own_pages(
    settings: Settings,
    store: Store,
    operations: Mapping[tuple[str, str], Operation],
    after_reset: Sequence[Callable[[], None]],
) -> dict[tuple[str, str], Answerer]:
    """What answers beside AWS's own operations."""

    def health(_request: HttpRequest) -> HttpAnswer:
        return json_page({"status": "running", "operations": len(operations)})

    def reset(_request: HttpRequest) -> HttpAnswer:
        if not settings.allow_reset:
            return json_page({"Message": "set SLIPWAY_ALLOW_RESET=1 on the emulator to allow this"}, 403)
        store.reset()
        for forget in after_reset:
            forget()
        return json_page({"status": "empty"})

    def implemented(_request: HttpRequest) -> HttpAnswer:
        return json_page({"operations": [f"{service} {name}" for service, name in sorted(operations)]})

    return {
        ("GET", "/_slipway/health"): health,
        ("GET", "/_slipway/operations"): implemented,
        ("POST", "/_slipway/reset"): reset,
    }


def main() -> int:
    """Serve until a signal says otherwise."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    # uvicorn raises the signal that ended it once more: by default that would be
    # the end of this process, with everything still open.
    signal.signal(signal.SIGTERM, _leave)
    try:
        settings = Settings.from_environ(os.environ)
        with running(settings) as server:
            settle()
            serve(server, settings.port)
    except (SettingsError, EngineError, ImageMapError) as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    return 0


def _leave(_number: int, _frame: object) -> None:
    """Unwind, so that every part is closed."""
    raise SystemExit(0)


def settle() -> None:
    """Let no request wait for what is there for good, or for threads that have nobody waiting.

    The services' models are 150,000 objects. A look at all of them takes the collector 50 ms
    (measured), in which nothing is answered, and finds nothing.
    """
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)


def serve(server: Server, port: int) -> None:
    """Answer until a signal says otherwise."""
    config = uvicorn.Config(
        server,
        # Compose publishes this port on the loopback interface alone.
        host="0.0.0.0",
        port=port,
        log_level="warning",
        access_log=False,
        http=QuickConnection,
        # Nobody asks from where a request came.
        proxy_headers=False,
        # Nothing here is a web socket: a request to become one is answered like any other.
        ws="none",
        timeout_keep_alive=75,
    )
    uvicorn_server = uvicorn.Server(config)
    told = uvicorn_server.handle_exit

    def handle_exit(number: int, frame: FrameType | None) -> None:
        # It waits for requests that are under way; those that wait for work would keep it for ever.
        server.let_go()
        told(number, frame)

    uvicorn_server.handle_exit = handle_exit
    uvicorn_server.run()


def end(code: int) -> NoReturn:
    """End the process, whoever is still at work.

    A thread that watches a container would keep it until the job has ended. Jobs
    go on in their containers, and their rows say how the next process goes on.
    """
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    try:
        end(main())
    except SystemExit:
        end(0)
