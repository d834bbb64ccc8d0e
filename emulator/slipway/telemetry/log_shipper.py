"""Lines of containers, brought to CloudWatch Logs."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from slipway.aws import AwsClients
from slipway.courier import AwayError, Courier, RefusedError, asking
from slipway.resources.resource import Owner
from slipway.telemetry.backlog import STREAMS_REMEMBERED, Backlog, Line, LogStream

# Lines that come together go together, unless somebody waits for them.
GATHER_SECONDS = 0.1

log = logging.getLogger(__name__)


class LogShipper:
    """Brings lines in their order, a call for many of them, without anybody waiting for it."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients
        self._backlog = Backlog()
        # Streams that exist as far as is known; a dict, because it has an order.
        self._known: dict[LogStream, None] = {}
        self._urgent = threading.Event()
        self._courier = Courier("log_shipper", self._deliver, self._wait)

    def start(self) -> None:
        """Begin."""
        self._courier.start()

    def put(self, stream: LogStream, moment: float, text: str) -> None:
        """Have a line brought; returns at once."""
        self._backlog.add(stream, moment, text)

    def settle(self, owner: Owner, group: str, prefix: str, timeout_seconds: float) -> None:
        """Return once the lines of the streams that begin so are there, or cannot be soon."""
        deadline = time.monotonic() + timeout_seconds

        def is_settled() -> bool:
            return self._courier.is_away or not self._backlog.is_busy(
                lambda stream: (
                    (stream.owner, stream.group) == (owner, group) and stream.name.startswith(prefix)
                )
            )

        self._urgent.set()
        # An absence is noticed by looking, for it notifies nobody.
        while not self._backlog.wait(is_settled, GATHER_SECONDS) and time.monotonic() < deadline:
            pass

    def close(self) -> None:
        """Bring what is left, where it is taken at once, and stop."""
        self._courier.ask_to_close()
        self._urgent.set()
        self._backlog.wake()
        self._courier.join()
        try:
            self._deliver()
        except AwayError as error:
            log.warning("log_shipper.lost bytes=%d reason=%s", self._backlog.size, error)

    def _wait(self, closing: threading.Event) -> None:
        self._backlog.wait(lambda: bool(self._backlog.streams()) or closing.is_set())
        self._urgent.wait(GATHER_SECONDS)

    def _deliver(self) -> None:
        self._urgent.clear()
        failure: AwayError | None = None
        for stream in self._backlog.streams():
            # What is not taken of one stream keeps no other waiting.
            try:
                while batch := self._backlog.take(stream):
                    self._bring(stream, batch)
            except AwayError as error:
                failure = error
        if failure is not None:
            raise failure

    def _bring(self, stream: LogStream, batch: Sequence[Line]) -> None:
        try:
            self._put(stream, batch)
        except AwayError:
            self._backlog.put_back(stream, batch)
            raise
        except RefusedError as error:
            log.error("log_shipper.refused stream=%s lines=%d reason=%s", stream, len(batch), error)
        self._backlog.done(stream, batch)

    def _put(self, stream: LogStream, batch: Sequence[Line]) -> None:
        """PutLogEvents, into a stream that is made where it is not there (any more)."""
        client = self._clients.of("logs", stream.owner)
        where = {"logGroupName": stream.group, "logStreamName": stream.name}
        events = [{"timestamp": line.timestamp, "message": line.message} for line in batch]
        if stream not in self._known:
            self._create(client, stream)
        with asking():
            try:
                client.put_log_events(**where, logEvents=events)
            except client.exceptions.ResourceNotFoundException:
                # LocalStack forgets everything on a restart.
                self._create(client, stream)
                client.put_log_events(**where, logEvents=events)

    def _create(self, client: Any, stream: LogStream) -> None:
        where = {"logGroupName": stream.group, "logStreamName": stream.name}
        with asking():
            try:
                client.create_log_stream(**where)
            except client.exceptions.ResourceAlreadyExistsException:
                pass
            except client.exceptions.ResourceNotFoundException:
                client.create_log_group(logGroupName=stream.group)
                client.create_log_stream(**where)
        self._known[stream] = None
        if len(self._known) > STREAMS_REMEMBERED:
            del self._known[next(iter(self._known))]
