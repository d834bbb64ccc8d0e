"""A connection of the HTTP edge on which a look-up is answered as soon as its headers are there."""

from http import HTTPStatus
from typing import Any

from slipway.protocol.call import HttpAnswer, HttpRequest
from slipway.protocol.connection import Connection
from slipway.protocol.server import Server, encoded

# What says that a body follows.
_OF_A_BODY = frozenset({b"content-length", b"transfer-encoding"})
_STATUS_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}


class QuickConnection(Connection):
    """A connection on which GETs that the server answers at once are no task and no message.

    A request that is not plain in every respect (another version, a body, one that came before the
    answer to the one before) goes uvicorn's way.
    """

    _is_answered = False

    def on_headers_complete(self) -> None:
        """Answer, or begin to have it answered."""
        if not self._answers_at_once():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        if not self._is_answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of a request."""
        if self._is_answered:
            self._wait_no_longer()
            self._is_answered = False
        else:
            super().on_message_complete()

    def _answers_at_once(self) -> bool:
        answer = self._answer() if self._is_plain() else None
        if answer is None:
            return False
        self._is_answered = True
        headers = [
            *self.server_state.default_headers,
            *encoded({**answer.headers, "content-length": str(len(answer.body))}),
        ]
        lines = [b"%b: %b\r\n" % header for header in headers]
        self.transport.write(b"".join((_STATUS_LINES[answer.status], *lines, b"\r\n", answer.body)))
        self.on_response_complete()
        return True

    def _is_plain(self) -> bool:
        parser: Any = self.parser
        return (
            parser.get_method() == b"GET"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and not self.expect_100_continue
            and (self.cycle is None or self.cycle.response_complete)
            and not self.pipeline
            and not self.flow.write_paused
            # uvicorn knows what a fragment is, which no client sends.
            and b"#" not in self.url
            and not any(name in _OF_A_BODY for name, _ in self.headers)
        )

    def _answer(self) -> HttpAnswer | None:
        server = self.config.app
        if not isinstance(server, Server):
            return None
        path, _, query = self.url.decode("latin-1").partition("?")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.headers}
        return server.known(HttpRequest("GET", path, query, headers))
