"""Everything that serves endpoints, put together once."""

import logging
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from slipway.clock import Clock, SystemClock
from slipway.containers.engine import Engine, ImageMissingError
from slipway.containers.images import Images
from slipway.containers.limits import limits_of
from slipway.containers.reaper import reap
from slipway.containers.spec import Limits
from slipway.executors.endpoint import EndpointExecutor, folder_name
from slipway.executors.endpoint_watch import SERVING, EndpointWatch
from slipway.executors.serving_logs import ServingLogs
from slipway.executors.work import Work
from slipway.jobs import aws_environment
from slipway.operations.endpoint_configs import EndpointConfigs
from slipway.operations.endpoints import Endpoints
from slipway.operations.models import Models, ResolveContainer
from slipway.operations.runtime import Runtime
from slipway.protocol.dispatch import Operations
from slipway.resources.document import Document
from slipway.resources.lifecycle import unfinished
from slipway.resources.resource import Key, Kind, Owner
from slipway.runtime.capture_journal import CaptureJournal
from slipway.runtime.fleet import Fleet
from slipway.runtime.invocation import Invocation
from slipway.settings import Settings
from slipway.staging import model_data
from slipway.staging.s3 import S3Clients
from slipway.store.store import Store
from slipway.telemetry.telemetry import Telemetry

log = logging.getLogger(__name__)

# Endpoints that come up, change or go at a time; each waits, for minutes where a model is large.
WORKERS = 16
# Compose gives this process 15 s; what capture has not stored by then it stores after the next start.
LAST_FLUSH_SECONDS = 8.0


class Serving:
    """Models, endpoint configurations, endpoints and their answers."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        engine: Engine,
        images: Images,
        s3_clients: S3Clients,
        resolve_container: ResolveContainer,
        telemetry: Telemetry,
    ) -> None:
        self._store = store
        self._engine = engine
        self._jobs_dir = settings.jobs_dir
        self._job_network = settings.job_network
        self._journal = CaptureJournal(settings.jobs_dir / "data-capture", _storing(s3_clients))
        self._fleet = fleet = Fleet()
        executor = EndpointExecutor(
            store=store,
            engine=engine,
            clock=clock,
            fleet=fleet,
            fetch_model=_fetching(s3_clients),
            find_image=_finding(engine, images),
            limits_of=_limiting(engine),
            jobs_dir=settings.jobs_dir,
            network=settings.job_network,
            keep_failed=settings.keep_failed,
            again=self._again,
            settled=self._settled,
            environment_of=lambda owner: aws_environment(settings, owner),
            follow=ServingLogs(engine, SystemClock(), telemetry.on_line).follow,
        )
        self._work = Work(Kind.ENDPOINT, store, executor.carry_out, WORKERS, executor.fail)
        self._watch = EndpointWatch(engine, store, self._work.submit)
        invocation = Invocation(fleet, self._journal, clock, self._is_serving, telemetry.on_invocation)
        self.operations: Operations = {
            **Models(store, clock, resolve_container).operations,
            **EndpointConfigs(store, clock).operations,
            **Endpoints(store, clock, self._work.submit).operations,
            **Runtime(invocation).operations,
        }

    def start(self) -> None:
        """Take up what an earlier process left: captured lines, endpoints that serve, others half-way."""
        # A container that is on Docker's nameless network alone has to come to where the models are.
        self._engine.join_network(self._job_network)
        self._journal.start()
        self.reap()
        self._work.resume()
        self._watch.start()

    def forget(self) -> None:
        """Leave nothing of endpoints that are not in the store any more."""
        for key in self._fleet.endpoints():
            if self._store.get(key) is None:
                self._work.submit(key)
        self.reap()

    def flush_captures(self) -> bool:
        """Store what was captured up to now; False where something could not be stored yet."""
        return self._journal.flush()

    def reap(self) -> None:
        """Remove the containers and folders of endpoints that are not in the store."""
        statuses = SERVING | unfinished(Kind.ENDPOINT) | {"Failed", "OutOfService"}
        known = self._store.in_statuses(Kind.ENDPOINT, statuses)
        arns = {endpoint.arn for endpoint in known}
        reap(
            self._engine,
            self._jobs_dir,
            Kind.ENDPOINT,
            arns,
            {folder_name(endpoint.key) for endpoint in known},
        )

    def close(self) -> None:
        """Store what was captured; containers go on without us."""
        self._watch.close()
        self._work.close()
        # S3 may be away; what is on disk waits for the next start.
        closing = threading.Thread(target=self._journal.close, name="data-capture-close", daemon=True)
        closing.start()
        closing.join(LAST_FLUSH_SECONDS)
        if closing.is_alive():
            log.warning("data_capture.left_for_next_start")

    def _again(self, key: Key) -> None:
        self._watch.again(key)

    def _settled(self, key: Key) -> None:
        self._watch.settled(key)

    def _is_serving(self, key: Key) -> bool:
        """Whether something must answer; the name's case counts (API reference, InvokeEndpoint)."""
        endpoint = self._store.get(key)
        return (
            endpoint is not None
            and endpoint.key == key
            and "live" in endpoint.internal
            and (endpoint.status != "Deleting")
        )


def _fetching(s3_clients: S3Clients) -> Callable[[Owner, Document, Path], None]:
    def fetch(owner: Owner, container: Document, target: Path) -> None:
        model_data.fetch(s3_clients.of(owner), container, target)

    return fetch


def _storing(s3_clients: S3Clients) -> Callable[[Owner, str, str, bytes], None]:
    def store(owner: Owner, bucket: str, key: str, content: bytes) -> None:
        s3_clients.of(owner).upload(BytesIO(content), bucket, key)

    return store


def _finding(engine: Engine, images: Images) -> Callable[[str], str]:
    def find(image_uri: str) -> str:
        reference = images.resolve(image_uri)
        image_id = engine.image_id(reference)
        if image_id is None:
            raise ImageMissingError(f"there is no image {reference} in this Docker Engine any more")
        return image_id

    return find


def _limiting(engine: Engine) -> Callable[[str], Limits]:
    cpus, memory_bytes = engine.capacity()

    def limits(instance_type: str) -> Limits:
        return limits_of(instance_type, cpus, memory_bytes)

    return limits
