"""What the two kinds of job do not share, and what every job needs."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from slipway.clock import Clock
from slipway.containers.engine import Engine
from slipway.containers.images import Images
from slipway.containers.spec import Mount
from slipway.executors.folder import JobFolder
from slipway.faults import Faults
from slipway.resources.cluster import Cluster
from slipway.resources.document import Document
from slipway.resources.outcome import Outcome
from slipway.resources.resource import Kind, Owner, Resource
from slipway.store.store import Store


class Listener(Protocol):
    """Who is told what jobs say; nobody who tells waits, except to settle."""

    def on_line(self, resource: Resource, host: str, time: float, text: str) -> None:
        """A container has written a line."""

    def on_metric(self, resource: Resource, name: str, value: float, time: float) -> None:
        """A line had the value of a metric."""

    def on_metric_data(self, owner: Owner, namespace: str, data: Sequence[Document]) -> None:
        """A monitoring job has left metrics, as PutMetricData takes them."""

    def settle(self, resource: Resource) -> None:
        """Return once the lines can be read where they were brought, or it takes too long."""


@dataclass(frozen=True, slots=True)
class Program:
    """What runs on one host. None for entrypoint or command means the image's own."""

    entrypoint: tuple[str, ...] | None
    command: tuple[str, ...] | None
    environment: dict[str, str]
    mounts: tuple[Mount, ...]


class LineSink(Protocol):
    """Looks at a job's lines, all of them also after a restart."""

    def see(self, moment: float, line: str) -> dict[str, float]:
        """One line of a log; the metrics in it."""

    def documents(self) -> list[Document]:
        """What was in the lines."""


class Contract(Protocol):
    """What training and processing do not share.

    Methods that take `now` decide and return the job's next state; the others act.
    """

    @property
    def kind(self) -> Kind:
        """Whose contract it is."""

    def cluster(self, job: Resource) -> Cluster:
        """The hosts."""

    def image_uri(self, job: Resource) -> str:
        """The image as the request names it."""

    def is_isolated(self, job: Resource) -> bool:
        """Whether EnableNetworkIsolation is on."""

    def retries(self, job: Resource) -> int:
        """How often a job is tried again after an InternalServerError."""

    def stage(self, job: Resource, folder: JobFolder, check: Callable[[], None]) -> None:
        """Bring everything that the containers find; `check` is called in between. Raises StagingError."""

    def program(self, job: Resource, folder: JobFolder, host: str) -> Program:
        """What one host runs."""

    def meanwhile(self, job: Resource, folder: JobFolder) -> AbstractContextManager[object]:
        """What goes to S3 while the containers run. Leaving it raises StagingError."""

    def line_sink(self, job: Resource) -> LineSink:
        """Who looks at the lines."""

    def collect(self, job: Resource, outcome: Outcome, folder: JobFolder) -> Document:
        """Store what the containers left, and return what `concluded` needs. Raises StagingError."""

    def downloading(self, job: Resource, now: float) -> Resource:
        """Inputs are on their way."""

    def running(self, job: Resource, now: float) -> Resource:
        """The containers run."""

    def uploading(self, job: Resource, lines: list[Document], now: float) -> Resource:
        """The containers have ended; `lines` is what the line sink found."""

    def restarting(self, job: Resource, now: float) -> Resource:
        """A new attempt begins."""

    def concluded(self, job: Resource, outcome: Outcome, collected: Document, now: float) -> Resource:
        """The terminal state that the outcome earned."""

    def failed(self, job: Resource, reason: str, now: float) -> Resource:
        """Failed, for a reason that is not the program's."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What every job needs."""

    store: Store
    clock: Clock
    # The machine's own: nobody moves it, so what containers may take and what Docker stamps go by it.
    real_clock: Clock
    engine: Engine
    images: Images
    jobs_dir: Path
    job_network: str
    # Processors and bytes of memory of the machine that the engine is on.
    capacity: tuple[int, int]
    # How a container's own AWS client reaches the services here.
    environment_of: Callable[[Owner], dict[str, str]]
    faults: Faults
    listener: Listener
    keep_failed: bool
