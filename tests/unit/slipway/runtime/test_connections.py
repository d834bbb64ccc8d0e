"""Kept-alive connections against a real server on the loopback interface."""

import http.client
import socket
import threading

import pytest
from slipway.runtime.connections import (
    Connections,
    ContainerRefusedError,
    ContainerTimeoutError,
    ContainerUnreachableError,
)

from tests.support.containers import wait_until
from tests.support.loopback_model import Said, loopback_model

LONG = 10.0


def post(connections: Connections, body: bytes = b"", seconds: float = LONG) -> bytes:
    return connections.request("POST", "/invocations", {}, body, seconds).body


def test_a_connection_is_used_again() -> None:
    with loopback_model(lambda _path, _headers, body: Said(body=body)) as model:
        connections = Connections(model.address, model.port)

        answers = [post(connections, body) for body in (b"one", b"two", b"three")]
        connections.close()

    assert answers == [b"one", b"two", b"three"]
    assert len(model.connections) == 1


def test_an_answer_is_whole_with_its_status_and_headers() -> None:
    large = bytes(range(256)) * 10_000
    said = Said(201, large, {"X-Amzn-SageMaker-Custom-Attributes": "a=b"})
    with loopback_model(lambda *_request: said) as model:
        connections = Connections(model.address, model.port)
        answer = connections.request("POST", "/invocations", {"Accept": "text/csv"}, large, LONG)
        connections.close()

    assert (answer.status, answer.body) == (201, large)
    assert answer.headers["x-amzn-sagemaker-custom-attributes"] == "a=b"
    ((path, headers, body),) = model.requests
    assert (path, headers["accept"], body) == ("/invocations", "text/csv", large)


def test_a_server_that_closes_after_each_answer_loses_no_request() -> None:
    with loopback_model(lambda _path, _headers, body: Said(body=body, closes=True)) as model:
        connections = Connections(model.address, model.port)

        assert [post(connections, body) for body in (b"one", b"two")] == [b"one", b"two"]
        connections.close()

    assert len(model.connections) == 2


def test_a_kept_connection_that_the_server_gave_up_is_replaced() -> None:
    gives_up = iter([False, True, False])
    with loopback_model(lambda _path, _headers, body: Said(body=body, hangs_up=next(gives_up))) as model:
        connections = Connections(model.address, model.port)
        post(connections, b"one")

        # As a server that closes an idle connection just when the request is on its way.
        assert post(connections, b"two") == b"two"
        connections.close()


def test_a_fresh_connection_without_an_answer_is_an_error() -> None:
    with (
        loopback_model(lambda *_request: Said(hangs_up=True)) as model,
        pytest.raises(ContainerUnreachableError, match="without an answer"),
    ):
        post(Connections(model.address, model.port))

    assert len(model.requests) == 1


def test_a_server_that_is_not_there_has_seen_nothing() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with pytest.raises(ContainerRefusedError):
        post(Connections("127.0.0.1", port))


@pytest.mark.parametrize("is_kept", [False, True])
def test_an_answer_that_takes_too_long_is_given_up(is_kept: bool) -> None:
    goes_on = threading.Event()

    def answer(_path: str, _headers: object, body: bytes) -> Said:
        if body == b"slow":
            goes_on.wait(3 * LONG)
        return Said()

    with loopback_model(answer) as model:
        connections = Connections(model.address, model.port)
        if is_kept:
            post(connections, seconds=6 * LONG)
        try:
            with pytest.raises(ContainerTimeoutError):
                post(connections, b"slow", seconds=0.05)
        finally:
            goes_on.set()
            connections.close()


def is_refused(port: int) -> bool | None:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return None


def test_a_request_that_ended_the_server_is_not_said_to_be_unseen() -> None:
    def dies(_path: str, _headers: object, body: bytes) -> Said:
        if body == b"die":
            listener.close()
            wait_until(lambda: is_refused(model.port), "the listener to be gone")
        return Said(hangs_up=body == b"die")

    with loopback_model(dies) as model:
        listener = model.listener
        connections = Connections(model.address, model.port)
        post(connections)

        # Another instance must not be given what may have ended this one.
        with pytest.raises(ContainerUnreachableError):
            post(connections, b"die")
        connections.close()


def test_head_and_body_are_sent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    really = http.client.HTTPConnection.send

    def send(connection: http.client.HTTPConnection, data: bytes) -> None:
        sent.append(data)
        really(connection, data)

    monkeypatch.setattr(http.client.HTTPConnection, "send", send)
    with loopback_model(lambda _path, _headers, body: Said(body=body)) as model:
        connections = Connections(model.address, model.port)
        answer = post(connections, b"rows")
        connections.close()

    assert answer == b"rows"
    [request] = sent
    assert request.startswith(b"POST /invocations HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\nrows")
