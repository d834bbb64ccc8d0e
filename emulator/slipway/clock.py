"""What time it is, as an argument, so that tests and people can move it."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Seconds since 1970."""

    def now(self) -> float:
        """This moment."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """This moment."""
        return time.time()


class MovableClock:
    """The machine's clock, some seconds ahead of itself; how many survives the process.

    Everything that the control plane stamps and plans goes by it. How long a
    container may run does not: no container works an hour because somebody
    moved a clock.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._ahead_seconds = float(file.read_text("ascii")) if file.exists() else 0.0

    @property
    def ahead_seconds(self) -> float:
        """How far this clock is ahead of the machine's."""
        return self._ahead_seconds

    def now(self) -> float:
        """This moment."""
        return time.time() + self._ahead_seconds

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after every move; it must not block."""
        self._listeners.append(listener)

    def advance(self, seconds: float) -> float:
        """Move the clock forward, never back; returns the new moment. Raises ValueError."""
        if seconds < 0:
            raise ValueError("a clock that went back would undo what has been stamped")
        with self._lock:
            self._write(self._ahead_seconds + seconds)
        return self._moved()

    def reset(self) -> None:
        """Go by the machine's clock again: for a state that has nothing stamped in it."""
        with self._lock:
            self._write(0.0)
        self._moved()

    def _write(self, ahead_seconds: float) -> None:
        unfinished = self._file.with_suffix(".unfinished")
        unfinished.write_text(repr(ahead_seconds), "ascii")
        unfinished.replace(self._file)
        self._ahead_seconds = ahead_seconds

    def _moved(self) -> float:
        for listener in self._listeners:
            listener()
        return self.now()
