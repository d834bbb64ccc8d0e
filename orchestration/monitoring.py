"""How a project is watched, as `monitoring:` in its project.yaml says."""

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, field_validator, model_validator

from orchestration.names import DATA_QUALITY, MODEL_QUALITY
from orchestration.project_model import ProjectModel, Text

# Model Monitor's own forms (developer guide, "Cron Expressions for Monitoring Schedules"), which
# EventBridge Scheduler reads too: one expression for both.
SCHEDULE = re.compile(r"cron\(0 (?P<hour>\*|\d{1,2})(?:/(?P<every>\d{1,2}))? \? \* \* \*\)")
DAY_HOURS = 24
# MonitoringTimeOffsetString (API reference): hours, or days, before the time of the schedule.
OFFSET = re.compile(r"-PT?(?P<count>\d{1,3})(?P<unit>[DH])")
# Durations of what waits and looks back; ISO 8601 in days or hours.
DURATION = re.compile(r"PT?(?P<count>\d{1,4})(?P<unit>[DH])")


def _hours(form: re.Pattern[str], text: str, example: str) -> int:
    """How many hours a text means. Raises ValueError with an example of what would do."""
    found = form.fullmatch(text)
    # Hours stand behind a T, days do not.
    if found is None or ("T" in text) is not (found["unit"] == "H"):
        raise ValueError(f"'{text}' is no number of hours or days; write {example}")
    return int(found["count"]) * (1 if found["unit"] == "H" else DAY_HOURS)


class Monitor(ProjectModel):
    """When a monitor runs, and which hours it then looks at: those before the time of its schedule."""

    schedule: Text = "cron(0 * ? * * *)"
    start_offset: Text | None = None
    end_offset: Text = "-PT0H"

    @field_validator("schedule")
    @classmethod
    def _schedule_is_one_of_model_monitors(cls, schedule: str) -> str:
        found = SCHEDULE.fullmatch(schedule)
        if (
            found is None
            or (found["hour"] != "*" and int(found["hour"]) >= DAY_HOURS)
            or (found["every"] is not None and not 1 <= int(found["every"]) <= DAY_HOURS)
            or (found["hour"] == "*" and found["every"] is not None)
        ):
            raise ValueError(
                f"'{schedule}' is no schedule of Model Monitor's; write cron(0 * ? * * *) for every hour, "
                "cron(0 6 ? * * *) for 06:00 each day or cron(0 0/4 ? * * *) for every fourth hour"
            )
        return schedule

    @field_validator("start_offset", "end_offset")
    @classmethod
    def _offset_is_hours_or_days(cls, offset: str | None) -> str | None:
        if offset is not None:
            _hours(OFFSET, offset, "-PT1H or -P1D")
        return offset

    @model_validator(mode="after")
    def _window_is_not_empty(self) -> Self:
        if self.start_hours <= self.end_hours:
            raise ValueError(
                f"the window from start_offset {self.starts} to end_offset {self.end_offset} is empty; "
                "start_offset lies further back"
            )
        return self

    @property
    def period_hours(self) -> int:
        """How many hours lie between two runs."""
        found = SCHEDULE.fullmatch(self.schedule)
        assert found is not None
        if found["every"] is not None:
            return int(found["every"])
        return 1 if found["hour"] == "*" else DAY_HOURS

    @property
    def start_hours(self) -> int:
        """How many hours before the time of the schedule the window begins."""
        return _hours(OFFSET, self.start_offset, "-PT1H") if self.start_offset else self.period_hours

    @property
    def end_hours(self) -> int:
        """How many hours before the time of the schedule the window ends."""
        return _hours(OFFSET, self.end_offset, "-PT0H")

    @property
    def starts(self) -> str:
        """The offset at which the window begins: where none is set, as far back as the run before."""
        return self.start_offset or f"-PT{self.period_hours}H"


class RetrainingLimits(ProjectModel):
    """How often violations may start a retraining."""

    cool_down: Text = "PT6H"
    per_day: Annotated[StrictInt, Field(ge=1, le=24)] = 4

    @field_validator("cool_down", "look_back", check_fields=False)
    @classmethod
    def _duration_is_hours_or_days(cls, duration: str) -> str:
        _hours(DURATION, duration, "PT6H or P30D")
        return duration

    @property
    def cool_down_time(self) -> timedelta:
        """How long after a retraining the next one waits."""
        return timedelta(hours=_hours(DURATION, self.cool_down, "PT6H"))


class Retraining(RetrainingLimits):
    """A retraining on captured rows: also from how far back, and from how many of them."""

    look_back: Text = "P30D"
    minimum_rows: Annotated[StrictInt, Field(ge=1)] = 50

    @property
    def look_back_time(self) -> timedelta:
        """How far before the end of a window labelled rows are taken from."""
        return timedelta(hours=_hours(DURATION, self.look_back, "P30D"))


class Monitoring(ProjectModel):
    """The monitors of a project, who starts them, and what they start.

    `by` is who: a pipeline that EventBridge Scheduler starts, or SageMaker's own monitoring schedules.
    """

    by: Literal["pipeline", "schedule"] = "pipeline"
    data_quality: Monitor = Monitor()
    model_quality: Monitor = Monitor()
    retraining: RetrainingLimits | None = None

    def monitor(self, name: str) -> Monitor:
        """The monitor of that name (names.MONITORS)."""
        return {DATA_QUALITY: self.data_quality, MODEL_QUALITY: self.model_quality}[name]


class TabularMonitoring(Monitoring):
    """Hours of requests, and of answers beside the labels that came of them."""

    retraining: Retraining | None = None


class DayMonitor(Monitor):
    """A monitor of whole days: rows of sales and the like are of a day, and not of an hour."""

    schedule: Text = "cron(0 6 ? * * *)"
    start_offset: Text | None = "-PT30H"
    end_offset: Text = "-PT6H"

    @model_validator(mode="after")
    def _window_is_of_days(self) -> Self:
        found = SCHEDULE.fullmatch(self.schedule)
        assert found is not None
        if found["every"] is not None or found["hour"] == "*":
            raise ValueError(f"'{self.schedule}' runs more than once a day; write cron(0 6 ? * * *)")
        hour = int(found["hour"])
        if (hour - self.start_hours) % DAY_HOURS or (hour - self.end_hours) % DAY_HOURS:
            raise ValueError(
                f"the window from {self.starts} to {self.end_offset} at {hour}:00 does not begin and end at "
                f"midnight; for the day before write start_offset -PT{hour + DAY_HOURS}H and "
                f"end_offset -PT{hour}H"
            )
        return self


class AccuracyMonitor(DayMonitor):
    """Forecasts beside what came true.

    `tolerance` is how many standard deviations a day may be worse than the test part: the rows of
    a day go up and down together, so chance is allowed more than where each is by itself.
    """

    tolerance: Annotated[float, Field(gt=0)] = 3.0


class ForecastMonitoring(Monitoring):
    """Days of rows as they come, and of forecasts beside them.

    SageMaker's own schedules look at captured calls of some hours, which a day's forecasts are not.
    """

    by: Literal["pipeline"] = "pipeline"
    data_quality: DayMonitor = DayMonitor()
    model_quality: AccuracyMonitor = AccuracyMonitor()
