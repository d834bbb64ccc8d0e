"""What one container of a function says, in its order, with Lambda's own lines between."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# A line needs this long, at most, from a container's program through the engine's log to here. The
# engine stamps it on that way, so its time may be later than the end of what said it.
LINE_SECONDS = 0.25
# Invoke answers the last 4 KB.
TAIL_BYTES = 4096

# Seconds since 1970, text.
OnLine = Callable[[float, str], None]


@dataclass(slots=True)
class _Mark:
    """Lambda's own lines about the begin or the end of an invocation at `moment`."""

    moment: float
    texts: Callable[[], list[str]]
    is_begin: bool
    done: threading.Event = field(default_factory=threading.Event)


class FunctionLog:
    """The lines of one container; marks wait until what was said before them must be here.

    What is said after an end, and before the next begin, was said before that end.
    """

    def __init__(self, on_line: OnLine) -> None:
        self._on_line = on_line
        self._lock = threading.Lock()
        self._marks: list[_Mark] = []
        self._tail = bytearray()

    def line(self, moment: float, text: str) -> None:
        """The container has said something at `moment`."""
        with self._lock:
            begun = [
                place for place, mark in enumerate(self._marks) if mark.is_begin and mark.moment <= moment
            ]
            for _ in range(begun[-1] + 1 if begun else 0):
                self._write(self._marks.pop(0))
            # Whoever reads the log sorts by time.
            self._put(min(moment, self._marks[0].moment) if self._marks else moment, text)

    def mark(self, moment: float, texts: Callable[[], list[str]], is_begin: bool = False) -> threading.Event:
        """Lambda says something of its own; the event is set once that is written."""
        mark = _Mark(moment, texts, is_begin)
        with self._lock:
            self._marks.append(mark)
        return mark.done

    def settle(self, moment: float) -> None:
        """Write the marks up to `moment`: nothing said before it can still come."""
        with self._lock:
            while self._marks and self._marks[0].moment <= moment:
                self._write(self._marks.pop(0))

    def finish(self) -> None:
        """The container has said its last."""
        with self._lock:
            while self._marks:
                self._write(self._marks.pop(0))

    def tail(self) -> bytes:
        """The last 4 KB of the invocation that was begun last."""
        with self._lock:
            return bytes(self._tail[-TAIL_BYTES:])

    def _write(self, mark: _Mark) -> None:
        for text in mark.texts():
            if mark.is_begin:
                self._tail.clear()
            self._put(mark.moment, text)
        mark.done.set()

    def _put(self, moment: float, text: str) -> None:
        self._on_line(moment, text)
        self._tail += text.encode() + b"\n"
        del self._tail[:-TAIL_BYTES]


def _nothing() -> None:
    """Nothing is to be done before."""


class Clerk:
    """Settles logs a moment after their marks, in one thread for all of them."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, FunctionLog, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="function-log", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def settle_later(self, log: FunctionLog, moment: float, before: Callable[[], None] = _nothing) -> None:
        """Have a log settled once the marks of `moment` may be written, and `before` be done before."""
        with self._changed:
            heapq.heappush(self._due, (moment, next(self._numbers), log, before))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._is_closed:
                    return
                wait = self._due[0][0] + LINE_SECONDS - time.time() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                moment, _, log, before = heapq.heappop(self._due)
            before()
            log.settle(moment)
