"""The panel: every series on every day, a day without a row being missing and not zero."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from smcontract.failure import ContractError

from preprocess.forecasting.cells import iso_day
from preprocess.forecasting.doubtful_rows import SortedRows
from preprocess.forecasting.rows import FloatArray, IntegerArray, codes
from preprocess.forecasting.schema import ForecastSchema


@dataclass(frozen=True, slots=True)
class Panel:
    """Series (S) by days (D); a series begins at its own first day, and all end with the panel.

    `target` (S × D) is NaN where there is no row. `known` (K × S × D) has the
    last value before where there is none, and NaN before the series begins.
    `texts` has each series' value of every text column.
    `cat` (S × C) has each series' place among the values of a static column.
    """

    item_ids: tuple[str, ...]
    first_day: int
    starts: IntegerArray
    target: FloatArray
    known: FloatArray
    cat: IntegerArray
    cat_values: tuple[tuple[str, tuple[str, ...]], ...]
    texts: Mapping[str, tuple[str, ...]]
    closed_days: tuple[int, ...]

    def __len__(self) -> int:
        """How many series there are."""
        return len(self.item_ids)

    @property
    def days(self) -> int:
        """How many days there are from the first to the last."""
        return int(self.target.shape[1])

    @property
    def last_day(self) -> int:
        """The last day with a row."""
        return self.first_day + self.days - 1

    @property
    def missing_days(self) -> int:
        """Days of a series without a row, after it has begun, when not all series had none."""
        begun = np.arange(self.days) >= self.starts[:, None]
        missing = np.isnan(self.target) & begun
        missing[:, [day - self.first_day for day in self.closed_days]] = False
        return int(np.count_nonzero(missing))

    def rows_until(self, days: int) -> int:
        """How many rows the first `days` days have."""
        return int(np.count_nonzero(~np.isnan(self.target[:, :days])))


def build_panel(rows: SortedRows, schema: ForecastSchema) -> Panel:
    """The panel of at least one row. Raises ContractError where most of its days are not there at all."""
    days = rows.rows.days
    first, last = int(days.min()), int(days.max())
    columns = days - first
    closed = np.flatnonzero(np.bincount(columns) == 0)
    _refuse_strays(rows, len(closed), last - first + 1)
    shape = (len(rows.item_ids), last - first + 1)
    numbers = np.full((len(schema.numbers), *shape), np.nan)
    numbers[:, rows.series, columns] = rows.rows.numbers.T
    firsts = np.searchsorted(rows.series, np.arange(len(rows.item_ids)))
    static = {name: codes(rows.rows.texts[name]) for name in schema.texts}
    return Panel(
        item_ids=rows.item_ids,
        first_day=first,
        starts=columns[firsts],
        target=numbers[-1],
        known=_carried_on(numbers[:-1]),
        cat=_columns([static[name][0][firsts] for name in schema.static], len(rows.item_ids)),
        cat_values=tuple((name, tuple(static[name][1])) for name in schema.static),
        texts={
            name: tuple(values[place] for place in found[firsts]) for name, (found, values) in static.items()
        },
        closed_days=tuple(int(day) + first for day in closed),
    )


def _columns(columns: list[IntegerArray], length: int) -> IntegerArray:
    return np.column_stack(columns) if columns else np.empty((length, 0), dtype=np.int64)


def _carried_on(values: FloatArray) -> FloatArray:
    """The last value before, where a day has none."""
    places = np.where(np.isnan(values), 0, np.arange(values.shape[-1]))
    return np.take_along_axis(values, np.maximum.accumulate(places, axis=-1), axis=-1)


def _refuse_strays(rows: SortedRows, closed: int, days: int) -> None:
    """A mistyped year makes a panel of empty years."""
    if closed * 2 <= days:
        return
    ends = (int(np.argmin(rows.rows.days)), int(np.argmax(rows.rows.days)))
    first, last = (f"{iso_day(rows.rows.days[place])} ({rows.rows.where(place)})" for place in ends)
    raise ContractError(
        f"{closed:,} of the {days:,} days from {first} to {last} have no row of any series: "
        "a date is mistyped, or the rows are not daily. Mend the dates, or leave those rows out."
    )
