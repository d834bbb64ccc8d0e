"""The composition root: every part is built here, once."""

import logging
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import uvicorn

from slipway.clock import SystemClock
from slipway.containers.engine import Engine, EngineError
from slipway.events.state_change import event_of
from slipway.operations.model_package_groups import ModelPackageGroups
from slipway.operations.model_packages import ModelPackages
from slipway.operations.tags import Tags
from slipway.protocol.call import HttpAnswer, HttpRequest
from slipway.protocol.dispatch import Dispatcher, Operation
from slipway.protocol.server import Answerer, Server, json_page
from slipway.protocol.service_model import ServiceModels
from slipway.settings import Settings, SettingsError
from slipway.store.store import Store

# Requests that wait for the store or for an endpoint's container; each is a thread.
REQUEST_THREADS = 64

log = logging.getLogger("slipway")


def build(settings: Settings) -> Server:
    """Everything, wired; nothing runs yet."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    settings.jobs_dir.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    store = Store(settings.state_dir / "slipway.db", clock, event_of)
    engine = Engine.connect(settings.jobs_volume)
    engine.ensure_network(settings.job_network)
    model_packages = ModelPackages(store, clock)
    operations: dict[tuple[str, str], Operation] = {
        **ModelPackageGroups(store, clock).operations,
        **model_packages.operations,
        **Tags(store).operations,
    }
    dispatcher = Dispatcher(ServiceModels(), operations)
    threads = ThreadPoolExecutor(REQUEST_THREADS, thread_name_prefix="request")
    return Server(dispatcher.answer, own_pages(settings, store, operations), threads)


def own_pages(
    settings: Settings, store: Store, operations: Mapping[tuple[str, str], Operation]
) -> dict[tuple[str, str], Answerer]:
    """What answers beside AWS's own operations."""

    def health(_request: HttpRequest) -> HttpAnswer:
        return json_page({"status": "running", "operations": len(operations)})

    def reset(_request: HttpRequest) -> HttpAnswer:
        if not settings.allow_reset:
            return json_page({"Message": "set SLIPWAY_ALLOW_RESET=1 on the emulator to allow this"}, 403)
        store.reset()
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
    try:
        settings = Settings.from_environ(os.environ)
        server = build(settings)
    except (SettingsError, EngineError) as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    uvicorn.run(
        server,
        # Compose publishes this port on the loopback interface alone.
        host="0.0.0.0",
        port=settings.port,
        log_level="warning",
        access_log=False,
        # Nothing here is a web socket: a request to become one is answered like any other.
        ws="none",
        timeout_keep_alive=75,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
