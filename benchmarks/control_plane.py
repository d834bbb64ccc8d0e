"""An emulator of the benchmark's own beside the LocalStack of `make up`."""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from benchmarks.jobs import LABEL, docker
from orchestration.local_mode import free_port
from scripts.commands import ROOT, SetupError, capture

SOCKET = "/var/run/docker.sock"
READY_SECONDS = 30
POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Where it answers, and how long after its start it first did."""

    endpoint_url: str
    container: str
    ready_seconds: float

    def memory_megabytes(self) -> float:
        """What it has in use, as the engine counts it: without the page cache."""
        answer = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", self.container)
        used = answer.split("/")[0].strip()
        units = {"GiB": 1024.0, "MiB": 1.0, "KiB": 1 / 1024}
        return next(float(used.removesuffix(unit)) * factor for unit, factor in units.items() if unit in used)


@contextmanager
def running(
    image: str, seed: str | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[ControlPlane]:
    """An emulator on the network of LocalStack; `seed` is a program that fills its state first."""
    identity = f"slipway-bench-{uuid4().hex[:8]}"
    network = _network_of_localstack()
    volumes = [f"{identity}-{kind}" for kind in ("jobs", "state")]
    port = free_port()
    mounts = [
        *("--volume", f"{volumes[0]}:/var/lib/slipway/jobs"),
        *("--volume", f"{volumes[1]}:/var/lib/slipway/state"),
    ]
    try:
        for volume in volumes:
            docker("volume", "create", "--label", LABEL, volume)
        if seed is not None:
            docker("run", "--rm", "--label", LABEL, *mounts, "--entrypoint", "python", image, "-c", seed)
        docker(
            *("create", "--name", identity, "--label", LABEL, "--init", "--network", network, *mounts),
            *("--volume", f"{SOCKET}:{SOCKET}", "--publish", f"127.0.0.1:{port}:4500"),
            *("--env", "AWS_ENDPOINT_URL=http://localstack:4566"),
            *(word for name, value in (environment or {}).items() for word in ("--env", f"{name}={value}")),
            *("--env", f"SLIPWAY_JOBS_VOLUME={volumes[0]}", "--env", f"SLIPWAY_JOB_NETWORK={network}", image),
        )
        started = time.perf_counter()
        docker("start", identity)
        _wait_until_ready(port, identity)
        yield ControlPlane(f"http://127.0.0.1:{port}", identity, time.perf_counter() - started)
    finally:
        capture(["docker", "rm", "--force", identity])
        left = capture(
            ["docker", "ps", "--all", "--quiet", "--filter", f"volume={volumes[0]}"]
        ).stdout.split()
        if left:
            capture(["docker", "rm", "--force", "--volumes", *left])
        capture(["docker", "volume", "rm", "--force", *volumes])


def _network_of_localstack() -> str:
    compose = ["docker", "compose", "--project-directory", str(ROOT), "ps", "--quiet", "localstack"]
    container = (
        capture(compose).stdout.strip()
        or capture(["docker", "ps", "--quiet", "--filter", "label=com.docker.compose.service=localstack"])
        .stdout.strip()
        .partition("\n")[0]
    )
    if not container:
        raise SetupError("LocalStack does not run; start it with: make up")
    networks: dict[str, object] = json.loads(
        docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", container)
    )
    return next(iter(networks))


def _wait_until_ready(port: int, container: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(port):
        if time.monotonic() > deadline:
            raise SetupError(
                f"the emulator does not answer:\n{capture(['docker', 'logs', container]).stdout}"
            )
        threading.Event().wait(POLL_SECONDS)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_slipway/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
