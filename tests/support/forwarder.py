"""A way to a port of this machine that can be closed, cut and listened to."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

CHUNK = 65536


def port_of(url: str) -> int:
    """The port in a URL that has one."""
    port = urlsplit(url).port
    assert port is not None
    return port


class Forwarder:
    """Hands every connection on to a port, or, where there is none, takes what is said and hangs up."""

    def __init__(self, target: int | None, cut_first_after: int | None) -> None:
        self._target = target
        self._cut_after = cut_first_after
        self._socket = socket.socket()
        # Bound and not yet listening: whoever connects is refused.
        self._socket.bind(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self.said: list[str] = []
        self.port: int = self._socket.getsockname()[1]

    def listen(self) -> None:
        """Take connections from now on; again is no error."""
        if not self._threads:
            self._socket.listen()
            self._start(self._accept)

    def give_up(self, _seconds: float) -> None:
        """For callers that would wait and try again."""
        raise RuntimeError("given up")

    def close(self) -> None:
        """End all connections."""
        self._ended.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join()

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            cut_after, self._cut_after = self._cut_after, None
            self._start(self._serve, near, cut_after)

    def _serve(self, near: socket.socket, cut_after: int | None) -> None:
        with near:
            if self._target is None:
                self.said.append(near.recv(CHUNK).decode("latin-1"))
                return
            with socket.create_connection(("127.0.0.1", self._target)) as far, suppress(OSError):
                self._pass_on(near, far, cut_after)

    def _pass_on(self, near: socket.socket, far: socket.socket, cut_after: int | None) -> None:
        passed = 0
        while not self._ended.is_set():
            readable, _, _ = select.select([near, far], [], [], 0.1)
            for source in readable:
                data = source.recv(CHUNK)
                if not data:
                    return
                (far if source is near else near).sendall(data)
                passed += len(data) if source is far else 0
            if cut_after is not None and passed > cut_after:
                return


@contextmanager
def forwarding(
    target: int | None, is_listening: bool = True, cut_first_after: int | None = None
) -> Iterator[Forwarder]:
    """A forwarder to port `target`, closed at the end; its first connection ends after so many bytes."""
    forwarder = Forwarder(target, cut_first_after)
    if is_listening:
        forwarder.listen()
    try:
        yield forwarder
    finally:
        forwarder.close()
