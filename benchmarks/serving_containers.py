"""The serving image and the server that does nothing, on the host's network: no proxy is before them."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.jobs import LABEL, JobError, docker
from benchmarks.serving_processes import CORES, POLL_SECONDS, SERVER_CORE, START_SECONDS, answers
from orchestration.local_mode import free_port

# The server that does nothing but what HTTP asks of it.
CONSTANT = """
import asyncio, email.utils, sys, httptools, uvloop

DATE = email.utils.formatdate(usegmt=True)

class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.parser = transport, httptools.HttpRequestParser(self)
    def data_received(self, data):
        self.parser.feed_data(data)
    def on_message_begin(self):
        self.url, self.headers, self.body = b"", {}, []
    def on_url(self, url):
        self.url += url
    def on_header(self, name, value):
        self.headers[name.lower()] = value
    def on_body(self, body):
        self.body.append(body)
    def on_message_complete(self):
        request = self.parser.get_method(), self.url, self.headers, b"".join(self.body)
        answer = b"no,0.1234\\n"
        head = f"HTTP/1.1 200 OK\\r\\nContent-Type: text/csv\\r\\nDate: {DATE}\\r\\n"
        head += f"Content-Length: {len(answer)}\\r\\n\\r\\n"
        self.transport.write(head.encode("latin-1") + answer)
        if not self.parser.should_keep_alive():
            self.transport.close()

async def main():
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()

uvloop.run(main())
"""
# Runs in the container, so that what Docker takes to start one is not in it.
START = """
import subprocess, sys, time, urllib.request
started = time.perf_counter()
command = [sys.executable, "-m", "train_xgb", "serve"]
process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
while process.poll() is None:
    try:
        urllib.request.urlopen("http://127.0.0.1:8080/ping").close()
        break
    except OSError:
        time.sleep(0.005)
else:
    sys.exit("train_xgb serve does not start")
print(time.perf_counter() - started)
process.terminate()
process.wait()
"""


@contextmanager
def container(image: str, model: Path, workers: int = 1) -> Iterator[tuple[int, int]]:
    """The serving container on one core, or on all where it has more workers; its port and first process."""
    port = free_port()
    options = [
        "--volume",
        f"{model}:/opt/ml/model:ro",
        "--env",
        f"SAGEMAKER_BIND_TO_PORT={port}",
    ]
    options += ["--env", f"SAGEMAKER_MODEL_SERVER_WORKERS={workers}"]
    with _started([*options, image, "serve"], port, CORES if workers > 1 else [SERVER_CORE]) as process:
        yield port, process


@contextmanager
def constant(image: str) -> Iterator[tuple[int, int]]:
    """The server that does nothing."""
    port = free_port()
    command = ["--entrypoint", "python", image, "-c", CONSTANT, str(port)]
    with _started(command, port, [SERVER_CORE]) as process:
        yield port, process


@contextmanager
def _started(arguments: Sequence[str], port: int, cores: Sequence[int]) -> Iterator[int]:
    options = ["--network", "host", "--cpuset-cpus", ",".join(map(str, cores)), "--label", LABEL]
    name = docker("run", "--detach", *options, *arguments).strip()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(f"http://127.0.0.1:{port}/ping"):
            if time.monotonic() > deadline:
                raise JobError(f"{arguments[-1]} does not answer: {docker('logs', name)[-800:]}")
            threading.Event().wait(POLL_SECONDS)
        yield int(docker("inspect", "--format", "{{.State.Pid}}", name))
    finally:
        docker("rm", "--force", "--volumes", name)


def seconds_to_ping(image: str, model: Path) -> float:
    """From the start of the process to the first 200 of its ping."""
    options = ["--rm", "--label", LABEL, "--cpuset-cpus", str(SERVER_CORE), "--entrypoint", "python"]
    return float(docker("run", *options, "--volume", f"{model}:/opt/ml/model:ro", image, "-c", START))
