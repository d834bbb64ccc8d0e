"""A way to the Docker Engine that can be closed: an engine that goes away and returns, to its client."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ENGINE = "/var/run/docker.sock"
CHUNK = 65536


class EngineProxy:
    """Listens on a socket of its own and hands everything on to the engine, until it is closed.

    `asked` is what it was asked since it was opened: the beginnings of requests.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listener: socket.socket | None = None
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self.asked: list[bytes] = []

    @property
    def url(self) -> str:
        """The engine's address, for a client."""
        return f"unix://{self._path}"

    def open(self) -> None:
        """Be there."""
        self.asked = []
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._path))
        listener.listen()
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Break every connection and take no new one."""
        if self._listener is None:
            return
        self._path.unlink()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._listener = None
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._connections.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(ENGINE)
                with self._lock:
                    self._connections += [client, engine]
                threading.Thread(target=self._hand_on, args=(client, engine), daemon=True).start()

    def _hand_on(self, client: socket.socket, engine: socket.socket) -> None:
        """Bytes in both directions until one side ends."""
        with client, engine, selectors.DefaultSelector() as selector, suppress(OSError):
            selector.register(client, selectors.EVENT_READ, engine)
            selector.register(engine, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select():
                    source, target = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    content = source.recv(CHUNK)
                    if not content:
                        return
                    if source is client:
                        self.asked.append(content.partition(b"\r\n")[0])
                    target.sendall(content)


@contextmanager
def engine_proxy(folder: Path) -> Iterator[EngineProxy]:
    """An open way to the engine, closed at the end."""
    proxy = EngineProxy(folder / "engine.sock")
    proxy.open()
    try:
        yield proxy
    finally:
        proxy.close()
