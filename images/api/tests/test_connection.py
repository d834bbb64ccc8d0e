"""Callers who take their time, and those who offer another protocol."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import uvicorn
from api.connection import MOST_HELD_BYTES, Connection, Together

SECONDS = 0.2
HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
# What java.net.http sends with each request over plain HTTP.
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it was sent."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    connection = partial(Connection, request_seconds=SECONDS)
    config = uvicorn.Config(echo, http=connection, lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()


def said(port: int, content: bytes) -> bytes:
    """Everything that is answered, until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(content)
        answer = b""
        while part := connection.recv(4096):
            answer += part
        return answer


@pytest.mark.parametrize(
    ("begun", "statuses"),
    [
        (b"", [b"408"]),
        (b"\r\n", [b"408"]),
        (HEAD, [b"408"]),
        (HEAD + b"Content-Length: 4\r\n\r\nab", []),
        (HEAD + b"Content-Length: 2\r\n\r\nab" + HEAD, [b"200", b"408"]),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", [b"400"]),
        (b"\x16\x03\x01\x02\x00", [b"400"]),
    ],
)
def test_a_request_that_does_not_go_on_ends_its_connection(
    port: int, begun: bytes, statuses: list[bytes]
) -> None:
    answer = said(port, begun)

    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == statuses


@pytest.mark.parametrize(
    "framed", [b"Content-Length: 4\r\n\r\nabcd", b"Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"]
)
def test_an_offer_of_another_protocol_is_ignored(port: int, framed: bytes) -> None:
    ending = HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nef"

    answer = said(port, HEAD + OFFER + framed + ending)

    assert [part.partition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 200 OK")[1:]] == [
        b"abcd",
        b"ef",
    ]


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
