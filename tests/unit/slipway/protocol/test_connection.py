"""What the HTTP edge does with callers who take their time, and with those who offer another protocol."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import uvicorn
from slipway.protocol.connection import MOST_HELD_BYTES, Connection, Together

from tests.support.containers import wait_until
from tests.support.wire import Caller

SECONDS = 0.2
HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
# What java.net.http sends with each request over plain HTTP.
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it was sent."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
        if message["type"] == "http.disconnect":
            return
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served() -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(
        echo, port=0, http=partial(Connection, request_seconds=SECONDS), lifespan="off", log_level="critical"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        wait_until(lambda: server.started or None, "the server to listen")
        yield server
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[uvicorn.Server]:
    with served() as running:
        yield running


@pytest.fixture
def caller(server: uvicorn.Server) -> Iterator[Caller]:
    with Caller("127.0.0.1", server.servers[0].sockets[0].getsockname()[1]) as opened:
        yield opened


def test_an_offer_of_another_protocol_is_ignored(caller: Caller) -> None:
    bodies = [
        caller.ask([HEAD + OFFER + b"Content-Length: 4\r\n\r\nab", b"cd"]).body,
        caller.ask([HEAD + OFFER + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nef\r\n0\r\n\r\n"]).body,
        caller.ask([b"GET / HTTP/1.1\r\nHost: a\r\n" + OFFER + b"\r\n"]).body,
        caller.ask([HEAD + b"Content-Length: 2\r\n\r\ngh"]).body,
    ]

    assert bodies == [b"abcd", b"ef", b"", b"gh"]


@pytest.mark.parametrize(
    ("begun", "statuses"),
    [
        (b"", [408]),
        (b"\r\n", [408]),
        (HEAD, [408]),
        (HEAD + b"Content-Length: 4\r\n\r\nab", []),
        (HEAD + b"Content-Length: 2\r\n\r\nab" + HEAD, [200, 408]),
    ],
)
def test_a_request_that_does_not_go_on_ends_its_connection(
    server: uvicorn.Server, caller: Caller, begun: bytes, statuses: list[int]
) -> None:
    assert [reply.status for reply in caller.ask_alone(begun, is_over=False)] == statuses
    wait_until(lambda: not server.server_state.connections or None, "nothing to be left of it")


@pytest.mark.parametrize(
    "content", [b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02\x00", b"G T\r\n"]
)
def test_what_is_no_request_is_refused(caller: Caller, content: bytes) -> None:
    assert [reply.status for reply in caller.ask_alone(content)] == [400]


class Recording:
    """A transport that notes what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True


def test_what_is_written_in_one_turn_is_sent_at_once_and_in_order() -> None:
    recording: Any = Recording()

    async def scenario() -> None:
        transport = Together(recording, asyncio.get_running_loop())
        transport.write(b"head")
        transport.write(b"body")
        await asyncio.sleep(0)
        assert recording.written == [b"headbody"]
        transport.write(b"a" * MOST_HELD_BYTES)
        transport.write(b"b")
        assert recording.written[1:] == [b"a" * MOST_HELD_BYTES + b"b"]
        transport.write(b"last")
        transport.close()
        await asyncio.sleep(0)

    asyncio.run(scenario())

    assert recording.written[2:] == [b"last"]
    assert recording.is_closed
