"""The pages on which a person sees the control plane's clock, and moves it."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from slipway.clock import MovableClock
from slipway.protocol.call import HttpAnswer, HttpRequest
from slipway.protocol.server import Answerer, json_page

PATH = "/_slipway/clock"
NOT_ALLOWED = "set SLIPWAY_ALLOW_RESET=1 on the emulator to allow this"
UNIT_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
# 90s, 1d12h, and the same as ISO 8601 has it: PT90S, P1DT12H.
DURATION = re.compile(r"(?:P(?=.))?(?:(\d{1,9})D)?(?:T(?=.))?(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?")
# The last year of a cron expression; nothing here is planned beyond it.
END = datetime(2199, 12, 31, tzinfo=UTC).timestamp()
FORMS = '{"Advance": "1h"}, also 90s, 30m, 2d, 1d12h or PT1H, or {"To": "2026-12-24T00:00:00Z"}'


class ClockPages:
    """GET shows the clock; POST moves it, forward alone, where that is allowed."""

    def __init__(self, clock: MovableClock, is_allowed: bool) -> None:
        self._clock = clock
        self._is_allowed = is_allowed

    @property
    def pages(self) -> Mapping[tuple[str, str], Answerer]:
        """The pages by method and path."""
        return {("GET", PATH): self.show, ("POST", PATH): self.move}

    def show(self, _request: HttpRequest) -> HttpAnswer:
        """This moment, and how many seconds it is ahead of the machine's clock."""
        now = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="milliseconds")
        ahead_seconds = round(self._clock.ahead_seconds, 3)
        return json_page({"now": now.replace("+00:00", "Z"), "ahead_seconds": ahead_seconds})

    def move(self, request: HttpRequest) -> HttpAnswer:
        """Move by a duration or to a moment."""
        if not self._is_allowed:
            return json_page({"Message": NOT_ALLOWED}, 403)
        try:
            self._clock.advance(seconds_of(request.body, self._clock.now()))
        except ValueError as error:
            return json_page({"Message": str(error)}, 400)
        return self.show(request)


def seconds_of(body: bytes, now: float) -> float:
    """How far a request wants the clock moved. Raises ValueError, which says what is wanted."""
    try:
        ((member, text),) = json.loads(body).items()
    except (ValueError, AttributeError, RecursionError):
        raise ValueError(f"the body is one of {FORMS}") from None
    if member == "Advance":
        seconds = duration_seconds(text)
    elif member == "To":
        seconds = _moment(text) - now
    else:
        raise ValueError(f"{member} is none of Advance and To; the body is one of {FORMS}")
    if seconds < 0:
        raise ValueError(
            f"{text} has passed, and the clock goes forward alone; POST /_slipway/reset sets it back"
        )
    if now + seconds > END:
        raise ValueError(f"{member} {text} is beyond the year 2199, in which calendars end here")
    return seconds


def duration_seconds(text: object) -> float:
    """1d12h, or PT36H, in seconds. Raises ValueError."""
    found = DURATION.fullmatch(text.upper()) if isinstance(text, str) else None
    if found is None or not any(found.groups()):
        raise ValueError(f"Advance is a duration such as 1h, 90s, 30m, 2d, 1d12h or PT1H, and not {text!r}")
    return sum(
        int(number or 0) * unit for number, unit in zip(found.groups(), UNIT_SECONDS.values(), strict=True)
    )


def _moment(text: object) -> float:
    """A moment in ISO 8601; without an offset it is UTC's."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError(f"To is a moment such as 2026-12-24T00:00:00Z, and not {text!r}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
