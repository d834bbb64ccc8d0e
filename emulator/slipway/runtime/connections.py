"""Kept-alive connections to one container."""

import http.client
import select
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# SageMaker wants the socket accepted within 250 ms; on one machine with
# everything else a full backlog alone takes a second, a SYN's first repetition.
CONNECT_SECONDS = 5
# More than that many idle connections to one container are closed.
MOST_IDLE = 64
PART_BYTES = 256 * 1024


class ContainerTimeoutError(Exception):
    """The container did not answer in time."""


class ContainerUnreachableError(Exception):
    """The container ended a connection before the end of its answer; the message says how."""


class ContainerRefusedError(Exception):
    """The container took no connection, so nothing of the request has reached it."""


class _NoAnswerError(ConnectionError):
    """The server hung up before the first byte of its answer."""


@dataclass(frozen=True, slots=True)
class ContainerAnswer:
    """What a container answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Connections to one container, kept between requests; for any number of threads."""

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self.port = port
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._is_closed = False

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_seconds: float
    ) -> ContainerAnswer:
        """One request and its whole answer.

        Raises ContainerRefusedError, ContainerTimeoutError, ContainerUnreachableError.
        """
        deadline = time.monotonic() + timeout_seconds
        with _told():
            connection, response = self._begun(method, path, headers, body, deadline)
            return self._read(connection, response, deadline)

    def open(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_seconds: float
    ) -> "OpenAnswer":
        """One request and the beginning of its answer; the caller closes it.

        Raises ContainerRefusedError, ContainerTimeoutError, ContainerUnreachableError.
        """
        deadline = time.monotonic() + timeout_seconds
        with _told():
            return OpenAnswer(*self._begun(method, path, headers, body, deadline), deadline)

    def close(self) -> None:
        """Close what is idle; what is in use is closed when it comes back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _taken(self) -> http.client.HTTPConnection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                # The last one used is the least likely to have been given up.
                connection = self._idle.pop()
            if _is_alive(connection):
                return connection
            connection.close()

    def _connected_again(self, deadline: float, error: _NoAnswerError) -> http.client.HTTPConnection:
        """A new connection after a kept one broke; without one the request may be the reason."""
        try:
            return self._connected(deadline)
        except ContainerRefusedError:
            raise error from None

    def _connected(self, deadline: float) -> http.client.HTTPConnection:
        seconds = min(CONNECT_SECONDS, max(deadline - time.monotonic(), 0.001))
        connection = _Connection(self.address, self.port, timeout=seconds)
        try:
            connection.connect()
        except OSError as error:
            raise ContainerRefusedError(str(error)) from error
        return connection

    def _begun(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, deadline: float
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send a request on a connection, kept or new, and read the head of its answer."""
        kept = self._taken()
        if kept is None:
            connection = self._connected(deadline)
        else:
            try:
                return kept, _asked(kept, method, path, headers, body, deadline)
            except _NoAnswerError as error:
                # A server may close what was kept at any time (RFC 9112, section
                # 9.3.1), also just now: then a new connection is all it takes.
                connection = self._connected_again(deadline, error)
        return connection, _asked(connection, method, path, headers, body, deadline)

    def _read(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, deadline: float
    ) -> ContainerAnswer:
        parts = []
        try:
            # Closing answers take the socket from the connection; each part has what is left of the time.
            while part := response.read(PART_BYTES):
                parts.append(part)
                _check(deadline)
                _limit(connection.sock, deadline)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, response.will_close)
        return ContainerAnswer(response.status, _headers(response), b"".join(parts))

    def _give_back(self, connection: http.client.HTTPConnection, will_close: bool) -> None:
        with self._lock:
            if not (will_close or self._is_closed or len(self._idle) >= MOST_IDLE):
                self._idle.append(connection)
                return
        connection.close()


class _Connection(http.client.HTTPConnection):
    """Sends head and body at once, where http.client sends one after the other and wakes the server twice."""

    _parts: list[bytes] | None = None

    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:
        """Send the request, whose body are bytes that are all there."""
        parts: list[bytes] = []
        self._parts = parts
        try:
            super().endheaders(message_body, encode_chunked=encode_chunked)
        finally:
            self._parts = None
        self.send(b"".join(parts))

    def send(self, data: Any) -> None:
        """Send `data`, or keep it for what follows."""
        if self._parts is None:
            super().send(data)
        else:
            self._parts.append(data)


class OpenAnswer:
    """An answer whose body comes bit by bit; its connection is used for nothing else."""

    def __init__(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse, deadline: float
    ) -> None:
        self._connection = connection
        self._response = response
        self._deadline = deadline
        self.status = response.status
        self.headers = _headers(response)

    def parts(self) -> Iterator[bytes]:
        """The body as it comes. Raises ContainerTimeoutError, ContainerUnreachableError."""
        left = self._response.length
        with _told():
            while left is None or left > 0:
                part = self._response.read1(PART_BYTES if left is None else min(PART_BYTES, left))
                if not part:
                    break
                left = None if left is None else left - len(part)
                _check(self._deadline)
                _limit(self._connection.sock, self._deadline)
                yield part
            if left:
                raise http.client.IncompleteRead(b"", left)

    def close(self) -> None:
        """Give the connection up."""
        self._response.close()
        self._connection.close()


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong on a connection, as this module's errors."""
    try:
        yield
    except TimeoutError as error:
        raise ContainerTimeoutError(str(error)) from error
    except (OSError, http.client.HTTPException) as error:
        raise ContainerUnreachableError(str(error) or type(error).__name__) from error


def _asked(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    deadline: float,
) -> http.client.HTTPResponse:
    """Send a request and read the head of its answer. Raises _NoAnswerError where the server hung up."""
    try:
        _limit(connection.sock, deadline)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if method != "GET":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        _limit(connection.sock, deadline)
        return response
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
        connection.close()
        raise _NoAnswerError(f"the container closed the connection without an answer ({error})") from error
    except BaseException:
        connection.close()
        raise


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _check(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("the answer did not end in time")


def _limit(sock: socket.socket | None, deadline: float) -> None:
    if sock is not None:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))


def _is_alive(connection: http.client.HTTPConnection) -> bool:
    """An idle connection that has something to read has been closed by the other side."""
    sock: socket.socket | None = connection.sock
    if sock is None:
        return False
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)
