"""HTTP as callers speak it: cut anywhere, in a row, slowly, at length, and wrongly."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import pytest
import uvloop
from train_xgb.artefact import Model
from train_xgb.responses import ResponseSettings
from train_xgb.serving.answers import LONG_BYTES, Answers
from train_xgb.serving.connection import Connection, Shared
from train_xgb.serving.meters import Meters
from train_xgb.serving.settings import Limits

ROW = b"0.5,0.25,1,0,0,0,1\n"
OTHER = b"2.5,-0.25,0,0,1,1,0\n"
LONG_ROWS = LONG_BYTES // len(ROW) + 1


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Server:
    """A server on a loop of its own; what a worker does beside it is not here."""

    port: int
    shared: Shared

    @contextmanager
    def caller(self) -> Iterator[socket.socket]:
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=60)) as connection:
            yield connection

    def ask(self, data: bytes) -> list[Answer]:
        """The answers to bytes that are sent at once, until the server has no more to say."""
        with self.caller() as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return answers_in(read_all(connection))


def read_all(connection: socket.socket) -> bytes:
    parts = []
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def read_answer(connection: socket.socket) -> Answer:
    """One answer on a connection that stays open."""
    data = b""
    while not (found := answers_in(data)):
        part = connection.recv(65536)
        assert part, f"the server closed after {data!r}"
        data += part
    assert len(found) == 1
    return found[0]


def answers_in(data: bytes) -> list[Answer]:
    """The whole answers in a stream; what is left over is the next one's beginning."""
    answers: list[Answer] = []
    while b"\r\n\r\n" in data:
        head, _, rest = data.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}
        status = int(line.split()[1])
        length = 0 if status == 100 else int(headers["content-length"])
        if len(rest) < length:
            return answers
        answers.append(Answer(status, headers, rest[:length]))
        data = rest[length:]
    return answers


def post(body: bytes, *headers: str, content_type: str = "text/csv", length: int | None = None) -> bytes:
    lines = [
        "POST /invocations HTTP/1.1",
        "Host: x",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(parts: list[bytes], extension: bytes = b"", trailer: bytes = b"") -> bytes:
    head = b"POST /invocations HTTP/1.1\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts)
    return head + chunks + b"0\r\n" + trailer + b"\r\n"


@contextmanager
def serving(model: Model, limits: Limits) -> Iterator[Server]:
    loop = uvloop.new_event_loop()
    meters = Meters(1)
    answers = Answers(model, ResponseSettings(), limits.body_bytes, meters)
    thread = ThreadPoolExecutor(max_workers=1)
    shared = Shared(answers, meters.of(0), limits, loop, thread)
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = asyncio.Event()
    started: list[int] = []
    is_started = threading.Event()

    async def run() -> None:
        server = await loop.create_server(partial(Connection, shared), sock=listener)
        started.append(listener.getsockname()[1])
        is_started.set()
        while not stopping.is_set():
            shared.tick()
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), 0.02)
        server.close()
        for connection in tuple(shared.connections):
            connection.abort()

    runner = threading.Thread(target=loop.run_until_complete, args=(run(),))
    runner.start()
    assert is_started.wait(60)
    try:
        yield Server(started[0], shared)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        runner.join()
        thread.shutdown()
        loop.close()


@pytest.fixture
def server(model: Model) -> Iterator[Server]:
    with serving(model, Limits()) as running:
        yield running


@pytest.fixture
def strict(model: Model) -> Iterator[Server]:
    """A server with little patience and little room."""
    limits = Limits(
        body_bytes=1000, head_bytes=2000, request_seconds=0.2, idle_seconds=0.3, linger_seconds=0.2
    )
    with serving(model, limits) as running:
        yield running


def answer_to(server: Server, rows: bytes) -> bytes:
    (answer,) = server.ask(post(rows))
    assert answer.status == 200
    return answer.body


def test_an_answer_has_what_http_asks_for(server: Server) -> None:
    with server.caller() as connection:
        connection.sendall(post(ROW))
        answer = read_answer(connection)

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["date"])
    assert "connection" not in answer.headers


def test_a_request_may_be_cut_anywhere(server: Server) -> None:
    whole = post(ROW) + chunked([ROW[:3], ROW[3:]])
    expected = [answer_to(server, ROW)] * 2

    with server.caller() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(whole)):
            connection.sendall(whole[at : at + 1])
        connection.shutdown(socket.SHUT_WR)
        answers = answers_in(read_all(connection))

    assert [answer.body for answer in answers] == expected


def test_requests_in_a_row_are_answered_in_their_order(server: Server) -> None:
    bodies = [ROW, OTHER, ROW * LONG_ROWS, OTHER, OTHER * LONG_ROWS, ROW, b"oops", OTHER]
    expected = [answer_to(server, body) if body != b"oops" else None for body in bodies]

    answers = server.ask(b"".join(map(post, bodies)))

    assert [answer.body if answer.status == 200 else None for answer in answers] == expected


