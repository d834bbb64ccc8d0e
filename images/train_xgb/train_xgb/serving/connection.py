"""One caller's connection: HTTP/1.1 in, answers out in the order of the requests."""

import asyncio
import logging
import socket
import struct
import time
from collections import deque
from concurrent.futures import Executor
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from typing import Any, cast

import httptools

from train_xgb.serving.answers import Answers, Reply, Request, refusal
from train_xgb.serving.custom_attributes import HEADER
from train_xgb.serving.heads import answer_head, decoded, joined, path_of
from train_xgb.serving.meters import WorkerMeters
from train_xgb.serving.settings import Limits

log = logging.getLogger(__name__)

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CUSTOM_ATTRIBUTES = HEADER.lower().encode()
# On, and for no second: what is not sent yet is thrown away when the socket closes.
_RESET = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Shared:
    """What all connections of a process share."""

    answers: Answers
    meters: WorkerMeters
    limits: Limits
    loop: asyncio.AbstractEventLoop
    # Requests that take long, one at a time, so that the others need not wait.
    thread: Executor
    connections: "set[Connection]" = field(default_factory=set)
    is_draining: bool = False
    date: str = ""

    def tick(self) -> None:
        """Once a second: the Date header, and who has had enough time."""
        self.date = f"Date: {formatdate(usegmt=True)}\r\n"
        now = self.loop.time()
        for connection in tuple(self.connections):
            connection.check_time(now)


@dataclass(slots=True)
class _Waiting:
    """A request whose answer is due; a refusal has its reply already."""

    request: Request
    keeps_alive: bool
    is_http_1_0: bool
    since: float
    reply: Reply | None = None


