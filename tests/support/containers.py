"""Images as black boxes: jobs that end, and endpoints that answer."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import docker
from testcontainers.core.container import DockerContainer

LABELS = {"slipway": "1"}
JOB_SECONDS = 600
START_SECONDS = 120
_POLL = threading.Event()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a container left on its way out."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def wait_until(look: Callable[[], T | None], what: str, seconds: float = START_SECONDS) -> T:
    """What `look` returns once it is not None; fails after `seconds` with what was waited for."""
    started = time.monotonic()
    while (seen := look()) is None:
        waited = time.monotonic() - started
        if waited > seconds:
            raise AssertionError(f"waited {seconds} s for {what}")
        # Whoever looks all the time takes from what he waits for the processor that it needs.
        _POLL.wait(min(0.1, max(0.02, waited / 20)))
    return seen


def let_go(container: Any) -> None:
    """Let a job that waits for /tmp/go (WAITS) go on, by a program of its own in its container.

    One that has only just begun may not be ready for another program, and may not even be said
    to be running yet; one that has ended already is told by whoever waits for it.
    """

    def touched() -> bool | None:
        try:
            return True if container.exec_run(["touch", "/tmp/go"]).exit_code == 0 else None
        except docker.errors.APIError as error:
            if error.status_code != http.HTTPStatus.CONFLICT:
                raise
            return None

    wait_until(touched, f"{container.name} to be let go")


@contextmanager
def started_job(image: str, command: list[str], root: Path, **options: Any) -> Iterator[Any]:
    """A running container of `image` with `root` at /opt/ml; removed at the end."""
    with closing(docker.from_env()) as engine:
        container = engine.containers.create(
            image,
            command,
            labels=LABELS,
            volumes={str(root): {"bind": "/opt/ml", "mode": "rw"}},
            **options,
        )
        try:
            container.start()
            yield container
        finally:
            container.remove(force=True)


def ended(container: Any) -> Ended:
    """The end of a container, waited for."""
    exit_code = container.wait(timeout=JOB_SECONDS)["StatusCode"]
    stdout, stderr = (container.logs(stdout=out, stderr=not out).decode() for out in (True, False))
    return Ended(exit_code, stdout, stderr)


def run_job(image: str, command: list[str], root: Path, **options: Any) -> Ended:
    """Run `image` with `root` at /opt/ml until it ends by itself."""
    with started_job(image, command, root, **options) as container:
        return ended(container)


def run_python(image: str, program: str, root: Path) -> str:
    """What a Python program prints when the image's own interpreter runs it."""
    outcome = run_job(image, ["-c", program], root, entrypoint="python")
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.stdout


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A serving container and where it listens."""

    container: Any
    host: str
    port: int

    def connect(self) -> http.client.HTTPConnection:
        """A new connection."""
        return http.client.HTTPConnection(self.host, self.port, timeout=120)

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request on a connection of its own; header names have _ for -."""
        with closing(self.connect()) as connection:
            connection.request(
                method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
            )
            response = connection.getresponse()
            return Answer(response.status, response.getheader("Content-Type", ""), response.read())

    def invoke(self, content_type: str, body: str | bytes, **headers: str) -> Answer:
        """One POST to /invocations."""
        content = body.encode() if isinstance(body, str) else body
        return self.request("POST", "/invocations", content, content_type=content_type, **headers)

    def is_reachable(self) -> bool:
        """Whether a new connection gets an answer."""
        try:
            return self.request("GET", "/ping").status == 200
        except (OSError, http.client.HTTPException):
            return False


def on_loopback(container: DockerContainer, port: int) -> DockerContainer:
    """`container` with its `port` on a free one of the loopback interface, and nowhere else."""
    # with_exposed_ports would open it to the whole network.
    container.ports[f"{port}/tcp"] = ("127.0.0.1", None)
    return container


@contextmanager
def serving(
    image: str, model: Path, environ: dict[str, str] | None = None, port: int = 8080, **options: Any
) -> Iterator[Endpoint]:
    """An endpoint with `model` read-only at /opt/ml/model and a fresh /tmp, once /ping says 200."""
    container = (
        on_loopback(DockerContainer(image), port)
        .with_command("serve")
        .with_volume_mapping(str(model), "/opt/ml/model", "ro")
        .with_tmpfs_mount("/tmp")
        .with_kwargs(labels=LABELS, **options)
    )
    for name, value in (environ or {}).items():
        container.with_env(name, value)
    with container:
        wrapped = container.get_wrapped_container()
        endpoint = Endpoint(wrapped, "127.0.0.1", int(container.get_exposed_port(port)))

        def ready() -> bool | None:
            wrapped.reload()
            assert wrapped.status in ("created", "running"), wrapped.logs().decode()
            return True if endpoint.is_reachable() else None

        wait_until(ready, "/ping to say 200")
        yield endpoint
