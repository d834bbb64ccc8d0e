"""HTTP/1.1 as bytes on a socket: requests that no library would send, and their answers."""

import random
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """Without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0]

    @property
    def closes(self) -> bool:
        """Whether the server ends the connection with it."""
        return self.headers.get("connection", "").lower() == "close"


class Caller:
    """One kept-alive connection after the other to a server; for one thread."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, pieces: Iterable[bytes]) -> Reply:
        """The answer to a request, whose pieces are written one by one.

        Raises ConnectionError where none comes. A kept connection that the server has closed
        meanwhile is replaced once, as every client does.
        """
        pieces = tuple(pieces)
        was_kept = self._socket is not None
        try:
            return self._ask(pieces)
        except ConnectionError:
            if not was_kept:
                raise
            return self._ask(pieces)

    def ask_alone(self, content: bytes, is_over: bool = True) -> list[Reply]:
        """All answers to some bytes on a connection of their own, until the server closes it.

        The caller says that nothing more comes, or leaves that open (`is_over`). Raises
        TimeoutError where the server waits.
        """
        with socket.create_connection(self._address, timeout=ANSWER_SECONDS) as connection:
            # A server that has heard enough may have closed; what it has said is still to be read.
            with suppress(ConnectionError):
                connection.sendall(content)
            if is_over:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)
            return _all_replies(connection)

    def _ask(self, pieces: Sequence[bytes]) -> Reply:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=ANSWER_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            sent = _send(self._socket, pieces)
            reply, _ = _reply(self._socket, b"")
        except BaseException:
            self.close()
            raise
        if reply.closes or not sent:
            self.close()
        return reply


def request(
    path: str, headers: Mapping[str, str], body: bytes, source: random.Random, method: str = "POST"
) -> list[bytes]:
    """A legal request, now with a length and now in chunks, cut into pieces anywhere."""
    head = [f"{method} {path} HTTP/1.1", "Host: fuzz", *(f"{name}: {text}" for name, text in headers.items())]
    if source.random() < 0.3:
        head.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in cut(body, source)) + b"0\r\n\r\n"
    else:
        head.append(f"Content-Length: {len(body)}")
    whole = "\r\n".join([*head, "", ""]).encode("latin-1", "replace") + body
    return cut(whole, source) if source.random() < 0.3 else [whole]


def cut(content: bytes, source: random.Random) -> list[bytes]:
    """The same bytes in a few parts, none of them empty."""
    places = sorted(
        {source.randrange(1, len(content)) for _ in range(source.randrange(4))} if content[1:] else ()
    )
    bounds = [0, *places, len(content)]
    return [content[begin:end] for begin, end in pairwise(bounds) if begin < end]


def _send(connection: socket.socket, pieces: Sequence[bytes]) -> bool:
    """False where the server has refused before the end, and closed."""
    try:
        for piece in pieces:
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def _reply(connection: socket.socket, buffer: bytes) -> tuple[Reply, bytes]:
    """The next final answer, and what came after it. Raises ConnectionError."""
    while True:
        while b"\r\n\r\n" not in buffer:
            buffer += _more(connection)
        head, _, buffer = buffer.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
        status = int(status_line.split(" ")[1])
        if status >= 200:
            break
    length = int(headers.get("content-length", "0"))
    while len(buffer) < length:
        buffer += _more(connection)
    return Reply(status, headers, buffer[:length]), buffer[length:]


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionResetError("the server has closed the connection without an answer")
    return data


def _all_replies(connection: socket.socket) -> list[Reply]:
    replies: list[Reply] = []
    buffer = b""
    with suppress(ConnectionError):
        while True:
            reply, buffer = _reply(connection, buffer)
            replies.append(reply)
    return replies
