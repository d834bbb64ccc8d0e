"""Lines that CloudWatch Logs has not taken yet: in order, cut to its limits, bounded."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from slipway.resources.resource import Owner

# PutLogEvents (API reference): so many events, so many bytes with 26 more for each event.
EVENTS_PER_CALL = 10_000
BYTES_PER_CALL = 1_048_576
OVERHEAD_BYTES = 26
# A longer line becomes several events; 256 KB was the limit of one for most of the service's life.
LINE_BYTES = 256 * 1024 - OVERHEAD_BYTES
# What is kept while CloudWatch Logs is away; of a container that says more, the end is kept.
KEPT_BYTES = 32 * 1024**2
STREAMS_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class LogStream:
    """Where a container's lines go."""

    owner: Owner
    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """An event of CloudWatch Logs; its time is in milliseconds since 1970."""

    timestamp: int
    message: str
    size: int


@dataclass(slots=True)
class _Lines:
    """What one stream waits with."""

    lines: deque[Line] = field(default_factory=deque)
    size: int = 0
    dropped: int = 0

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.size += line.size

    def pop_oldest(self) -> Line:
        line = self.lines.popleft()
        self.size -= line.size
        return line


class Backlog:
    """The lines of every stream, safe for all threads.

    A batch that was taken is either done or put back; until then its stream
    counts as busy. Together the lines never take much more than `kept_bytes`:
    beyond that the oldest of the stream with the most are dropped, and a line
    in their place says how many.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._waiting: dict[LogStream, _Lines] = {}
        self._taken: set[LogStream] = set()
        self._size = 0
        self._times: dict[LogStream, int] = {}
        self._changed = threading.Condition()

    @property
    def size(self) -> int:
        """Bytes that wait or are under way."""
        return self._size

    def add(self, stream: LogStream, moment: float, text: str) -> None:
        """Let a line wait; an empty one is none, for an event must have a message."""
        if not text:
            return
        with self._changed:
            timestamp = self._in_order(stream, round(moment * 1000))
            waiting = self._waiting.setdefault(stream, _Lines())
            for piece in pieces(text):
                line = Line(timestamp, piece, len(piece.encode()) + OVERHEAD_BYTES)
                waiting.add(line)
                self._size += line.size
            self._drop_what_is_too_much()
            self._changed.notify_all()

    def streams(self) -> list[LogStream]:
        """The streams that have lines waiting."""
        with self._changed:
            return list(self._waiting)

    def take(self, stream: LogStream) -> list[Line]:
        """The next lines of a stream, as many as go into a call; none where none wait."""
        with self._changed:
            waiting = self._waiting.get(stream)
            if waiting is None:
                return []
            self._taken.add(stream)
            batch = [_gap(waiting)] if waiting.dropped else []
            waiting.dropped = 0
            size = 0
            while (
                waiting.lines
                and len(batch) < EVENTS_PER_CALL
                and size + waiting.lines[0].size <= BYTES_PER_CALL
            ):
                batch.append(waiting.pop_oldest())
                size += batch[-1].size
            if not waiting.lines:
                del self._waiting[stream]
            return batch

    def done(self, stream: LogStream, batch: Sequence[Line]) -> None:
        """A batch is where it belongs."""
        with self._changed:
            self._taken.discard(stream)
            self._size -= sum(line.size for line in batch)
            self._changed.notify_all()

    def put_back(self, stream: LogStream, batch: Sequence[Line]) -> None:
        """A batch was not taken: it comes before what has been said since."""
        with self._changed:
            self._taken.discard(stream)
            waiting = self._waiting.setdefault(stream, _Lines())
            waiting.lines.extendleft(reversed(batch))
            waiting.size += sum(line.size for line in batch)
            self._drop_what_is_too_much()

    def is_busy(self, concerns: Callable[[LogStream], bool]) -> bool:
        """Whether a stream that `concerns` us has lines that wait or are under way."""
        with self._changed:
            return any(map(concerns, (*self._waiting, *self._taken)))

    def wait(self, condition: Callable[[], bool], timeout_seconds: float | None = None) -> bool:
        """Return once `condition` is true, as it may become by a change here or by `wake`."""
        with self._changed:
            return self._changed.wait_for(condition, timeout_seconds)

    def wake(self) -> None:
        """Have everybody who waits look again."""
        with self._changed:
            self._changed.notify_all()

    def _in_order(self, stream: LogStream, timestamp: int) -> int:
        """A time that is not before the stream's last one, as PutLogEvents wants it."""
        ordered = max(timestamp, self._times.pop(stream, 0))
        self._times[stream] = ordered
        if len(self._times) > STREAMS_REMEMBERED:
            del self._times[next(iter(self._times))]
        return ordered

    def _drop_what_is_too_much(self) -> None:
        while self._size > self._kept_bytes:
            fullest = max(self._waiting.values(), key=lambda waiting: waiting.size, default=None)
            if fullest is None or len(fullest.lines) < 2:
                return
            self._size -= fullest.pop_oldest().size
            fullest.dropped += 1


def pieces(text: str) -> Iterator[str]:
    """`text` in parts that are each small enough for an event; most lines are one part."""
    encoded = text.encode()
    while encoded:
        end = LINE_BYTES
        # A character is not cut: every byte of one but its first begins with the bits 10.
        while end < len(encoded) and encoded[end] & 0b1100_0000 == 0b1000_0000:
            end -= 1
        yield encoded[:end].decode()
        encoded = encoded[end:]


def _gap(waiting: _Lines) -> Line:
    text = f"[slipway: {waiting.dropped} lines are missing here, for CloudWatch Logs was away too long]"
    return Line(waiting.lines[0].timestamp, text, 0)
