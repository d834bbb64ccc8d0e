"""What time it is, as an argument, so that tests can move it."""

import time
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
