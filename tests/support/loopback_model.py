"""A model's server on the loopback interface, inside the test's own process."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """What the server answers, or that it hangs up: before the answer, or in the middle of its body."""

    status: int = 200
    body: bytes = b""
    headers: Headers = field(default_factory=dict)
    hangs_up: bool = False
    closes: bool = False
    is_cut: bool = False


@dataclass(slots=True)
class LoopbackModel:
    """Where it listens, and what has reached it."""

    address: str
    port: int
    listener: socket.socket
    requests: list[tuple[str, Headers, bytes]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)


@contextmanager
def loopback_model(answer: Callable[[str, Headers, bytes], Said]) -> Iterator[LoopbackModel]:
    """A server of HTTP/1.1 that answers what `answer` says, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            del arguments

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            model.requests.append((self.path, headers, body))
            model.connections.add(self.client_address)
            said = answer(self.path, headers, body)
            if said.hangs_up:
                self.close_connection = True
                return
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.closes:
                self.send_header("Connection", "close")
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body[: len(said.body) // 2] if said.is_cut else said.body)
            self.close_connection |= said.is_cut

        do_GET = do_POST  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    model = LoopbackModel("127.0.0.1", server.server_address[1], server.socket)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
