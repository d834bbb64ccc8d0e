"""Time zones: what a clock on the wall means in seconds since 1970."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class UnknownZoneError(Exception):
    """There is no time zone of that name in the IANA database."""


@cache
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises UnknownZoneError."""
    try:
        return ZoneInfo(name)
    # A name such as ../x, or that of a folder of zones, is none either.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZoneError(name) from None


def moment_of(wall: datetime, zone: ZoneInfo) -> float | None:
    """The moment of a time on the wall; None where clocks skip it, the first one where they repeat it.

    EventBridge Scheduler User Guide, "Daylight savings time on EventBridge Scheduler": in
    spring an invocation at a time that does not exist is skipped, in autumn one at a time
    that comes twice is not repeated.
    """
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall:
        return None
    return moment.timestamp()


def wall_of(moment: float, zone: ZoneInfo) -> datetime:
    """What clocks on the wall show at a moment, without a zone."""
    return datetime.fromtimestamp(moment, zone).replace(tzinfo=None, fold=0)
