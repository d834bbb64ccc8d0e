"""Numbers and days of a caller's JSON, and how a refusal names them."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from train_deepar.errors import InstanceError, shown

# Midnight may follow, as the built-in DeepAR's examples write a start.
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?", re.ASCII)
NAMED_DAYS = 3
# A network reckons in float32, which ends at 3e38: what is far from there in a request stays so in between.
LARGEST = 1e12


def read_day(value: object, what: str) -> int:
    """The day that `value` names, as its ordinal. Raises InstanceError."""
    found = _DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        return date.fromisoformat(found[1] if found else "").toordinal()
    except ValueError:
        raise InstanceError(
            f'{what} is {shown(value)}; it needs a day such as "2026-01-30", '
            "for the model's frequency is D, one value a day"
        ) from None


def day_text(ordinal: int) -> str:
    """An ordinal as YYYY-MM-DD."""
    return date.fromordinal(ordinal).isoformat()


def days_text(ordinals: Sequence[int]) -> str:
    """Some days by their first ones: `2026-01-30, 2026-01-31 and 4 more days`."""
    texts = [day_text(ordinal) for ordinal in ordinals[:NAMED_DAYS]]
    more = len(ordinals) - len(texts)
    return ", ".join(texts) + (f" and {more} more day{'s' if more > 1 else ''}" if more else "")


def read_number(value: object, what: str) -> float:
    """A finite number that is no larger than LARGEST. Raises InstanceError."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if abs(number) <= LARGEST:
            return number
        if math.isfinite(number):
            raise InstanceError(f"{what} is {shown(value)}; it needs a number of at most {LARGEST:g}")
    raise InstanceError(f"{what} is {shown(value)}; it needs a finite number")


def read_numbers(values: object, what: str, count: int | None = None) -> npt.NDArray[np.float64]:
    """A list of finite numbers, `count` of them where it matters. Raises InstanceError."""
    if not isinstance(values, list):
        raise InstanceError(f"{what} is {shown(values)}; it needs a list of numbers")
    if count is not None and len(values) != count:
        raise InstanceError(f"{what} has {len(values)} values; it needs {count}")
    return np.array([read_number(value, f"{what}[{place}]") for place, value in enumerate(values)], float)


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a forecast, as ordinals: `past` ones from `start` on, then the horizon's."""

    start: int
    past: int
    horizon: int

    @property
    def first(self) -> int:
        """The horizon's first day."""
        return self.start + self.past

    @property
    def end(self) -> int:
        """The day after the horizon's last one."""
        return self.first + self.horizon

    @property
    def total(self) -> int:
        """How many there are."""
        return self.past + self.horizon
