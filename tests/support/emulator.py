"""An emulator of the tests' own beside a LocalStack, on a network and volumes of its own."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import docker
import yaml
from botocore.config import Config
from docker.errors import NotFound

from orchestration.local_mode import free_port
from scripts.commands import ROOT
from scripts.images import Build
from tests.support.containers import LABELS, wait_until
from tests.support.job_starts import JobStarts, job_starts
from tests.support.localstack import PORT as LOCALSTACK_PORT
from tests.support.localstack import LocalStack

PORT = 4500
HEALTHY_SECONDS = 120
SOCKET = "/var/run/docker.sock"
COMPOSED: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["emulator"]
# What compose.yaml gives, takes away and limits; the engine's API has the same names.
RIGHTS = {
    name: COMPOSED[name]
    for name in ("init", "cap_drop", "cap_add", "security_opt", "mem_limit", "pids_limit")
}


@dataclass(frozen=True, slots=True)
class Emulator:
    """Where it answers, and what it runs with."""

    container: Any
    endpoint_url: str
    localstack: LocalStack
    bucket: str
    network: str
    jobs_volume: str
    # Of its jobs' containers.
    starts: JobStarts

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client that asks the emulator itself, and once; `options` go before our own."""
        defaults = {
            "endpoint_url": self.endpoint_url,
            "region_name": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "config": Config(retries={"total_max_attempts": 1}, max_pool_connections=64),
        }
        return boto3.client(service, **defaults | options)

    @property
    def s3(self) -> Any:
        """A boto3 client of LocalStack's S3."""
        return self.localstack.client("s3")

    def kill(self) -> None:
        """End it at once, by SIGKILL: nothing of it has a chance to tidy up."""
        self.container.kill("SIGKILL")
        self.container.wait()

    def restart(self) -> None:
        """Start it again with the same state, and wait until it answers."""
        self.container.start()
        self.wait_until_healthy()

    def logs(self) -> str:
        """All it has said."""
        text: str = self.container.logs().decode()
        return text

    def wait_until_healthy(self) -> None:
        """Wait until it says so itself. Fails with its log where it ends.

        Docker would know as well, but asks only twice a second.
        """

        def healthy() -> bool | None:
            if self._is_healthy():
                return True
            self.container.reload()
            assert self.container.status in ("created", "running"), self.logs()
            return None

        wait_until(healthy, "the emulator to be healthy", HEALTHY_SECONDS)

    def _is_healthy(self) -> bool:
        """Whether its health page says 200."""
        with closing(HTTPConnection(urlsplit(self.endpoint_url).netloc, timeout=HEALTHY_SECONDS)) as asked:
            try:
                asked.request("GET", "/_slipway/health")
                return asked.getresponse().status == 200
            except (OSError, HTTPException):
                return False

    def job_containers(self) -> list[Any]:
        """The containers that it has started and not removed, running or not, by the engine's account."""
        client = self.container.client
        found = {
            each.id: each
            for narrowing in ({"volume": self.jobs_volume}, {"network": self.network})
            for each in client.containers.list(
                all=True, filters={"label": "slipway.resource", **narrowing}, ignore_removed=True
            )
        }
        return list(found.values())


@contextmanager
def running_emulator(
    image: str,
    localstack: LocalStack,
    environment: dict[str, str] | None = None,
    name: str = "emulator",
    jobs_megabytes: int | None = None,
) -> Iterator[Emulator]:
    """An emulator, healthy by its own account; all that it started goes with it.

    LocalStack reaches it as `name`, and forwards to the one that is called `emulator`.
    With `jobs_megabytes` the volume of the jobs' files is no larger.
    """
    room = {"type": "tmpfs", "device": "tmpfs", "o": f"size={jobs_megabytes}m"} if jobs_megabytes else {}
    identity = uuid4().hex[:8]
    with ExitStack() as stack:
        engine = stack.enter_context(closing(docker.from_env()))
        network = engine.networks.create(f"slipway-tests-{identity}", labels=LABELS)
        stack.callback(network.remove)
        volumes = {
            kind: engine.volumes.create(
                f"slipway-tests-{kind}-{identity}", labels=LABELS, driver_opts=options
            )
            for kind, options in (("jobs", room), ("state", {}))
        }
        for volume in volumes.values():
            stack.callback(volume.remove)
        network.connect(localstack.container.id, aliases=["localstack"])
        stack.callback(network.disconnect, localstack.container.id, force=True)
        starts = stack.enter_context(job_starts(f"slipway.volume={volumes['jobs'].name}"))
        port = free_port()
        container = engine.containers.create(
            image,
            labels=LABELS,
            network=network.name,
            networking_config={network.name: docker.types.EndpointConfig("1.43", aliases=[name])},
            # A port that stays the same when the container is started again.
            ports={f"{PORT}/tcp": ("127.0.0.1", port)},
            environment={
                "AWS_ENDPOINT_URL": f"http://localstack:{LOCALSTACK_PORT}",
                "SLIPWAY_LAMBDA_IMAGE": Build("lambda_python").reference,
                "SLIPWAY_JOBS_VOLUME": volumes["jobs"].name,
                "SLIPWAY_JOB_NETWORK": network.name,
                **(environment or {}),
            },
            volumes={
                SOCKET: {"bind": SOCKET},
                volumes["jobs"].name: {"bind": "/var/lib/slipway/jobs"},
                volumes["state"].name: {"bind": "/var/lib/slipway/state"},
            },
            **RIGHTS,
        )
        emulator = Emulator(
            container=container,
            endpoint_url=f"http://127.0.0.1:{port}",
            localstack=localstack,
            bucket=f"slipway-tests-{identity}",
            network=network.name,
            jobs_volume=volumes["jobs"].name,
            starts=starts,
        )
        stack.callback(remove_with_all_it_started, emulator)
        container.start()
        emulator.s3.create_bucket(Bucket=emulator.bucket)
        emulator.wait_until_healthy()
        yield emulator


def remove_with_all_it_started(emulator: Emulator) -> None:
    """Remove the emulator, then its jobs' and endpoints' containers and the networks that joined those."""
    emulator.container.remove(force=True)
    networks = set()
    for container in emulator.job_containers():
        networks |= set(container.attrs["NetworkSettings"]["Networks"])
        container.remove(force=True, v=True)
    for name in networks - {emulator.network, "bridge", "host", "none"}:
        remove_network(emulator.container.client, name)


def remove_network(engine: Any, name: str) -> None:
    """Remove a network; one that is gone is no error."""
    try:
        engine.networks.get(name).remove()
    except NotFound:
        return
