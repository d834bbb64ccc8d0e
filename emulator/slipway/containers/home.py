"""What this process's own container is given, by the Engine's account of it."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException

# Docker puts it into every container.
IN_A_CONTAINER = Path("/.dockerenv")
# The Engine's own network knows no names, so endpoints could not be found on it.
NAMELESS = frozenset({"bridge", "host", "none"})
TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Home:
    """The volumes by where they are mounted, and the networks."""

    volumes: dict[str, str]
    networks: tuple[str, ...]

    @classmethod
    def of(cls, container: dict[str, Any]) -> "Home":
        """As an inspected container has them."""
        return cls(
            {
                mount["Destination"]: mount["Name"]
                for mount in container["Mounts"]
                if mount["Type"] == "volume"
            },
            tuple(sorted(set(container["NetworkSettings"]["Networks"]) - NAMELESS)),
        )

    def volume(self, folder: Path, configured: str) -> str:
        """What the Engine calls the volume at `folder`; what is mounted is right whatever was configured."""
        return self.volumes.get(str(folder), configured)

    def network(self, configured: str) -> str:
        """The network to run jobs on: the configured one, or where this container is not on it, its own."""
        if configured in self.networks or not self.networks:
            return configured
        return self.networks[0]


def find_home() -> Home | None:
    """This process's container; None where it runs in none, or in one that has another name inside."""
    if not IN_A_CONTAINER.exists():
        return None
    try:
        client = docker.APIClient(version="auto", timeout=TIMEOUT_SECONDS)
        # A container's name inside is the beginning of its id, unless somebody gave it another.
        return Home.of(client.inspect_container(socket.gethostname()))
    except DockerException:
        return None
