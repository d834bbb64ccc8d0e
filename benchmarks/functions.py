"""How long does a function take to answer the first time, and the times after?

The same handler in the same image: invoked through Lambda's API, and beside it
run once by plain `docker run` (cold), or called by the smallest HTTP server in a
container of its own (warm), over one kept-alive connection each.
"""

import http.client
import io
import json
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import boto3

from benchmarks.control_plane import POLL_SECONDS, running
from benchmarks.emulator import MANY_REGION
from benchmarks.figures import Figures
from benchmarks.jobs import LABEL, JobError, docker
from scripts.images import reference

COLD_ROUNDS = 7
WARM_ROUNDS = 5
REQUESTS = 300
READY_SECONDS = 30
MEGABYTES = 512
EVENT = json.dumps({"rows": [[0.5] * 20]}).encode()
HANDLER = "def handler(event, context):\n    return {'rows': len(event['rows'])}\n"
ONCE = f"{HANDLER}\nprint(handler({{'rows': [1]}}, None))"
PORT = 8080
SERVER = f"""{HANDLER}
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # As every server that answers little: without it a kept-alive connection waits for 40 ms.
    disable_nagle_algorithm = True

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(handler(event, None)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

HTTPServer(("0.0.0.0", {PORT}), Answer).serve_forever()
"""


def main(images: dict[str, str], _data: Path, _is_synthetic: bool) -> Figures:
    """Seconds of a first answer and milliseconds of later ones."""
    figures = Figures("functions", peer="docker run of the same handler; an HTTP server that calls it")
    image = reference("lambda_python")
    with running(images["emulator"], environment={"SLIPWAY_LAMBDA_IMAGE": image}) as plane:
        client = boto3.client("lambda", endpoint_url=plane.endpoint_url, region_name=MANY_REGION)
        measure_cold(figures, client, image)
        with server(image) as address:
            measure_warm(figures, client, plane.endpoint_url.removeprefix("http://"), address)
        for function in client.list_functions()["Functions"]:
            client.delete_function(FunctionName=function["FunctionName"])
    return figures


def measure_cold(figures: Figures, client: Any, image: str) -> None:
    """The first invocation of a new function, in turn with a container that calls the handler once."""
    ours, peer = [], []
    for _ in range(COLD_ROUNDS + 1):
        name = function(client)
        ours.append(seconds_of_invocation(client, name))
        client.delete_function(FunctionName=name)
        peer.append(seconds_of_docker_run(image))
    figures.add("seconds to the first answer", ours[1:], peer[1:])


def measure_warm(figures: Figures, client: Any, ours_at: str, peer_at: str) -> None:
    """Invocations of a warm function, one after another, in turn with the server's answers."""
    name = function(client)
    seconds_of_invocation(client, name)
    ours, peer = http.client.HTTPConnection(ours_at), http.client.HTTPConnection(peer_at, PORT)
    path = f"/2015-03-31/functions/{name}/invocations"
    rounds = [
        (median_milliseconds(ours, path), median_milliseconds(peer, "/")) for _ in range(WARM_ROUNDS + 1)
    ][1:]
    figures.add("milliseconds an answer, p50", [a for a, _ in rounds], [b for _, b in rounds], digits=2)
    figures.note("milliseconds added, p50", round(median(a - b for a, b in rounds), 2))


def function(client: Any) -> str:
    """The name of a new function that is active and has no container."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", HANDLER)
    name = f"bench-{uuid4().hex[:8]}"
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
        MemorySize=MEGABYTES,
        Timeout=30,
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    return name


def seconds_of_invocation(client: Any, name: str) -> float:
    """How long one invocation takes. Raises JobError where the function fails."""
    started = time.perf_counter()
    answer = client.invoke(FunctionName=name, Payload=EVENT)
    said = answer["Payload"].read()
    seconds = time.perf_counter() - started
    if "FunctionError" in answer:
        raise JobError(f"{name}: {said!r}")
    return seconds


def seconds_of_docker_run(image: str) -> float:
    """How long a container takes that calls the handler once."""
    started = time.perf_counter()
    subprocess.run(
        [
            *("docker", "run", "--rm", "--init", "--label", LABEL, "--memory", f"{MEGABYTES}m"),
            *("--entrypoint", "python", image, "-c", ONCE),
        ],
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started


@contextmanager
def server(image: str) -> Iterator[str]:
    """The address of a container that calls the handler for every request."""
    options = ("run", "--detach", "--init", "--label", LABEL, "--memory", f"{MEGABYTES}m")
    container = docker(*options, "--entrypoint", "python", image, "-c", SERVER).strip()
    try:
        found = json.loads(docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", container))
        address: str = next(network["IPAddress"] for network in found.values())
        deadline = time.monotonic() + READY_SECONDS
        while not answers(address):
            if time.monotonic() > deadline:
                raise JobError(f"the server does not answer: {docker('logs', container)}")
            threading.Event().wait(POLL_SECONDS)
        yield address
    finally:
        docker("rm", "--force", container)


def answers(address: str) -> bool:
    """Whether somebody takes a connection there."""
    connection = http.client.HTTPConnection(address, PORT, timeout=5)
    try:
        connection.connect()
    except OSError:
        return False
    connection.close()
    return True


def median_milliseconds(connection: http.client.HTTPConnection, path: str) -> float:
    """p50 of some requests, one after another. Raises JobError where one is refused."""
    times = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        connection.request("POST", path, EVENT)
        answer = connection.getresponse()
        said = answer.read()
        times.append(1000 * (time.perf_counter() - started))
        if answer.status != 200 or json.loads(said) != {"rows": 1}:
            raise JobError(f"{path} answers {answer.status}: {said[:200]!r}")
    return median(times)
