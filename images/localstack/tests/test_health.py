import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from slipway_localstack import health

Gateway = Callable[..., int]
HEALTHY = b'{"services": {"s3": "running", "sqs": "available"}, "edition": "community"}'


@contextmanager
def answering(status: int, body: bytes, port: int) -> Iterator[int]:
    """An HTTP server on the loopback interface with one answer to /_localstack/health; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/_localstack/health" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Starts a server with this status and body, on a free port where none is given; returns its port."""
    with ExitStack() as servers:

        def start(status: int, body: bytes, port: int = 0) -> int:
            return servers.enter_context(answering(status, body, port))

        yield start


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_services_that_run_or_wait_for_their_first_call_are_well(gateway: Gateway) -> None:
    assert health.complaint(gateway(200, HEALTHY)) is None


def test_services_in_error_are_named_in_order(gateway: Gateway) -> None:
    port = gateway(200, b'{"services": {"sqs": "error", "s3": "running", "events": "error"}}')

    assert health.complaint(port) == "services in error: events, sqs"


def test_nobody_listening_is_a_complaint() -> None:
    port = free_port()

    complaint = health.complaint(port)

    assert complaint is not None
    assert complaint.startswith(f"the gateway on port {port} does not answer: ")
    assert "refused" in complaint


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"\xff", b"[]", b"null", b'{"services": null}', b'{"services": ["s3"]}']
)
def test_the_answer_of_another_program_is_a_complaint(gateway: Gateway, body: bytes) -> None:
    port = gateway(200, body)

    assert health.complaint(port) == f"what answers on port {port} is not LocalStack"


def test_another_status_is_a_complaint(gateway: Gateway) -> None:
    port = gateway(503, b"<html>Bad Gateway</html>")

    assert health.complaint(port) == f"the gateway on port {port} answers 503"


def test_a_gateway_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "TIMEOUT_SECONDS", 0.05)

    # It accepts, as the kernel does for a program that hangs, and never answers.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        complaint = health.complaint(silent.getsockname()[1])

    assert complaint is not None
    assert "timed out" in complaint


def test_the_program_ends_with_zero_and_no_word_when_all_is_well(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway(200, HEALTHY, health.PORT)

    assert health.main() == 0
    assert capsys.readouterr().out == ""


def test_the_program_ends_with_one_and_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert health.main() == 1
    assert f"port {health.PORT} does not answer" in capsys.readouterr().out
