"""A container to run, before Docker knows of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Everything of ours in the engine carries OURS; the others say whose container it is.
OURS = "slipway"
RESOURCE_LABEL = "slipway.resource"
HOST_LABEL = "slipway.host"
# Two control planes may share an engine; each has a jobs' volume of its own.
VOLUME_LABEL = "slipway.volume"


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the jobs' volume inside a container; `subpath` is relative to the volume's root."""

    subpath: str
    target: str
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may use: whole and part processors, bytes, processes."""

    cpus: float
    memory_bytes: int
    pids: int = 4096


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What to run. None for entrypoint or command means the image's own."""

    image: str
    resource_arn: str
    host: str = "algo-1"
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    limits: Limits | None = None
    # None: no network at all (EnableNetworkIsolation).
    network: str | None = None
    # A network of this resource alone, on which its hosts find each other by `aliases`.
    private_network: str | None = None
    aliases: tuple[str, ...] = ()
    # Host names and their addresses, beside those that Docker's name server knows.
    hosts: Mapping[str, str] = field(default_factory=dict)
    # None: the image's own.
    user: str | None = None
    working_directory: str | None = None
    # What functions have of their cloud: nothing but the mounts can be written, a small init
    # takes the signals and the orphans, and nobody has a right beyond a user's.
    is_confined: bool = False

    @property
    def labels(self) -> dict[str, str]:
        """How the container is found again."""
        return {OURS: "1", RESOURCE_LABEL: self.resource_arn, HOST_LABEL: self.host}
