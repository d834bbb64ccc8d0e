"""uvicorn's connection, with a limit to how long a request may take to come, and to nothing but HTTP/1.1."""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# SageMaker gives an invocation 60 s, its body included.
REQUEST_SECONDS = 60.0
# More than that is not kept to be sent with what follows.
MOST_HELD_BYTES = 64 * 1024
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
INVALID = "Invalid HTTP request received."


class Together:
    """A transport that sends at once what is written in one turn of the loop.

    uvicorn writes head and body apart: two calls of the kernel here, and the
    other side is woken twice.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        """Everything else is the transport's own."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Have `data` sent, after all that was written before it."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MOST_HELD_BYTES:
            self._flush()

    def close(self) -> None:
        """Send what is left and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        if parts:
            self._transport.write(b"".join(parts))


class Connection(HttpToolsProtocol):  # type: ignore[misc]  # uvicorn is not followed
    """One caller's connection: it ends where a request is not whole in time.

    An offer of another protocol is ignored: Java's own client makes one with each
    request, and uvicorn would leave the request's body to that protocol.
    """

    def __init__(self, *arguments: Any, request_seconds: float = REQUEST_SECONDS, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._request_seconds = request_seconds
        self.parser: Any
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A caller is there, and may begin."""
        super().connection_made(Together(transport, self.loop))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes, cut anywhere."""
        self._unset_keepalive_if_required()
        if self._patience is None:
            self._wait()
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.send_400_response(INVALID)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self._patience is None:
            self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head of a request; one that offers another protocol is read once more, without."""
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A whole request."""
        if not self.parser.should_upgrade():
            self._wait_no_longer()
            super().on_message_complete()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                if self.parser.get_method() == b"CONNECT":
                    raise httptools.HttpParserError("this is no proxy") from None
                data = self._head_without_upgrade() + data[upgrade.args[0] :]
                self.parser = httptools.HttpRequestParser(self)

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % each for each in self.headers if each[0] not in (b"connection", b"upgrade")]
        return b"\r\n".join((*lines, b"", b""))

    def _wait(self) -> None:
        self._patience = self.loop.call_later(self._request_seconds, self._give_up)

    def _wait_no_longer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if self.transport.is_closing():
            return
        # Where the head is there somebody has begun to answer, and learns that the caller is gone.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(TOO_LATE)
        self.transport.close()
