"""The HTTP edge as it runs: uvicorn on a socket of this machine, and what clients do to it."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import pytest
import uvicorn
from slipway.protocol.call import HttpAnswer, HttpRequest, SoonAnswer
from slipway.protocol.quick_connection import QuickConnection
from slipway.protocol.server import LARGEST_BODY, Server, json_page


class Edge:
    """A server whose answers tell what came in."""

    def __init__(self) -> None:
        self.seen: list[HttpRequest] = []
        self._threads = ThreadPoolExecutor(4)
        own = {("GET", "/_slipway/health"): self._health}
        app = Server(self._aws, own, self._threads, at_once=self._at_once)
        # As slipway.__main__ runs it.
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            log_level="critical",
            access_log=False,
            ws="none",
            http=QuickConnection,
            proxy_headers=False,
            timeout_keep_alive=75,
        )
        self._server = uvicorn.Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self._thread.start()

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self._threads.shutdown()

    def requests(self) -> int:
        """How many requests uvicorn has counted."""
        return int(self._server.server_state.total_requests)

    def _aws(self, request: HttpRequest) -> HttpAnswer:
        self.seen.append(request)
        told = {"method": request.method, "path": request.path, "query": request.query}
        return HttpAnswer(400, {"content-type": "application/json"}, json.dumps(told).encode())

    def _at_once(self, request: HttpRequest) -> HttpAnswer | SoonAnswer | None:
        if request.path in ("/soon", "/not-after-all"):
            is_done: Future[bool] = Future()
            self._threads.submit(is_done.set_result, request.path == "/soon")
            return SoonAnswer(is_done, HttpAnswer(200, {"content-type": "text/plain"}, b"done"))
        if request.path != "/at-once":
            return None
        body = b"known" + request.query.encode() + request.body
        return HttpAnswer(200, {"content-type": threading.current_thread().name}, body)

    def _health(self, _request: HttpRequest) -> HttpAnswer:
        return json_page({"status": "running"})


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    edge = Edge()
    yield edge
    edge.close()


def asked(edge: Edge, method: str, path: str, body: bytes = b"") -> tuple[int, bytes, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", edge.port, timeout=60)) as connection:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers["content-type"]


def answered(edge: Edge, request: bytes) -> tuple[int, bytes]:
    """The answer to a whole request that no client library would send."""
    with socket.create_connection(("127.0.0.1", edge.port), timeout=60) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


def raw(edge: Edge, request: bytes) -> bytes:
    """Everything that comes back for bytes after which nothing more is sent."""
    with socket.create_connection(("127.0.0.1", edge.port), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_our_own_page_and_aws_are_told_apart(edge: Edge) -> None:
    assert asked(edge, "GET", "/_slipway/health") == (200, b'{"status": "running"}', "application/json")
    assert asked(edge, "POST", "/_slipway/health")[0] == 400


def test_paths_arrive_as_they_were_written(edge: Edge) -> None:
    path, query = "/endpoints/a%2Fb%20c/invocations", "x=1%262&y"

    _status, body, _type = asked(edge, "POST", f"{path}?{query}")

    assert json.loads(body) == {"method": "POST", "path": path, "query": query}


def test_a_path_that_is_no_ascii_is_answered_all_the_same(edge: Edge) -> None:
    status, body = answered(edge, b"GET /\xff\xc3\xa4 HTTP/1.1\r\nhost: x\r\n\r\n")

    assert status == 400
    assert b"<html" not in body.lower()


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "TRACE"])
def test_a_method_that_aws_does_not_use_gets_json(edge: Edge, method: str) -> None:
    status, body, content_type = asked(edge, method, "/")

    assert (status, content_type) == (400, "application/json")
    assert json.loads(body)["method"] == method


def test_head_gets_the_headers_alone(edge: Edge) -> None:
    status, body, content_type = asked(edge, "HEAD", "/")

    assert (status, body, content_type) == (400, b"", "application/json")


def test_a_body_arrives_whole_however_it_is_cut(edge: Edge) -> None:
    body = bytes(range(256)) * 4096

    with closing(http.client.HTTPConnection("127.0.0.1", edge.port, timeout=60)) as connection:
        connection.request("POST", "/chunks", iter([body[:10], body[10:70_000], body[70_000:]]))
        connection.getresponse().read()

    assert edge.seen[-1].body == body


def test_the_largest_body_is_taken_and_one_byte_more_refused_in_json(edge: Edge) -> None:
    assert asked(edge, "POST", "/large", bytes(LARGEST_BODY))[0] == 400
    assert len(edge.seen[-1].body) == LARGEST_BODY

    status, body, _type = asked(edge, "POST", "/larger", bytes(LARGEST_BODY + 1))

    assert status == 413
    assert json.loads(body)["__type"] == "RequestEntityTooLargeException"
    assert edge.seen[-1].path == "/large"


def test_a_request_that_was_cut_short_is_not_carried_out(edge: Edge) -> None:
    with socket.create_connection(("127.0.0.1", edge.port)) as connection:
        connection.sendall(b"POST /half HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf of it")

    # What came after it on another connection has been answered.
    asked(edge, "POST", "/after")
    assert "/half" not in [request.path for request in edge.seen]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: many\r\n\r\n", id="no number"),
        pytest.param(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", id="negative length"),
        pytest.param(
            b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\nZ\r\n",
            id="length and chunks",
        ),
        pytest.param(b"this is no HTTP\r\n\r\n", id="no HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
    ],
)
def test_what_is_no_http_gets_no_page_and_harms_nobody_else(edge: Edge, sent: bytes) -> None:
    answer = raw(edge, sent)

    assert b"<html" not in answer.lower()
    assert b"200 OK" not in answer
    assert asked(edge, "GET", "/_slipway/health")[0] == 200


def test_one_connection_carries_many_requests(edge: Edge) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", edge.port, timeout=60)) as connection:
        connection.connect()
        kept = connection.sock
        for number in range(20):
            connection.request("POST", f"/{number}")
            assert json.loads(connection.getresponse().read())["path"] == f"/{number}"
            assert connection.sock is kept


def test_a_wish_for_a_web_socket_is_answered_as_any_other_request(edge: Edge) -> None:
    status, body = answered(
        edge,
        b"GET /socket HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n",
    )

    assert status == 400
    assert json.loads(body)["path"] == "/socket"


def test_what_is_known_at_once_takes_no_thread_of_its_own(edge: Edge) -> None:
    status, body, thread = asked(edge, "GET", "/at-once")

    assert (status, body) == (200, b"known")
    assert "ThreadPoolExecutor" not in thread


def test_what_holds_once_something_is_done_is_answered_then(edge: Edge) -> None:
    assert asked(edge, "PUT", "/soon")[:2] == (200, b"done")


def test_what_was_not_done_after_all_is_answered_as_any_other_request(edge: Edge) -> None:
    status, body, _ = asked(edge, "PUT", "/not-after-all")

    assert status == 400
    assert json.loads(body)["path"] == "/not-after-all"


LAST = b"GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"


def exchanged(edge: Edge, *parts: bytes) -> bytes:
    """What comes back until the server ends the connection."""
    with closing(socket.create_connection(("127.0.0.1", edge.port), timeout=60)) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while more := connection.recv(65536):
            received += more
    return received


def test_answers_come_in_the_order_of_the_requests_of_a_connection(edge: Edge) -> None:
    known = b"GET /at-once HTTP/1.1\r\nhost: a\r\n\r\n"
    other = b"GET /other HTTP/1.1\r\nhost: a\r\n\r\n"

    # All in one packet: what is known waits for what is not.
    received = exchanged(edge, known + other + known + known + LAST)

    places = [received.index(b"/other"), received.index(b"/last")]
    assert received.count(b"HTTP/1.1 ") == 5
    assert received.count(b"known") == 3
    assert received.index(b"known") < places[0] < received.rindex(b"known") < places[1]


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /at-once HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello",
        b"GET /at-once HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"GET http://a/at-once HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /at-once?a=b#part HTTP/1.1\r\nhost: a\r\n\r\n",
        b"POST /at-once HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
        # As Java's own client asks.
        b"GET /at-once HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
    ],
)
def test_what_is_not_plain_is_answered_once_and_the_connection_goes_on(edge: Edge, request_: bytes) -> None:
    received = exchanged(edge, request_ + LAST)

    assert received.count(b"HTTP/1.1 ") == 2
    assert received.count(b"known") == received.count(b"/last") == 1
    assert b"#part" not in received
    assert (b"knownhello" in received) == (b"hello" in request_)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /at-once HTTP/1.0\r\n\r\n",
        b"GET /at-once HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
        b"GET /at-once HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    ],
)
def test_a_connection_that_is_not_to_be_kept_ends_with_the_answer(edge: Edge, request_: bytes) -> None:
    assert exchanged(edge, request_).endswith(b"known")


def test_a_request_in_pieces_is_answered_once(edge: Edge) -> None:
    received = exchanged(edge, b"GET /at-", b"once HTTP/1.1\r\nho", b"st: a\r\n\r", b"\n", LAST)

    assert received.count(b"known") == 1
    assert received.count(b"HTTP/1.1 ") == 2


def test_the_short_way_sends_the_headers_that_uvicorn_sends(edge: Edge) -> None:
    def head(request_: bytes) -> list[bytes]:
        lines = exchanged(edge, request_ + LAST).partition(b"\r\n\r\n")[0].split(b"\r\n")
        # Whose thread answered, and when, may differ.
        return [line for line in lines if not line.startswith((b"content-type", b"date"))]

    short = head(b"GET /at-once HTTP/1.1\r\nhost: a\r\n\r\n")

    assert short == head(b"GET /at-once#part HTTP/1.1\r\nhost: a\r\n\r\n")
    assert short[0] == b"HTTP/1.1 200 OK"


def test_what_is_plain_and_known_is_no_message_for_the_application(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise AssertionError("a task was begun")

    before = edge.requests()
    monkeypatch.setattr(QuickConnection, "_start_asgi_task", none)

    with closing(socket.create_connection(("127.0.0.1", edge.port), timeout=60)) as connection:
        connection.sendall(b"GET /at-once HTTP/1.1\r\nhost: a\r\n\r\n")
        received = connection.recv(65536)

    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b"known")
    # uvicorn counts it, and from then on the time for which the connection is kept.
    assert edge.requests() == before + 1
