"""Schedule expressions: at(...), rate(...) and cron(...), and when they come next.

EventBridge Scheduler User Guide, "Schedule types". Moments are seconds since 1970.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from slipway.schedules.cron import Cron, CronError, parse_cron
from slipway.schedules.zones import moment_of, wall_of, zone_of

DEFAULT_ZONE = "UTC"
AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)", re.ASCII)
RATE = re.compile(r"rate\(([1-9]\d{0,9}) +(minute|hour|day)s?\)", re.ASCII)
CRON = re.compile(r"cron\((.*)\)", re.ASCII)
# A day is 24 hours, however long the one on the calendar is.
UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
# The service's own resolution is a minute; ours is a second, which is what at() and StartDate can say.
STEP_SECONDS = 1


class ExpressionError(ValueError):
    """The text is no schedule expression."""


class Expression(Protocol):
    """When something happens, once or again and again."""

    @property
    def is_recurring(self) -> bool:
        """Whether it may happen more than once."""

    @property
    def is_for_now(self) -> bool:
        """Whether a schedule that begins in one of its times means that one too."""

    def next_after(self, moment: float, anchor: float) -> float | None:
        """The first time after `moment`; a rate counts from `anchor`. None where there is none."""


@dataclass(frozen=True, slots=True)
class At:
    """Once."""

    wall: datetime
    zone: ZoneInfo
    is_recurring = False
    is_for_now = True

    def next_after(self, moment: float, _anchor: float) -> float | None:
        """Its own time, until it has come."""
        own = moment_of(self.wall, self.zone)
        return own if own is not None and own > moment else None


@dataclass(frozen=True, slots=True)
class Rate:
    """At the anchor, and every so many seconds after it; no clock on a wall matters."""

    seconds: int
    is_recurring = True
    is_for_now = True

    def next_after(self, moment: float, anchor: float) -> float | None:
        """The anchor itself where that is still to come."""
        passed = math.floor((moment - anchor) / self.seconds) + 1
        return anchor + max(0, passed) * self.seconds


@dataclass(frozen=True, slots=True)
class Recurring:
    """Whenever the clock on the wall in `zone` shows what `cron` says."""

    cron: Cron
    zone: ZoneInfo
    is_recurring = True
    is_for_now = False

    def next_after(self, moment: float, _anchor: float) -> float | None:
        """The next such time that exists, where the clock shows it for the first time."""
        for wall in self.cron.walls_from(wall_of(moment, self.zone).replace(second=0, microsecond=0)):
            own = moment_of(wall, self.zone)
            if own is not None and own > moment:
                return own
        return None


@lru_cache(maxsize=4096)
def parse_expression(text: str, zone_name: str = DEFAULT_ZONE) -> Expression:
    """What a schedule's expression and time zone say. Raises ExpressionError and UnknownZoneError."""
    zone = zone_of(zone_name)
    if found := AT.fullmatch(text):
        try:
            return At(datetime.fromisoformat(found[1]), zone)
        except ValueError as error:
            raise ExpressionError(str(error)) from None
    if found := RATE.fullmatch(text):
        return Rate(int(found[1]) * UNIT_SECONDS[found[2]])
    if found := CRON.fullmatch(text):
        try:
            return Recurring(parse_cron(found[1]), zone)
        except CronError as error:
            raise ExpressionError(str(error)) from None
    raise ExpressionError("it is neither at(...) nor rate(...) nor cron(...)")