def test_many_requests_in_one_packet_are_all_answered(server: Server) -> None:
    expected = answer_to(server, ROW)

    with server.caller() as connection:
        sender = threading.Thread(target=connection.sendall, args=(post(ROW) * 5000,))
        sender.start()
        data = b""
        while data.count(b"HTTP/1.1 200") < 5000 or not data.endswith(expected):
            data += connection.recv(65536)
        sender.join()

    assert {answer.body for answer in answers_in(data)} == {expected}


def test_a_connection_is_kept_and_closed_as_the_caller_says(server: Server) -> None:
    old = b"GET /ping HTTP/1.0\r\n\r\n"
    kept = b"GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    with server.caller() as connection:
        connection.sendall(post(ROW) + post(ROW, "Connection: close") + post(OTHER))
        answers = answers_in(read_all(connection))
    with server.caller() as connection:
        connection.sendall(old)
        first = answers_in(read_all(connection))
    with server.caller() as connection:
        connection.sendall(kept)
        second = read_answer(connection)
        connection.sendall(old)
        third = answers_in(read_all(connection))

    assert [answer.headers.get("connection") for answer in answers] == [None, "close"]
    assert [answer.headers["connection"] for answer in (*first, second, *third)] == [
        "close",
        "keep-alive",
        "close",
    ]


def test_bodies_may_come_in_chunks_with_extensions_and_trailers(server: Server) -> None:
    expected = answer_to(server, ROW + OTHER)

    plain = server.ask(chunked([ROW[:1], ROW[1:], OTHER]))
    dressed = server.ask(chunked([ROW, OTHER], b";name=value", b"X-Checksum: 1\r\n"))

    assert [answer.body for answer in plain + dressed] == [expected] * 2


def test_a_caller_who_asks_is_told_to_go_on(server: Server) -> None:
    request = post(ROW, "Expect: 100-continue")
    head = request[: -len(ROW)]
    with server.caller() as connection:
        connection.sendall(head)
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(ROW)
        answer = read_answer(connection)
        # Who has sent the body already need not be told.
        connection.sendall(request)
        at_once = read_answer(connection)
        connection.sendall(post(b"", "Expect: 100-continue", length=10**9))
        refused = read_answer(connection)

    assert answer.body == at_once.body == answer_to(server, ROW)
    assert refused.status == 413


def test_going_on_is_said_after_the_answers_that_are_due(server: Server) -> None:
    with server.caller() as connection:
        connection.sendall(post(ROW * LONG_ROWS) + post(ROW, "Expect: 100-continue")[: -len(ROW)])
        data = b""
        while not data.endswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
            data += connection.recv(65536)
        connection.sendall(ROW)
        last = read_answer(connection)

    first, told = answers_in(data)
    assert (first.status, told.status, last.status) == (200, 100, 200)
    assert first.body.count(b"\n") == LONG_ROWS


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"hello\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /invocations HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /invocations HTTP/1.1\r\nBad Header\r\n\r\n",
        b"POST /invocations HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
    ],
)
def test_what_is_not_http_gets_400_after_the_answers_that_are_due(server: Server, data: bytes) -> None:
    alone = server.ask(data)
    after = server.ask(post(ROW) + data)

    assert [answer.status for answer in alone] == [400]
    assert [answer.status for answer in after] == [200, 400]
    assert alone[0].headers["connection"] == "close"
    assert "not HTTP/1.1" in json.loads(alone[0].body)["error"]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /ping HTTP/1.1\r\nX: " + b"x" * 3000 + b"\r\n\r\n",
        b"GET /ping HTTP/1.1\r\n" + b"X: 1\r\n" * 500 + b"\r\n",
        b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nX: " + b"x" * 30_000,
        chunked([b"1"] * 3, b";" + b"x" * 900),
        chunked([b"1"], trailer=b"X: 1\r\n" * 500),
    ],
    ids=["one header", "many headers", "target", "header without end", "extensions", "trailers"],
)
def test_what_goes_on_for_too_long_is_refused(strict: Server, sent: bytes) -> None:
    with strict.caller() as connection:
        for at in range(0, len(sent), 700):
            with suppress(ConnectionError):
                connection.sendall(sent[at : at + 700])
        answers = answers_in(read_all(connection))

    # Chunks that make progress are bounded by the time and by the body alone.
    assert [answer.status for answer in answers] in ([431], [400])


@pytest.mark.parametrize("request_of", [post, lambda body: chunked([body[:500], body[500:]])])
def test_a_body_beyond_the_limit_is_refused_though_the_caller_sends_all_of_it(
    strict: Server, request_of: Callable[[bytes], bytes]
) -> None:
    with strict.caller() as connection:
        connection.sendall(request_of(b"1," * 200_000))
        answers = answers_in(read_all(connection))

    assert [answer.status for answer in answers] == [413]
    assert "larger than 1000 bytes" in json.loads(answers[0].body)["error"]


