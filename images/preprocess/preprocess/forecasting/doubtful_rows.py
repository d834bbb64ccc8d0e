"""What is wrong with rows only when they are seen beside the others of their series."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from smcontract.failure import ContractError

from preprocess.faults import Fault
from preprocess.forecasting.cells import iso_day
from preprocess.forecasting.rows import BooleanArray, IntegerArray, LongRows, codes
from preprocess.forecasting.schema import ForecastSchema

SEPARATOR = "_"
# So many gaps of the same length, one after the other, are no accident.
_REGULAR_GAPS = 4
# A week, and a month: the frequencies that get among daily rows.
_FREQUENCIES = {7: (7, 7), 30: (28, 31)}


@dataclass(frozen=True, slots=True)
class SortedRows:
    """Rows by series and day, at most one for each; `series` is the place of a row's series in `item_ids`."""

    rows: LongRows
    series: IntegerArray
    item_ids: tuple[str, ...]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def taken(self, keep: BooleanArray) -> "SortedRows":
        """The rows where `keep` is true, with the series that still have any."""
        left, series = np.unique(self.series[keep], return_inverse=True)
        return SortedRows(
            self.rows.taken(np.flatnonzero(keep)), series, tuple(self.item_ids[place] for place in left)
        )


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is left of some rows, and what was wrong with the others."""

    rows: SortedRows
    duplicates: int
    bad_rows: int
    faults: list[Fault]


def without_doubtful(rows: LongRows, schema: ForecastSchema) -> Doubts:
    """The rows by series and day, without those that contradict others of their series.

    A row that says the same as an earlier one is a duplicate and left out.
    Raises ContractError where two keys are joined to the same item_id.
    """
    found = _sorted(rows, schema)
    faults: list[Fault] = []
    bad = 0
    for look in (_of_another_category, _different_on_a_day):
        at_fault = dict(look(found, schema))
        keep = np.ones(len(found), dtype=np.bool_)
        keep[list(at_fault)] = False
        faults += at_fault.values()
        bad += len(at_fault)
        found = found.taken(keep)
    is_first = np.ones(len(found), dtype=np.bool_)
    is_first[1:] = ~_same_day(found)
    duplicates = int(np.count_nonzero(~is_first))
    kept = found.taken(is_first)
    series_at_fault = dict(_unfit_series(kept, schema))
    counts = np.bincount(kept.series, minlength=len(kept.item_ids))
    bad += int(counts[list(series_at_fault)].sum())
    faults += series_at_fault.values()
    kept = kept.taken(~np.isin(kept.series, list(series_at_fault)))
    return Doubts(rows=kept, duplicates=duplicates, bad_rows=bad, faults=faults)


def item_ids_of(rows: LongRows, schema: ForecastSchema) -> tuple[IntegerArray, tuple[str, ...]]:
    """Each row's place among the joined keys, which are sorted, and the joined keys.

    Raises ContractError where two different keys are joined to the same text.
    """
    columns = [rows.texts[name] for name in schema.item_id]
    keys = pc.binary_join_element_wise(*columns, SEPARATOR) if len(columns) > 1 else columns[0]
    series, item_ids = codes(keys)
    if len(columns) > 1:
        parts = np.column_stack([codes(column)[0] for column in columns])
        _, first = np.unique(parts, axis=0, return_index=True)
        shared = np.bincount(series[first], minlength=len(item_ids))
        if (shared > 1).any():
            raise ContractError(
                f"two series have the key '{item_ids[int(np.argmax(shared > 1))]}' once "
                f"{' and '.join(schema.item_id)} are joined by {SEPARATOR}; rename one of them."
            )
    return series, tuple(item_ids)


def _sorted(rows: LongRows, schema: ForecastSchema) -> SortedRows:
    series, item_ids = item_ids_of(rows, schema)
    # Stable: rows of the same series and day stay in the order in which they were read.
    order = np.lexsort((rows.days, series))
    return SortedRows(rows.taken(order), series[order], item_ids)


def _same_day(rows: SortedRows) -> BooleanArray:
    """Whether each row but the first is of the same series and day as the one before it."""
    same: BooleanArray = (np.diff(rows.series) == 0) & (np.diff(rows.rows.days) == 0)
    return same


def _of_another_category(rows: SortedRows, schema: ForecastSchema) -> Iterator[tuple[int, Fault]]:
    """Rows with another text in a static column than most rows of their series."""
    for name in schema.static:
        if name in schema.item_id:
            continue
        found, values = codes(rows.rows.texts[name])
        pairs, counts = np.unique(np.column_stack([rows.series, found]), axis=0, return_counts=True)
        # By series, the most frequent last; of equals the one that comes first in the alphabet.
        order = np.lexsort((-pairs[:, 1], counts, pairs[:, 0]))
        usual = np.zeros(len(rows.item_ids), dtype=np.int64)
        usual[pairs[order, 0]] = pairs[order, 1]
        for place in np.flatnonzero(found != usual[rows.series]).tolist():
            series = int(rows.series[place])
            reason = (
                f"is not '{values[usual[series]]}', its value on the other days of {rows.item_ids[series]}; "
                "a static column has one value a series"
            )
            yield place, rows.rows.fault(place, name, values[found[place]], reason)


def _different_on_a_day(rows: SortedRows, schema: ForecastSchema) -> Iterator[tuple[int, Fault]]:
    """Rows of a series and day of which there are several that do not say the same."""
    same_day = _same_day(rows)
    if not same_day.any():
        return
    group = np.concatenate([[0], np.cumsum(~same_day)])
    numbers = rows.rows.numbers
    differs = (numbers[1:] != numbers[:-1]).any(axis=1) & same_day
    differing = np.unique(group[1:][differs])
    at_fault = np.flatnonzero(np.isin(group, differing))
    first_of: dict[int, int] = {}
    last_of = {int(group[place]): place for place in at_fault.tolist()}
    for place in at_fault.tolist():
        first = first_of.setdefault(int(group[place]), place)
        other = first if first != place else last_of[int(group[place])]
        item_id, day = rows.item_ids[int(rows.series[place])], iso_day(rows.rows.days[place])
        reason = (
            f"has a row of {item_id} that differs from the one at {rows.rows.where(other)}; "
            "keep one row a series and day"
        )
        yield place, rows.rows.fault(place, schema.timestamp, day, reason)


def _unfit_series(rows: SortedRows, schema: ForecastSchema) -> Iterator[tuple[int, Fault]]:
    """Series that no model can learn, or that are not daily."""
    if not len(rows):
        return
    length = schema.prediction_length
    training_ends = int(rows.rows.days.max()) - 2 * length
    starts = np.searchsorted(rows.series, np.arange(len(rows.item_ids) + 1))
    target = rows.rows.numbers[:, -1]
    for series, item_id in enumerate(rows.item_ids):
        begin, end = int(starts[series]), int(starts[series + 1])
        days = rows.rows.days[begin:end]
        problem = None
        training_days = int(np.count_nonzero(days <= training_ends))
        if gap := _regular_gap(days):
            problem = (
                f"has rows that are {gap} days apart, and the frequency is D: two frequencies are mixed; "
                "give one row a day"
            )
        elif training_days < length:
            problem = (
                f"has {training_days} rows up to {iso_day(training_ends)}, where validation begins: it is "
                f"too short for a horizon of {length} days, which needs {length} rows before the last "
                f"{2 * length} days; give it a longer history"
            )
        elif not target[begin:end].any():
            problem = f"has a {schema.target.name} of 0 on every day, and so nothing to learn"
        if problem:
            reason = f"series {item_id} {problem}, or leave the series out"
            yield series, rows.rows.fault(begin, None, None, reason)


def _regular_gap(days: IntegerArray) -> int | None:
    """How many days lie between rows that are a week or a month apart again and again, or None."""
    gaps = np.diff(days)
    for length, (shortest, longest) in _FREQUENCIES.items():
        regular = (gaps >= shortest) & (gaps <= longest)
        if len(gaps) >= _REGULAR_GAPS:
            windows = np.lib.stride_tricks.sliding_window_view(regular, _REGULAR_GAPS)
            if windows.all(axis=1).any():
                return length
    return None
