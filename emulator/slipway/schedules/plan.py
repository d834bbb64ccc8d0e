"""When a schedule fires: its expression between its dates, and within its window."""

import hashlib
import math
from dataclasses import dataclass

from slipway.resources.document import Document
from slipway.schedules.expressions import DEFAULT_ZONE, STEP_SECONDS, Expression, parse_expression

MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """The times of one schedule, in whole seconds since 1970.

    `anchor` is where a rate counts from: the creation, or StartDate. The dates
    bound recurring schedules alone (API reference, CreateSchedule).
    """

    expression: Expression
    anchor: float
    start: float | None = None
    end: float | None = None

    def next_after(self, moment: float) -> float | None:
        """The first time after `moment`; None once there is none."""
        if not self.expression.is_recurring:
            return self.expression.next_after(moment, self.anchor)
        if self.start is not None:
            moment = max(moment, self.start - STEP_SECONDS)
        found = self.expression.next_after(moment, self.anchor)
        return None if found is None or (self.end is not None and found > self.end) else found

    def first(self, moment: float) -> float | None:
        """The first time of a schedule that begins at `moment`."""
        is_for_now = self.expression.is_for_now
        return self.next_after(math.floor(moment) - STEP_SECONDS if is_for_now else moment)


def plan_of(schedule: Document, anchor: float) -> Plan:
    """The plan of a schedule as GetSchedule shows it. Raises ExpressionError and UnknownZoneError."""
    zone_name = schedule.get("ScheduleExpressionTimezone", DEFAULT_ZONE)
    expression = parse_expression(schedule["ScheduleExpression"], zone_name)
    start = schedule.get("StartDate")
    return Plan(
        expression,
        math.floor(anchor if start is None else start),
        None if start is None else math.floor(start),
        schedule.get("EndDate"),
    )


def due_at(scheduled_at: float, window: Document, identity: str) -> float:
    """When within a schedule's FlexibleTimeWindow a firing is delivered.

    AWS spreads them by chance; here `identity` decides, so that a restart decides alike.
    """
    if window.get("Mode") != "FLEXIBLE":
        return scheduled_at
    seconds: int = window["MaximumWindowInMinutes"] * MINUTE_SECONDS
    chance = int(hashlib.sha256(f"{identity} {scheduled_at}".encode()).hexdigest()[:8], 16) / 16**8
    return scheduled_at + math.floor(chance * seconds)