def test_the_longest_body_is_answered(strict: Server) -> None:
    rows = ROW * (1000 // len(ROW))

    (answer,) = strict.ask(post(rows))

    assert (answer.status, answer.body.count(b"\n")) == (200, 1000 // len(ROW))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", None),
        (post(ROW)[:40], 408),
        (post(ROW, length=100), 408),
        (post(b"1," * 2000), 413),
    ],
    ids=["nothing", "half a head", "half a body", "more than allowed"],
)
def test_who_keeps_the_server_waiting_is_parted_with(strict: Server, sent: bytes, status: int | None) -> None:
    with strict.caller() as connection:
        connection.sendall(sent)
        answers = answers_in(read_all(connection))

    assert [answer.status for answer in answers] == ([] if status is None else [status])


def test_who_does_not_read_is_parted_with_and_fills_no_memory(strict: Server) -> None:
    with strict.caller() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises(ConnectionError):
            send_forever(connection, post(ROW) * 1000)


def send_forever(connection: socket.socket, data: bytes) -> NoReturn:
    while True:
        connection.sendall(data)


def test_half_a_request_and_a_caller_who_leaves_harm_nobody(server: Server) -> None:
    for sent in (b"", post(ROW)[:30], post(ROW * LONG_ROWS), post(ROW * LONG_ROWS)[:-5]):
        with server.caller() as connection:
            connection.sendall(sent)

    assert answer_to(server, ROW) == answer_to(server, ROW)


def test_ping_is_answered_while_a_batch_is_worked_on(server: Server) -> None:
    entered, released = threading.Event(), threading.Event()

    def held() -> None:
        entered.set()
        released.wait(60)

    # The thread that works on batches is busy for as long as the test likes.
    server.shared.thread.submit(held)
    assert entered.wait(60)
    with server.caller() as batch, server.caller() as other:
        batch.sendall(post(ROW * LONG_ROWS))
        other.sendall(b"GET /ping HTTP/1.1\r\n\r\n")
        assert read_answer(other).status == 200
        other.sendall(post(ROW))
        assert read_answer(other).status == 200
        released.set()
        assert answers_in(read_until(batch, LONG_ROWS))[0].status == 200


def read_until(connection: socket.socket, rows: int) -> bytes:
    data = b""
    while data.partition(b"\r\n\r\n")[2].count(b"\n") < rows:
        data += connection.recv(65536)
    return data


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /ping", 200),
        ("HEAD /ping", 200),
        ("GET /ping?x=1", 200),
        ("GET http://host:8080/ping", 200),
        ("GET /metrics", 200),
        ("POST /ping", 405),
        ("DELETE /invocations", 405),
        ("OPTIONS *", 404),
        ("GET /nothing", 404),
        ("CONNECT host:80", 404),
    ],
)
def test_targets_and_methods_are_told_apart(server: Server, line: str, status: int) -> None:
    with server.caller() as connection:
        connection.sendall(f"{line} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        data = read_all(connection)

    assert data.startswith(b"HTTP/1.1 %d " % status)
    if line.startswith("HEAD"):
        assert data.endswith(b"\r\n\r\n")


def test_an_upgrade_is_ignored(server: Server) -> None:
    upgrade = (
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    )

    answers = server.ask(post(ROW, *upgrade) + post(OTHER) + post(ROW, *upgrade))

    assert [answer.status for answer in answers] == [200] * 3
    assert [answer.body for answer in answers] == [answer_to(server, body) for body in (ROW, OTHER, ROW)]


def test_who_encoded_the_rows_is_read_from_every_header_that_says_so(server: Server, model: Model) -> None:
    name = "x-amzn-SageMaker-custom-attributes"
    own, other = f"{name}: encoder={model.encoder_digest}", f"{name}: encoder={'0' * 64}"

    answers = server.ask(post(ROW, other) + post(ROW) + post(ROW, own, other) + post(ROW, own))
    (metrics,) = server.ask(b"GET /metrics HTTP/1.1\r\n\r\n")

    assert [answer.status for answer in answers] == [412, 200, 412, 200]
    assert answers[1].body == answers[3].body
    assert b'train_xgb_invocations_total{status="412"} 2\n' in metrics.body


def test_every_answer_is_counted(server: Server) -> None:
    server.ask(post(ROW) + post(ROW * 3) + post(b"oops") + post(ROW * LONG_ROWS))
    (answer,) = server.ask(b"GET /metrics HTTP/1.1\r\n\r\n")

    text = answer.body.decode()
    assert 'train_xgb_invocations_total{status="200"} 3\n' in text
    assert 'train_xgb_invocations_total{status="400"} 1\n' in text
    assert f"train_xgb_rows_total {4 + LONG_ROWS}\n" in text
    assert "train_xgb_invocation_seconds_count 4\n" in text
