"""Hours of data as folders of S3, as few of them as a job's inputs have room for."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

# How folders of captured calls, of merged ones and of ground truth are called (developer guide), and what
# holds more than an hour: jobs go by start_time and end_time, "extra data may be present".
LEVELS = ("%Y/%m/%d/%H", "%Y/%m/%d", "%Y/%m", "%Y")
HOUR_FOLDER = re.compile(r"(\d{4})/(\d{2})/(\d{2})/(\d{2})/[^/]", re.ASCII)


class TooManyPartitionsError(ValueError):
    """A job cannot have so many inputs."""


def folder(hour: int, level: str = LEVELS[0]) -> str:
    """What the folder that holds an hour is called; `hour` is its beginning in seconds since 1970."""
    return datetime.fromtimestamp(hour, UTC).strftime(level)


def days(start: float, end: float) -> list[str]:
    """The folders of all days from `start` up to `end`, for a look at what is there."""
    first, last = (datetime.fromtimestamp(moment, UTC).date() for moment in (start, end))
    return [f"{first + timedelta(passed):%Y/%m/%d}" for passed in range((last - first).days + 1)]


def hours_in(keys: Iterable[str], prefix: str) -> set[int]:
    """The hours whose folders below `prefix` have something in them."""
    found = (HOUR_FOLDER.match(key[len(prefix) :]) for key in keys if key.startswith(prefix))
    return {hour for each in found if each and (hour := _hour(*each.groups())) is not None}


def _hour(year: str, month: str, day: str, hour: str) -> int | None:
    try:
        return round(datetime(int(year), int(month), int(day), int(hour), tzinfo=UTC).timestamp())
    except ValueError:
        # Somebody's own folder that looks like a date.
        return None


def fitted(groups: Sequence[Iterable[int]], room: int) -> list[list[str]]:
    """Folders for each group of hours, `room` of them in all: hours where they fit, else days, months, years.

    Raises TooManyPartitionsError.
    """
    hours = [sorted(set(group)) for group in groups]
    levels = [0] * len(hours)
    while True:
        found = [_folders(group, LEVELS[level]) for group, level in zip(hours, levels, strict=True)]
        if sum(map(len, found)) <= room:
            return found
        finer = [number for number, level in enumerate(levels) if level + 1 < len(LEVELS)]
        if not finer:
            raise TooManyPartitionsError(
                f"the data lies in more than {room} folders, as many as a job can read"
            )
        levels[max(finer, key=lambda number: len(found[number]))] += 1


def _folders(hours: Iterable[int], level: str) -> list[str]:
    return list(dict.fromkeys(folder(hour, level) for hour in hours))
