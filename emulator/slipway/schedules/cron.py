"""cron(minutes hours day-of-month month day-of-week year) as AWS writes it.

EventBridge User Guide, "Cron expressions reference", and EventBridge Scheduler User Guide,
"Cron-based schedules". What these leave open (ranges that wrap, LW, L-3, lists of W) is as
in Quartz, whose letters they are.
"""

import calendar
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

FIRST_YEAR, LAST_YEAR = 1970, 2199
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
SATURDAY, SUNDAY = 5, 6  # as datetime counts
DAYS_IN_WEEK = 7

# The days of a month that a part of a field means, by year and month.
DaysOf = Callable[[int, int], frozenset[int]]


class CronError(ValueError):
    """The text is no cron expression."""


@dataclass(frozen=True, slots=True)
class _Range:
    """What values a field takes."""

    low: int
    high: int
    names: Mapping[str, int]


def _numbered(names: Sequence[str]) -> Mapping[str, int]:
    return {name: number for number, name in enumerate(names, 1)}


MINUTE, HOUR = _Range(0, 59, {}), _Range(0, 23, {})
DAY_OF_MONTH, MONTH = _Range(1, 31, {}), _Range(1, 12, _numbered(MONTHS))
DAY_OF_WEEK, YEAR = _Range(1, DAYS_IN_WEEK, _numbered(DAYS)), _Range(FIRST_YEAR, LAST_YEAR, {})


@dataclass(frozen=True, slots=True)
class Cron:
    """The times on the wall that an expression means."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DaysOf
    months: tuple[int, ...]
    years: tuple[int, ...]

    def walls_from(self, wall: datetime) -> Iterator[datetime]:
        """Every time from `wall` on, in order."""
        for day in self._days_from(wall.date()):
            is_first = day == wall.date()
            for hour in (hour for hour in self.hours if not is_first or hour >= wall.hour):
                walls = (datetime(day.year, day.month, day.day, hour, minute) for minute in self.minutes)
                yield from (found for found in walls if found >= wall)

    def _days_from(self, first: date) -> Iterator[date]:
        for year in (year for year in self.years if year >= first.year):
            for month in self.months:
                if (year, month) >= (first.year, first.month):
                    days = (date(year, month, day) for day in sorted(self.days(year, month)))
                    yield from (day for day in days if day >= first)


def parse_cron(text: str) -> Cron:
    """The expression within the parentheses. Raises CronError."""
    fields = text.upper().split()
    if len(fields) != 6:
        raise CronError(f"six fields are wanted: {text}")
    minute, hour, day_of_month, month, day_of_week, year = fields
    # One of them says nothing, and the other something.
    if (day_of_month == "?") == (day_of_week == "?"):
        raise CronError("one of day-of-month and day-of-week must be ?, and one only")
    days = _days_of_week(day_of_week) if day_of_month == "?" else _days_of_month(day_of_month)
    return Cron(
        _values(minute, MINUTE), _values(hour, HOUR), days, _values(month, MONTH), _values(year, YEAR)
    )


def _values(field: str, of: _Range) -> tuple[int, ...]:
    """The values of a field that has no letters of its own, in order."""
    return tuple(sorted({value for part in field.split(",") for value in _part(part, of)}))


def _part(part: str, of: _Range) -> Iterator[int]:
    """The values of one part: a value, a range or *, with a step or without."""
    extent, slash, step_text = part.partition("/")
    if slash and not (re.fullmatch(r"[0-9]{1,4}", step_text) and int(step_text) > 0):
        raise CronError(f"{part}: a step is a positive number")
    first_text, dash, last_text = extent.partition("-")
    if extent == "*":
        first, last = of.low, of.high
    elif dash:
        first, last = _value(first_text, of), _value(last_text, of)
    else:
        first = _value(first_text, of)
        # 5/15 goes on to the end of the field; 5 is itself.
        last = of.high if slash else first
    if last < first:
        # FRI-MON, 22-2.
        last += of.high - of.low + 1
    size = of.high - of.low + 1
    for value in range(first, last + 1, int(step_text) if slash else 1):
        yield of.low + (value - of.low) % size


def _value(text: str, of: _Range) -> int:
    value = of.names.get(text, -1)
    if re.fullmatch(r"[0-9]{1,4}", text):
        value = int(text)
    if not of.low <= value <= of.high:
        raise CronError(f"{text!r} is not from {of.low} to {of.high}")
    return value


# -- days of a month ----------------------------------------------------------


def _days_of_month(field: str) -> DaysOf:
    return _any_of([_day_of_month(part) for part in field.split(",")])


def _day_of_month(part: str) -> DaysOf:
    if last := re.fullmatch(r"L(?:-([0-9]{1,2}))?(W)?", part):
        back = int(last[1] or 0)
        if back >= DAY_OF_MONTH.high:
            raise CronError(f"{part}: no month is so long")
        return lambda year, month: _day_or_weekday(year, month, _length(year, month) - back, bool(last[2]))
    if part.endswith("W"):
        day = _value(part[:-1], DAY_OF_MONTH)
        return lambda year, month: _day_or_weekday(year, month, day, True)
    values = frozenset(_part(part, DAY_OF_MONTH))
    return lambda year, month: frozenset(value for value in values if value <= _length(year, month))


def _day_or_weekday(year: int, month: int, day: int, is_weekday: bool) -> frozenset[int]:
    """A day where the month has it; the weekday nearest to it, which is never in another month."""
    length = _length(year, month)
    if not 1 <= day <= length:
        return frozenset()
    weekday = calendar.weekday(year, month, day)
    if is_weekday and weekday == SATURDAY:
        day += -1 if day > 1 else 2
    elif is_weekday and weekday == SUNDAY:
        day += 1 if day < length else -2
    return frozenset({day})


# -- days of a week -----------------------------------------------------------


def _days_of_week(field: str) -> DaysOf:
    if "#" in field and "," in field:
        raise CronError("with # there is one expression alone")
    return _any_of([_day_of_week(part) for part in field.split(",")])


def _day_of_week(part: str) -> DaysOf:
    if part == "L":
        # The last day of a week is Saturday.
        part = str(DAYS_IN_WEEK)
    name, hash_, number_text = part.partition("#")
    if hash_:
        if not re.fullmatch("[1-5]", number_text):
            raise CronError(f"{part}: a month has five weeks at most")
        value, number = _value(name, DAY_OF_WEEK), int(number_text)
        return lambda year, month: frozenset(_days_called(year, month, value)[number - 1 : number])
    if part.endswith("L"):
        value = _value(part[:-1], DAY_OF_WEEK)
        return lambda year, month: frozenset(_days_called(year, month, value)[-1:])
    values = frozenset(_part(part, DAY_OF_WEEK))
    return lambda year, month: frozenset(day for value in values for day in _days_called(year, month, value))


def _days_called(year: int, month: int, value: int) -> list[int]:
    """The days of a month that are Sundays, where `value` is 1, and so on."""
    # datetime's Monday is 0, AWS's is 2.
    wanted = (value + 5) % DAYS_IN_WEEK
    first = 1 + (wanted - calendar.weekday(year, month, 1)) % DAYS_IN_WEEK
    return list(range(first, _length(year, month) + 1, DAYS_IN_WEEK))


def _any_of(parts: list[DaysOf]) -> DaysOf:
    return lambda year, month: frozenset().union(*(part(year, month) for part in parts))


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
