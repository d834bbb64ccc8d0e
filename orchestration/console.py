"""What a run shows: one line a step, as it goes; everything else goes to the log file."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

NAME_WIDTH = 16


@dataclass(slots=True)
class Console:
    """Lines for the person who waits."""

    stream: TextIO
    _started: float = field(default=0.0)
    _name: str = field(default="")

    def line(self, text: str = "") -> None:
        """One line, at once."""
        self._settle()
        print(text, file=self.stream, flush=True)

    def step(self, name: str) -> None:
        """Say that `name` has begun; on a terminal the line waits for its end."""
        self._settle()
        self._name, self._started = name, time.monotonic()
        if self.stream.isatty():
            print(f"  {name:<{NAME_WIDTH}} …", end="", file=self.stream, flush=True)

    def done(self, detail: str = "") -> float:
        """End the current step's line with its time; returns the seconds."""
        seconds = time.monotonic() - self._started
        self._finish(f"{seconds:6.1f} s   {detail}".rstrip())
        return seconds

    def running(self, names: Sequence[str]) -> None:
        """Say what somebody else is at work on, on a terminal; those lines come by `ended`."""
        self._settle()
        if names and self.stream.isatty():
            print(f"\r\033[K  {', '.join(names):<{NAME_WIDTH}} …", end="", file=self.stream, flush=True)

    def ended(self, name: str, seconds: float, detail: str = "") -> None:
        """The line of something that somebody else has done, with the time that it took there."""
        self._settle()
        self._name = name
        self._finish(f"{seconds:6.1f} s   {detail}".rstrip())

    def failed(self) -> None:
        """End the current step's line in failure."""
        self._finish(f"{time.monotonic() - self._started:6.1f} s   failed")

    def _finish(self, text: str) -> None:
        if not self._name:
            return
        start = "\r\033[K" if self.stream.isatty() else ""
        # Forgotten first: an interrupt during the line must not end it a second time.
        name, self._name = self._name, ""
        print(f"{start}  {name:<{NAME_WIDTH}} {text}", file=self.stream, flush=True)

    def _settle(self) -> None:
        if self._name:
            self.failed()


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """`rows` with their columns under each other; the last column runs free."""
    cells = [tuple(row) for row in rows]
    columns = max((len(row) for row in cells), default=0)
    widths = [max((len(row[i]) for row in cells if len(row) > i + 1), default=0) for i in range(columns)]
    return [
        (
            "  "
            + "  ".join(text.ljust(widths[i]) if i + 1 < len(row) else text for i, text in enumerate(row))
        ).rstrip()
        for row in cells
    ]
