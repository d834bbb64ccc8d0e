"""When a monitoring schedule starts its jobs, and of which time they see the data (API, ScheduleConfig)."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from slipway.pipelines.durations import seconds_of
from slipway.resources.document import Document

HOUR_SECONDS, DAY_SECONDS = 3600, 86400
HOURS_A_DAY = 24
NOW = "NOW"
# Where a request has no ScheduleConfig SageMaker picks a time of the day by itself; we pick midnight.
DEFAULT_CONFIG: Document = {"ScheduleExpression": "cron(0 0 ? * * *)"}
FORM = re.compile(r"cron\(0 (?:\*|([0-9]{1,2})(?:/([0-9]{1,2}))?) \? \* \* \*\)", re.ASCII)
FORMS = (
    "cron(0 * ? * * *) for every hour, cron(0 H ? * * *) for every day at H, cron(0 H/N ? * * *) for every "
    "N hours from H on, with H from 00 to 23 and N from 01 to 24, or NOW for once"
)
NO_TIME = re.compile(r"P(?:0+[DW])?(?:T(?:0+[HMS])+)?", re.ASCII)
# The API's own limit of DataAnalysisStartTime before DataAnalysisEndTime.
LONGEST_ANALYSIS_SECONDS = DAY_SECONDS


class TimingError(ValueError):
    """No time can be made of what is written; the text says of what."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to but without `end`, in whole seconds since 1970."""

    start: int
    end: int

    def hours(self) -> Iterator[int]:
        """The beginnings of all hours that it touches: data lies in folders of hours."""
        return iter(range(self.start // HOUR_SECONDS * HOUR_SECONDS, self.end, HOUR_SECONDS))


@dataclass(frozen=True, slots=True)
class Timing:
    """The hours of each day, in UTC and in order, at which jobs start; none of them for once, now."""

    hours: tuple[int, ...]

    @property
    def is_once(self) -> bool:
        """Whether it is NOW."""
        return not self.hours

    @property
    def is_hourly(self) -> bool:
        """Whether an hour lies between two starts."""
        return len(self.hours) == HOURS_A_DAY

    def next_after(self, moment: float) -> int | None:
        """The first start after `moment`; None of what starts once."""
        return next((each for each in self._around(moment) if each > moment), None)

    def previous(self, moment: float) -> int | None:
        """The last start before `moment`; None of what starts once."""
        return max((each for each in self._around(moment) if each < moment), default=None)

    def _around(self, moment: float) -> list[int]:
        """The starts from the day before to the day after, in order."""
        day = math.floor(moment // DAY_SECONDS) * DAY_SECONDS
        days = (day - DAY_SECONDS, day, day + DAY_SECONDS)
        return [each + hour * HOUR_SECONDS for each in days for hour in self.hours]


def parse_timing(expression: str) -> Timing:
    """What a ScheduleExpression says. Raises TimingError."""
    if expression == NOW:
        return Timing(())
    found = FORM.fullmatch(expression)
    first = int(found[1]) if found and found[1] else 0
    if found is None:
        raise TimingError(f"The ScheduleExpression '{expression}' is not valid; write {FORMS}.")
    step = int(found[2]) if found[2] else HOURS_A_DAY if found[1] else 1
    if first >= HOURS_A_DAY or not 1 <= step <= HOURS_A_DAY:
        raise TimingError(f"The ScheduleExpression '{expression}' is not valid; write {FORMS}.")
    # "Every 12 hours, starting at 5pm UTC: cron(0 17/12 ? * * *)" (API): over midnight, unlike cron.
    hours = sorted((first + passed) % HOURS_A_DAY for passed in range(0, HOURS_A_DAY, step))
    return Timing(tuple(hours))


def span_of(timing: Timing, config: Document, endpoint_input: Document, scheduled_at: int) -> Span:
    """Of which time the jobs that start at `scheduled_at` see the data. Raises TimingError.

    That is the time since the start before; or what ScheduleConfig says of it, or else the offsets of
    the input, all of them counted from `scheduled_at` (developer guide, "Model quality", offsets).
    """
    if "DataAnalysisStartTime" in config or "DataAnalysisEndTime" in config or timing.is_once:
        return _analysed(config, scheduled_at)
    start, end = timing.previous(scheduled_at), scheduled_at
    assert start is not None
    if "StartTimeOffset" in endpoint_input:
        start = scheduled_at - _before(endpoint_input, "StartTimeOffset")
    if "EndTimeOffset" in endpoint_input:
        end = scheduled_at - _before(endpoint_input, "EndTimeOffset")
    if start >= end:
        raise TimingError("StartTimeOffset must be before EndTimeOffset; give both, such as -PT2H and -PT1H.")
    return Span(start, end)


def _analysed(config: Document, scheduled_at: int) -> Span:
    for name in ("DataAnalysisStartTime", "DataAnalysisEndTime"):
        if name not in config:
            raise TimingError(
                f"{name} is required with NOW and with the other one; write an offset such as -PT1H."
            )
    start, end = (_before(config, name) for name in ("DataAnalysisStartTime", "DataAnalysisEndTime"))
    if not 0 < start - end <= LONGEST_ANALYSIS_SECONDS:
        raise TimingError(
            "DataAnalysisStartTime must be before DataAnalysisEndTime, and by 24 hours at most."
        )
    return Span(scheduled_at - start, scheduled_at - end)


def _before(document: Document, name: str) -> int:
    """How many seconds before a job's start an offset such as -PT1H means."""
    text = document[name]
    seconds = seconds_of(text[1:]) if text[:2] == "-P" else 0.0 if NO_TIME.fullmatch(text) else None
    if seconds is None:
        raise TimingError(
            f"{name} '{text}' is not valid; write how long before the job's start, such as -PT1H or -P8D."
        )
    return round(seconds)
