"""The stretch of time that a job is about."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` up to but without `end`; None is without a limit."""

    start: datetime | None = None
    end: datetime | None = None

    @property
    def is_limited(self) -> bool:
        """Whether there is a time that is not in it."""
        return self.start is not None or self.end is not None

    def __contains__(self, moment: datetime) -> bool:
        """Whether it holds `moment`."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)

    def __str__(self) -> str:
        """As a message says it."""
        start, end = (f"{moment:%FT%TZ}" if moment else "any time" for moment in (self.start, self.end))
        return f"from {start} to {end}"
