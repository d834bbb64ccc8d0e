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
from smcontract.failure import ContractError
from smcontract.supervisor import MOST_DEATHS
from train_xgb.serving.settings import ServingSettings, usable_cores

PROGRAM = """
import sys
from pathlib import Path
from smcontract.root import ContainerRoot
sys.argv = ["train_xgb", "serve"]
import train_xgb.__main__ as program
program.ContainerRoot = lambda: ContainerRoot(Path(ROOT))
sys.exit(program.main(["serve"]))
"""
ROW = b"0.5,0.25,1,0,0,0,1\n"
SECONDS = 60

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Server:
    process: subprocess.Popen[str]
    port: int

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        with closing(self.connect()) as connection:
            connection.request(method, path, body, {"Content-Type": "text/csv"})
            response = connection.getresponse()
            return response.status, response.read()

    def is_up(self) -> bool | None:
        with suppress(OSError, http.client.HTTPException):
            return True if self.ask("GET", "/ping")[0] == 200 else None
        return None

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(child) for child in children.read_text(encoding="ascii").split()}


def wait_until(look: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + SECONDS
    while (seen := look()) is None:
        assert time.monotonic() < deadline, f"waited {SECONDS} s for {what}"
        threading.Event().wait(0.01)
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
    program = PROGRAM.replace("ROOT", repr(str(model_folder.parent)))
    process = subprocess.Popen(
        # Python warns of a fork beside other threads.
        [sys.executable, "-W", "error", "-c", program],
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


@pytest.fixture
def server(model_folder: Path) -> Iterator[Server]:
    with serving(model_folder, workers=2) as running:
        yield running


def sample(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


def test_all_workers_answer_on_one_port_and_each_tells_the_sum_of_all(server: Server) -> None:
    expected = server.ask("POST", "/invocations", ROW)

    answers = {server.ask("POST", "/invocations", ROW) for _ in range(60)}
    told = {sample(server.ask("GET", "/metrics")[1].decode(), "train_xgb_rows_total") for _ in range(20)}

    assert answers == {expected}
    assert expected[0] == 200
    assert told == {61.0}
    assert len(server.workers()) == 2
    parameters = json.loads(server.ask("GET", "/execution-parameters")[1])
    assert parameters["MaxConcurrentTransforms"] == 2


def test_a_worker_that_dies_is_replaced_and_its_counts_stay(server: Server) -> None:
    for _ in range(10):
        server.ask("POST", "/invocations", ROW)
    before = server.workers()

    for worker in before:
        os.kill(worker, signal.SIGKILL)
    after = wait_until(
        lambda: now if len(now := server.workers() - before) == 2 else None, "two workers that are new"
    )
    answers = [server.ask("POST", "/invocations", ROW)[0] for _ in range(20)]

    assert len(after) == 2
    assert answers == [200] * 20
    assert sample(server.ask("GET", "/metrics")[1].decode(), "train_xgb_rows_total") == 30


def test_when_workers_go_on_dying_the_container_ends_with_a_reason(server: Server) -> None:
    killed: set[int] = set()
    for _ in range(MOST_DEATHS):
        worker = wait_until(lambda: next(iter(server.workers() - killed), None), "a worker that lives")
        os.kill(worker, signal.SIGKILL)
        killed.add(worker)

    output, _ = server.process.communicate(timeout=SECONDS)

    assert server.process.returncode == 1
    assert f"Serving failed: {MOST_DEATHS} workers have died" in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_has_begun_is_answered_before_the_end(server: Server, number: signal.Signals) -> None:
    idle = [server.connect() for _ in range(4)]
    for connection in idle:
        connection.request("GET", "/ping")
        connection.getresponse().read()
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS)) as begun:
        head = f"POST /invocations HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: {len(ROW)}\r\n"
        begun.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        # The server asks for the body, so the request is in its hands.
        assert begun.recv(4096).startswith(b"HTTP/1.1 100 ")
        server.process.send_signal(number)
        wait_until(lambda: None if server.is_up() else True, "new callers to be turned away")
        begun.sendall(ROW)
        answer = begun.recv(4096)
    output, _ = server.process.communicate(timeout=SECONDS)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"Connection: close" in answer
    assert server.process.returncode == 0
    assert "Traceback" not in output
    for connection in idle:
        connection.close()


def test_the_number_of_workers_may_be_set_and_is_the_number_of_cores_otherwise() -> None:
    assert ServingSettings.from_environ({"SAGEMAKER_MODEL_SERVER_WORKERS": "3"}).workers == 3
    assert ServingSettings.from_environ({}).workers == usable_cores()


@pytest.mark.parametrize("value", ["0", "two", "-1", "1000", "1.5"])
def test_a_number_of_workers_that_makes_no_sense_is_refused_by_name(value: str) -> None:
    with pytest.raises(ContractError, match="SAGEMAKER_MODEL_SERVER_WORKERS"):
        ServingSettings.from_environ({"SAGEMAKER_MODEL_SERVER_WORKERS": value})


def test_what_becomes_of_text_for_a_number_may_be_set_and_is_a_refusal_otherwise() -> None:
    assert ServingSettings.from_environ({"UNREADABLE_NUMBERS": "missing"}).text_is_missing
    assert not ServingSettings.from_environ({}).text_is_missing
    with pytest.raises(ContractError, match="UNREADABLE_NUMBERS='guess'"):
        ServingSettings.from_environ({"UNREADABLE_NUMBERS": "guess"})


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", None), ("50000 100000", 1), ("100000 100000", 1), ("99999900000 100000", None)],
)
def test_a_quota_of_processor_time_bounds_the_number_of_workers(
    tmp_path: Path, quota: str, cores: int | None
) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(quota + "\n")

    assert usable_cores(file) == (cores or len(os.sched_getaffinity(0)))
    assert usable_cores(tmp_path / "none") == len(os.sched_getaffinity(0))
