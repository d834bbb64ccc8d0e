"""Unit tests reach nothing beyond this machine's loopback interface, and no Docker."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.control_plane import take_back_clients

# How long an example takes says how busy a machine is, not whether anything is wrong.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def _sockets_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] in LOOPBACK:
            return connect(self, address)
        raise AssertionError(f"a unit test connects to {address!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(autouse=True)
def _clients_are_used_again() -> Iterator[None]:
    yield
    take_back_clients()
