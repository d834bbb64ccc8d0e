"""Lambda's Runtime API at the HTTP edge as it runs, and who waits there without a thread."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
import uvicorn
from slipway.protocol.call import HttpAnswer, HttpRequest
from slipway.protocol.runtime_api import LARGEST_RESPONSE, PREFIX, RuntimeApi
from slipway.protocol.server import LARGEST_BODY, Server
from slipway.resources.function_invocation import Ending, FunctionInvocation
from slipway.runtime.function_session import FunctionSession

from tests.support.containers import wait_until

REQUEST_ID = "00000000-0000-4000-8000-000000000001"
INVOCATION = FunctionInvocation(REQUEST_ID, b'{"n": 1}', "arn:any", timeout_seconds=3, client_context="{}")


class Edge:
    """A server with the pages of two runtimes, which have one thread together with everybody else."""

    def __init__(self) -> None:
        self.sessions = {"first": FunctionSession(now=lambda: 1000.0), "second": FunctionSession()}
        self._threads = ThreadPoolExecutor(1)
        self.app = Server(self._aws, {}, self._threads, None, {PREFIX: RuntimeApi(self.sessions.get).answer})
        config = uvicorn.Config(self.app, host="127.0.0.1", log_level="critical", access_log=False, ws="none")
        self._server = uvicorn.Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self._thread.start()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def close(self) -> None:
        self.app.let_go()
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._socket.close()
        self._threads.shutdown()

    @staticmethod
    def _aws(_request: HttpRequest) -> HttpAnswer:
        return HttpAnswer(400, {}, b"AWS's")


@pytest.fixture
def edge() -> Iterator[Edge]:
    edge = Edge()
    yield edge
    edge.close()


def ask(edge: Edge, method: str, path: str, body: bytes = b"", host: str = "first:4500") -> tuple[int, bytes]:
    with closing(edge.connect()) as connection:
        connection.request(method, PREFIX + path, body, {"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()


def is_asking(edge: Edge, name: str) -> bool | None:
    return True if edge.sessions[name].ready_at is not None else None


def nothing(_moment: float) -> None:
    """Nobody keeps a log."""


def test_an_invocation_comes_with_what_the_runtime_must_know(edge: Edge) -> None:
    edge.sessions["first"].begin(INVOCATION, nothing)

    with closing(edge.connect()) as connection:
        connection.request("GET", f"{PREFIX}invocation/next", headers={"Host": "first:4500"})
        answer = connection.getresponse()
        body = answer.read()

    assert (answer.status, body) == (200, b'{"n": 1}')
    expected = {
        "content-type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
        "Lambda-Runtime-Deadline-Ms": "1003000",
        "Lambda-Runtime-Invoked-Function-Arn": "arn:any",
        "Lambda-Runtime-Client-Context": "{}",
    }
    assert {name: answer.headers[name] for name in expected} == expected


def test_whoever_waits_for_work_keeps_nobody_else_waiting(edge: Edge) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            connection = stack.enter_context(closing(edge.connect()))
            connection.request("GET", f"{PREFIX}invocation/next", headers={"Host": "second"})
        wait_until(lambda: is_asking(edge, "second"), "the questions to be there")

        with closing(edge.connect()) as other:
            other.request("GET", "/")
            assert other.getresponse().read() == b"AWS's"


def test_a_question_whose_asker_hung_up_takes_no_invocation_with_it(edge: Edge) -> None:
    first = edge.sessions["first"]
    with closing(edge.connect()) as connection:
        connection.request("GET", f"{PREFIX}invocation/next", headers={"Host": "first"})
        wait_until(lambda: is_asking(edge, "first"), "the question to be there")
        question = first._question
        assert question is not None
    wait_until(lambda: question.cancelled() or None, "the question to be withdrawn")

    turn = first.begin(INVOCATION, nothing)
    status, body = ask(edge, "GET", "invocation/next")

    assert (status, body) == (200, b'{"n": 1}')
    assert turn.begun.done()


@pytest.mark.parametrize(
    ("what", "ending"), [("response", Ending.RESULT), ("error", Ending.ERROR)], ids=["response", "error"]
)
def test_what_the_runtime_says_is_accepted_once(edge: Edge, what: str, ending: Ending) -> None:
    turn = edge.sessions["first"].begin(INVOCATION, nothing)
    ask(edge, "GET", "invocation/next")

    statuses = [ask(edge, "POST", f"invocation/{REQUEST_ID}/{what}", b"42")[0] for _ in range(2)]

    assert statuses == [202, 400]
    assert (turn.answer.result(0).ending, turn.answer.result(0).body) == (ending, b"42")


@pytest.mark.parametrize("size", [LARGEST_RESPONSE + 1, LARGEST_BODY + 1])
def test_a_response_that_is_too_large_is_refused_and_known(edge: Edge, size: int) -> None:
    turn = edge.sessions["first"].begin(INVOCATION, nothing)
    ask(edge, "GET", "invocation/next")

    status, body = ask(edge, "POST", f"invocation/{REQUEST_ID}/response", bytes(size))

    # As Lambda's own Runtime API tells runtimes, by their logs.
    assert (status, json.loads(body)) == (
        413,
        {
            "errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).",
            "errorType": "RequestEntityTooLarge",
        },
    )
    assert turn.answer.result(0).ending is Ending.TOO_LARGE


def test_a_runtime_that_cannot_begin_is_heard(edge: Edge) -> None:
    turn = edge.sessions["first"].begin(INVOCATION, nothing)

    status, _ = ask(edge, "POST", "init/error", b'{"errorType": "any"}')

    assert status == 202
    assert turn.answer.result(0).body == b'{"errorType": "any"}'


def test_nobody_without_a_runtimes_secret_host_name_is_answered(edge: Edge) -> None:
    edge.sessions["first"].begin(INVOCATION, nothing)

    assert ask(edge, "GET", "invocation/next", host="third")[0] == 403
    assert edge.sessions["first"].ready_at is None


def test_a_page_that_the_runtime_api_does_not_have_is_not_found(edge: Edge) -> None:
    assert ask(edge, "GET", "any")[0] == 404
    assert ask(edge, "GET", f"invocation/{REQUEST_ID}/response")[0] == 404


def test_a_server_that_ends_lets_go_whoever_waits(edge: Edge) -> None:
    with closing(edge.connect()) as connection:
        connection.request("GET", f"{PREFIX}invocation/next", headers={"Host": "first"})
        wait_until(lambda: is_asking(edge, "first"), "the question to be there")

        edge.app.let_go()

        assert connection.getresponse().status == 503