class Connection(asyncio.Protocol):
    """Reads requests and answers them one after another; the parser calls its `on_` methods.

    While something is waited for (the thread, a caller who does not read) no
    more is read, so a caller cannot fill the memory.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._transport: asyncio.Transport | None = None
        self._parser: Any = httptools.HttpRequestParser(self)
        self._waiting: deque[_Waiting] = deque()
        self._is_busy = False
        self._is_write_paused = False
        self._is_read_paused = False
        # Nothing that comes is read any more; what waits is answered.
        self._is_deaf = False
        self._is_lingering = False
        self._has_begun = False
        self._since = shared.loop.time()
        self._progress = 0
        self._barren_bytes = 0
        self._clear()

    def _clear(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._content_type: bytes | None = None
        self._accept: bytes | None = None
        self._custom_attributes: bytes | None = None
        self._owes_continue = False
        self._has_head = False
        self._length = b""
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller is there."""
        # uvloop's are not derived from it, and have all of it.
        self._transport = cast(asyncio.Transport, transport)
        self._shared.connections.add(self)
        self._shared.meters.connected(1)

    def connection_lost(self, _exc: Exception | None) -> None:
        """The caller is gone; what its requests come to is thrown away."""
        self._transport = None
        self._waiting.clear()
        self._shared.connections.discard(self)
        self._shared.meters.connected(-1)

    def data_received(self, data: bytes) -> None:
        """Some bytes, cut anywhere."""
        if self._is_deaf:
            return
        progress = self._progress
        try:
            self._feed(data)
        except httptools.HttpParserCallbackError:
            log.exception("connection.failed")
            self._refuse(500, "The server failed; its log says why.")
        except httptools.HttpParserError as error:
            if not self._is_deaf:
                self._refuse(400, f"This is not HTTP/1.1: {error}.")
        # A header line without an end, trailers, extensions of chunks.
        if self._progress == progress:
            self._barren_bytes += len(data)
            if self._barren_bytes > self._shared.limits.head_bytes:
                self._refuse_head()
        else:
            self._barren_bytes = 0
        if self._waiting or self._owes_continue:
            self._answer_waiting()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                if self._is_deaf:
                    return
                # An offer of another protocol may be ignored, and Java's client makes one with
                # each request; the parser leaves the body to that protocol, so it begins again.
                data = self._head_without_upgrade() + data[upgrade.args[0] :]
                self._parser = httptools.HttpRequestParser(self)

    def _head_without_upgrade(self) -> bytes:
        lines = [b"%b %b HTTP/1.1" % (self._parser.get_method(), self._url)]
        lines += [b"%b: %b" % header for header in self._headers]
        return b"\r\n".join((*lines, b"", b""))

    def eof_received(self) -> bool:
        """The caller sends no more, and may still read; True while an answer is due."""
        self._is_deaf = True
        return bool(self._waiting) or self._is_busy

    def pause_writing(self) -> None:
        """The caller does not read as fast as it asks."""
        self._is_write_paused = True
        self._since = self._shared.loop.time()
        self._pause_reading()

    def resume_writing(self) -> None:
        """The caller has caught up."""
        self._is_write_paused = False
        self._since = self._shared.loop.time()
        self._answer_waiting()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self._is_deaf:
            return
        self._has_begun = True
        self._since = self._shared.loop.time()
        self._clear()

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer after the body."""
        self._count_head(len(name) + len(value) + 4)
        name = name.lower()
        if name not in (b"connection", b"upgrade"):
            self._headers.append((name, value))
        if name == b"content-type":
            self._content_type = value
        elif name == b"accept":
            self._accept = joined(self._accept, value)
        elif name == b"content-length":
            self._length = value
        elif name == b"expect":
            self._owes_continue = value.lower() == b"100-continue"
        elif name == _CUSTOM_ATTRIBUTES:
            self._custom_attributes = joined(self._custom_attributes, value)

    def on_headers_complete(self) -> None:
        """The head of a request: the time to say no to its body."""
        self._progress += 1
        self._has_head = True
        if self._is_deaf:
            return
        limit = self._shared.limits.body_bytes
        if self._length.isdigit() and int(self._length[:20]) > limit:
            self._refuse(413, _too_long(limit))

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._progress += 1
        if self._is_deaf:
            return
        self._body_bytes += len(body)
        self._body.append(body)
        if self._body_bytes > self._shared.limits.body_bytes:
            self._refuse(413, _too_long(self._shared.limits.body_bytes))

    def on_message_complete(self) -> None:
        """A whole request."""
        self._progress += 1
        if self._is_deaf or self._is_upgrade:
            return
        self._has_begun = self._owes_continue = False
        parser = self._parser
        keeps_alive = parser.should_keep_alive() and not parser.should_upgrade()  # CONNECT
        request = Request(
            parser.get_method().decode("latin-1"),
            path_of(self._url),
            decoded(self._content_type),
            decoded(self._accept),
            self._body[0] if len(self._body) == 1 else b"".join(self._body),
            decoded(self._custom_attributes),
        )
        self._waiting.append(_Waiting(request, keeps_alive, self._is_http_1_0, time.perf_counter()))
        if not keeps_alive:
            self._is_deaf = True

    # What the process calls.

    def check_time(self, now: float) -> None:
        """Part with a caller who keeps the server waiting for too long."""
        limits = self._shared.limits
        waited = now - self._since
        if self._transport is None or self._is_busy:
            return
        if self._is_write_paused:
            if waited > limits.request_seconds:
                self.abort()
        elif self._is_lingering:
            if waited > limits.linger_seconds:
                self.abort()
        elif self._has_begun:
            if waited > limits.request_seconds:
                self._refuse(408, f"The request was not complete after {limits.request_seconds:g} s.")
                self._answer_waiting()
        elif waited > limits.idle_seconds:
            self._transport.close()

    def drain(self) -> None:
        """Close once what has begun is answered."""
        if self._transport is not None and not (self._has_begun or self._waiting or self._is_busy):
            self._transport.close()

    def abort(self) -> None:
        """Close whatever is not answered."""
        if self._transport is not None:
            # Else the kernel goes on offering, for minutes, what the caller does not read.
            own = self._transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()

    # How answers are made and written.

    @property
    def _is_http_1_0(self) -> bool:
        return self._parser.get_http_version() == "1.0"  # type: ignore[no-any-return]

    @property
    def _is_upgrade(self) -> bool:
        return self._parser.should_upgrade() and self._parser.get_method() != b"CONNECT"  # type: ignore[no-any-return]

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._shared.limits.head_bytes:
            self._refuse_head()

    def _refuse_head(self) -> None:
        limit = self._shared.limits.head_bytes
        self._refuse(431, f"Target and headers are longer than {limit} bytes.")

    def _refuse(self, status: int, text: str) -> None:
        """Answer what has been read so far with a refusal, after the answers that are due, and close."""
        if self._is_deaf:
            return
        self._is_deaf = self._is_lingering = True
        self._has_begun = self._owes_continue = False
        self._body = []
        request = Request("", path_of(self._url))
        reply = refusal(status, text)
        self._waiting.append(_Waiting(request, False, False, time.perf_counter(), reply))

    def _answer_waiting(self) -> None:
        shared, waiting = self._shared, self._waiting
        while waiting and not self._is_busy and not self._is_write_paused and self._transport is not None:
            each = waiting.popleft()
            if each.reply is None and shared.answers.is_long(each.request):
                self._is_busy = True
                self._pause_reading()
                future = shared.loop.run_in_executor(shared.thread, shared.answers.answer, each.request)
                future.add_done_callback(partial(self._answered, each))
                return
            self._send(each, each.reply or shared.answers.answer(each.request))
        if self._is_busy or self._is_write_paused:
            return
        self._resume_reading()
        if self._owes_continue and self._has_head and self._body_bytes == 0 and not self._is_http_1_0:
            self._owes_continue = False
            self._write(_CONTINUE)

    def _answered(self, waiting: _Waiting, future: "asyncio.Future[Reply]") -> None:
        self._is_busy = False
        self._since = self._shared.loop.time()
        if self._transport is not None:
            self._send(waiting, future.result())
            self._answer_waiting()

    def _send(self, waiting: _Waiting, reply: Reply) -> None:
        request = waiting.request
        closes = not self._waiting and (
            not waiting.keeps_alive or self._is_deaf or (self._shared.is_draining and not self._has_begun)
        )
        kept = "keep-alive" if waiting.is_http_1_0 else ""
        head = answer_head(reply, "close" if closes else kept, self._shared.date)
        body = b"" if request.method == "HEAD" else reply.body
        # Counted first: what a caller has seen is in the numbers, whatever happens now.
        if request.path == "/invocations":
            self._shared.meters.answered(reply.status, reply.rows, time.perf_counter() - waiting.since)
        self._write(head + body)
        if closes:
            self._close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _close(self) -> None:
        """Close; with a caller who is still sending, once it has had time to read why."""
        transport = self._transport
        if transport is None:
            return
        self._since = self._shared.loop.time()
        if self._is_lingering and transport.can_write_eof():
            # Closing with unread bytes would reset the connection, and the answer be lost.
            transport.write_eof()
            self._resume_reading()
        else:
            transport.close()

    def _pause_reading(self) -> None:
        if not self._is_read_paused and self._transport is not None and not self._transport.is_closing():
            self._is_read_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._is_read_paused and self._transport is not None and not self._transport.is_closing():
            self._is_read_paused = False
            self._transport.resume_reading()


def _too_long(limit: int) -> str:
    return f"The body is larger than {limit} bytes; send fewer rows a request."
