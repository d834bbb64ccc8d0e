"""The serving processes as a whole: workers on one port, who dies, and how it ends."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from smcontract.supervisor import MOST_DEATHS
from tests.demand import HORIZON

PROGRAM = """
import sys
from pathlib import Path
from smcontract.root import ContainerRoot
import train_deepar.__main__ as program
program.ContainerRoot = lambda: ContainerRoot(Path(ROOT))
sys.exit(program.main(["serve"]))
"""
BODY = json.dumps({"instances": [{"item_id": "13_410", "known": {"unit_price": [9.5] * HORIZON}}]}).encode()
SECONDS = 120

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Server:
    process: subprocess.Popen[str]
    port: int

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        with closing(self.connect()) as connection:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()

    def is_up(self) -> bool | None:
        with suppress(OSError, http.client.HTTPException):
            return True if self.ask("GET", "/ping")[0] == 200 else None
        return None

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(child) for child in children.read_text(encoding="ascii").split()}

    def series(self) -> float:
        text = self.ask("GET", "/metrics")[1].decode()
        found = re.search(r"^train_deepar_series_total (\S+)$", text, re.MULTILINE)
        assert found is not None, text
        return float(found[1])


def wait_until(look: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + SECONDS
    while (seen := look()) is None:
        assert time.monotonic() < deadline, f"waited {SECONDS} s for {what}"
        threading.Event().wait(0.02)
    return seen


@contextmanager
def serving(model_folder: Path, workers: int) -> Iterator[Server]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_MODEL_SERVER_WORKERS": str(workers),
    }
    process = subprocess.Popen(
        # Python warns of a fork beside other threads.
        [sys.executable, "-W", "error", "-c", PROGRAM.replace("ROOT", repr(str(model_folder.parent)))],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    server = Server(process, port)
    try:
        wait_until(lambda: server.is_up() if process.poll() is None else True, "/ping")
        yield server
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)


@pytest.fixture(scope="module")
def server(deepar_folder: Path) -> Iterator[Server]:
    with serving(deepar_folder, workers=2) as running:
        yield running


def test_all_workers_answer_on_one_port_and_each_tells_the_sum_of_all(server: Server) -> None:
    before = server.series()
    expected = server.ask("POST", "/invocations", BODY)

    answers = {server.ask("POST", "/invocations", BODY) for _ in range(20)}
    told = {server.series() for _ in range(10)}

    assert answers == {expected}
    assert expected[0] == 200
    assert told == {before + 21}
    assert len(server.workers()) == 2


def test_a_worker_that_dies_is_replaced_and_its_counts_stay(server: Server) -> None:
    counted, before = server.series(), server.workers()

    for worker in before:
        os.kill(worker, signal.SIGKILL)
    after = wait_until(
        lambda: now if len(now := server.workers() - before) == 2 else None, "two workers that are new"
    )
    answers = [server.ask("POST", "/invocations", BODY)[0] for _ in range(6)]

    assert len(after) == 2
    assert answers == [200] * 6
    assert server.series() == counted + 6


def test_what_has_begun_is_answered_before_the_end(server: Server) -> None:
    idle = [server.connect() for _ in range(4)]
    for connection in idle:
        connection.request("GET", "/ping")
        connection.getresponse().read()
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS)) as begun:
        head = "POST /invocations HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        begun.sendall(f"{head}Content-Length: {len(BODY)}\r\nExpect: 100-continue\r\n\r\n".encode())
        # The server asks for the body, so the request is in its hands.
        assert begun.recv(4096).startswith(b"HTTP/1.1 100 ")
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: None if server.is_up() else True, "new callers to be turned away")
        begun.sendall(BODY)
        answer = b""
        while part := begun.recv(65536):
            answer += part
    output, _ = server.process.communicate(timeout=SECONDS)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'{"predictions": [{"item_id": "13_410"' in answer
    assert server.process.returncode == 0
    assert "Traceback" not in output
    for connection in idle:
        connection.close()


def test_when_workers_go_on_dying_the_container_ends_with_a_reason(naive_folder: Path) -> None:
    with serving(naive_folder, workers=1) as server:
        killed: set[int] = set()
        for _ in range(MOST_DEATHS):
            worker = wait_until(lambda: next(iter(server.workers() - killed), None), "a worker that lives")
            os.kill(worker, signal.SIGKILL)
            killed.add(worker)

        output, _ = server.process.communicate(timeout=SECONDS)

    assert server.process.returncode == 1
    assert f"Serving failed: {MOST_DEATHS} workers have died" in output
