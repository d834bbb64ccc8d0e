import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from slipway_localstack.emulator import Answer, Emulator, not_configured

BODY = b'{"n": 1}\x00\xff'


@dataclass
class Upstream:
    """A server that keeps what it was asked, and answers all of it alike."""

    url: str = ""
    requests: list[tuple[str, str, list[tuple[str, str]], bytes]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


@contextmanager
def listening(upstream: Upstream) -> Iterator[Upstream]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            upstream.requests.append((self.command, self.path, self.headers.items(), body))
            upstream.connections.add(self.client_address)
            self.send_response_only(upstream.status)
            for name, value in upstream.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(upstream.body)))
            self.end_headers()
            self.wfile.write(upstream.body)

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815 - the names of http.server

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        upstream.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with listening(Upstream()) as started:
        yield started


def told(answer: Answer) -> tuple[int, str | None, dict[str, str]]:
    """Status, code and document of an error."""
    assert "json" in dict(answer.headers)["content-type"]
    document = json.loads(answer.body)
    assert document["__type"] == answer.error_code
    return answer.status, answer.error_code, document


def test_a_request_arrives_as_it_was_sent(upstream: Upstream) -> None:
    headers = [
        ("Host", "localhost:4566"),
        ("Authorization", "AWS4-HMAC-SHA256 Credential=…".encode().decode("latin-1")),
        ("X-Amzn-SageMaker-Custom-Attributes", "a=b;c"),
        ("Content-Length", "1"),
        ("Connection", "keep-alive"),
    ]

    Emulator(upstream.url).ask("PUT", "/FeatureGroup/a%2Fb?x=%20y&x=2", headers, BODY)

    [(method, target, arrived, body)] = upstream.requests
    assert (method, target, body) == ("PUT", "/FeatureGroup/a%2Fb?x=%20y&x=2", BODY)
    assert dict(arrived) == dict(headers[:3]) | {"Content-Length": str(len(BODY))}
    assert len(arrived) == 4


def test_an_answer_comes_back_as_it_was_given(upstream: Upstream) -> None:
    upstream.status, upstream.body = 424, b"\x1f\x8bnot unpacked"
    upstream.headers = [
        ("content-encoding", "gzip"),
        ("x-amzn-errortype", "ModelError"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("connection", "keep-alive"),
    ]

    answer = Emulator(upstream.url).ask("POST", "/", [], b"")

    assert answer == Answer(424, upstream.headers[:4], upstream.body)
    assert answer.error_code == "ModelError"


def test_connections_are_kept(upstream: Upstream) -> None:
    emulator = Emulator(upstream.url)

    for _ in range(3):
        emulator.ask("POST", "/", [], b"{}")

    assert len(upstream.requests) == 3
    assert len(upstream.connections) == 1


def test_a_redirect_is_the_clients_to_follow(upstream: Upstream) -> None:
    upstream.status, upstream.headers = 307, [("location", "/elsewhere")]

    assert Emulator(upstream.url).ask("GET", "/", [], b"").status == 307
    assert len(upstream.requests) == 1


def test_where_nobody_listens_the_answer_is_an_error_that_says_so() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"

    status, code, document = told(Emulator(url).ask("POST", "/", [], b"{}"))

    assert (status, code) == (503, "ServiceUnavailable")
    assert url in document["message"]
    assert "SLIPWAY_EMULATOR_URL" in document["message"]


def test_a_name_that_nobody_knows_is_an_error_that_says_so() -> None:
    # A label of 64 characters is no name of any network (RFC 1035, 2.3.4), so no server is asked.
    url = f"http://{'x' * 64}:4500"

    status, _, document = told(Emulator(url).ask("POST", "/", [], b"{}"))

    assert status == 503
    assert url in document["message"]


def test_a_call_that_breaks_off_is_not_made_twice() -> None:
    arrived: list[bytes] = []

    def hang_up(server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            arrived.append(connection.recv(65536))
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hang_up, args=[server])
        thread.start()
        answer = Emulator(f"http://127.0.0.1:{server.getsockname()[1]}").ask("POST", "/", [], b"{}")
        server.shutdown(socket.SHUT_RDWR)
    thread.join()

    assert answer.status == 503
    assert len(arrived) == 1


def test_without_an_emulator_the_answer_names_the_variable_and_is_not_tried_again() -> None:
    status, code, document = told(not_configured())

    # 501, not 500: clients do not try again.
    assert (status, code) == (501, "InternalFailure")
    assert "SLIPWAY_EMULATOR_URL" in document["message"]
    for service in ("sagemaker", "lambda", "scheduler", "athena", "glue"):
        assert service in document["message"]
