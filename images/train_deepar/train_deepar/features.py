"""What changes from day to day and is known ahead, such as prices and holidays."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from train_deepar.errors import InstanceError, shown
from train_deepar.panel import KNOWN, DynamicFeature, Panel
from train_deepar.series import Series
from train_deepar.values import Days, day_text, days_text, read_day, read_number, read_numbers

Numbers = npt.NDArray[np.float64]


class FeatureReader:
    """Reads an instance's features, of each day of its history and of the horizon."""

    def __init__(self, panel: Panel) -> None:
        self._features = panel.dynamic_feat
        self._known = [feature.name for feature in panel.known]
        self._holidays = np.array([day.toordinal() for day in panel.holidays], int)
        self._holidays_until = panel.holidays_until

    def read(
        self, instance: Mapping[str, object], held: Series | None, days: Days, target: Numbers
    ) -> Numbers:
        """Raw units, shape (features, days of history and horizon).

        What the instance gives comes first, then what the model holds of the
        series. Raises InstanceError for a day that has neither.
        """
        if "dynamic_feat" in instance:
            if "known" in instance:
                raise InstanceError("known and dynamic_feat say the same; give one of them")
            return self._encoded(instance["dynamic_feat"], days)
        given = instance.get("known", {})
        if not isinstance(given, dict):
            raise InstanceError(f"known is {shown(given)}; it needs an object with {self._known_names()}")
        if unknown := [name for name in given if name not in self._known]:
            raise InstanceError(f"known has {shown(unknown[0])}; a request gives {self._known_names()}")
        rows = [
            self._known_row(feature, given.get(feature.name), _held_row(place, held, days), days, target)
            if feature.source == KNOWN
            else self._holiday_row(days)
            for place, feature in enumerate(self._features)
        ]
        return np.array(rows, float).reshape(len(rows), days.total)

    def _known_names(self) -> str:
        return ", ".join(self._known) or "nothing"

    def _encoded(self, given: object, days: Days) -> Numbers:
        if not isinstance(given, list) or len(given) != len(self._features):
            names = ", ".join(feature.name for feature in self._features)
            raise InstanceError(f"dynamic_feat needs {len(self._features)} lists of numbers, for {names}")
        rows = []
        for place, (feature, values) in enumerate(zip(self._features, given, strict=True)):
            what = f"dynamic_feat[{place}] ({feature.name})"
            rows.append(read_numbers(values, what, days.total))
            for value, day in zip(values, range(days.start, days.end), strict=True):
                _check(feature, value, f"{what} of {day_text(day)}")
        return np.array(rows, float).reshape(len(rows), days.total)

    def _known_row(
        self, feature: DynamicFeature, given: object, row: Numbers, days: Days, target: Numbers
    ) -> Numbers:
        what = f"known.{feature.name}"
        for day, value in _by_day(given, what, days):
            number = read_number(value, f"{what} of {day_text(day)}")
            _check(feature, number, f"{what} of {day_text(day)}")
            row[day - days.start] = number
        if missing := [day for day in range(days.first, days.end) if np.isnan(row[day - days.start])]:
            raise InstanceError(
                f"{what} is missing for {days_text(missing)}; give it for each day of the horizon, "
                f"{day_text(days.first)} to {day_text(days.end - 1)}"
            )
        # A day without a sale may have no price: preprocessing takes the last one as well.
        needed = ~np.isnan(target) & np.isnan(row[: days.past])
        if needed.any():
            missing = [days.start + place for place in np.flatnonzero(needed).tolist()]
            raise InstanceError(
                f"{what} is missing for {days_text(missing)}, days of the history that is given; "
                f"give dates, or a list of all {days.total} days of history and horizon"
            )
        return _filled(row)

    def _holiday_row(self, days: Days) -> Numbers:
        until = self._holidays_until
        if until is None or days.end - 1 > until.toordinal():
            known = "no holidays" if until is None else f"holidays until {until.isoformat()}"
            raise InstanceError(
                f"the model knows {known}, the horizon ends {day_text(days.end - 1)}; train with newer data"
            )
        return np.isin(np.arange(days.start, days.end), self._holidays).astype(float)


def _held_row(place: int, held: Series | None, days: Days) -> Numbers:
    """What the model holds of a feature, by the days of the history; NaN elsewhere."""
    row = np.full(days.total, np.nan)
    if held is not None:
        offset = held.start.toordinal() - days.start
        values = held.dynamic_feat[place, : len(held.target)]
        low, high = max(0, offset), min(days.past, offset + len(values))
        if low < high:
            row[low:high] = values[low - offset : high - offset]
    return row


def _by_day(given: object, what: str, days: Days) -> list[tuple[int, object]]:
    """The values given, each with its day's ordinal."""
    if given is None:
        return []
    if isinstance(given, list):
        if len(given) == days.horizon:
            return list(zip(range(days.first, days.end), given, strict=True))
        if len(given) == days.total:
            return list(zip(range(days.start, days.end), given, strict=True))
        raise InstanceError(
            f"{what} has {len(given)} values, the horizon has {days.horizon} days, "
            f"{day_text(days.first)} to {day_text(days.end - 1)}; give one for each"
        )
    if not isinstance(given, dict):
        raise InstanceError(
            f"{what} is {shown(given)}; it needs a list of {days.horizon} numbers, or one for each date"
        )
    pairs = [(read_day(key, f"a date of {what}"), value) for key, value in given.items()]
    for day, _ in pairs:
        if not days.start <= day < days.end:
            raise InstanceError(
                f"{what} has {day_text(day)}; history and horizon are "
                f"{day_text(days.start)} to {day_text(days.end - 1)}"
            )
    return pairs


def _check(feature: DynamicFeature, value: float, what: str) -> None:
    if feature.minimum is not None and value < feature.minimum:
        raise InstanceError(f"{what} is {value:g}; it is at least {feature.minimum:g}")


def _filled(row: Numbers) -> Numbers:
    """`row` with the last value before a gap in it, and the first one before that."""
    is_known = ~np.isnan(row)
    places = np.maximum.accumulate(np.where(is_known, np.arange(len(row)), 0))
    filled: Numbers = row[places]
    return np.where(np.isnan(filled), row[is_known.argmax()], filled)
