"""Rows of which a later one of the same series and day replaces an earlier one."""

from dataclasses import dataclass

import numpy as np

from preprocess.forecasting.doubtful_rows import item_ids_of
from preprocess.forecasting.rows import BooleanArray, IntegerArray, LongRows, codes
from preprocess.forecasting.schema import ForecastSchema


@dataclass(frozen=True, slots=True)
class LatestRows:
    """One row for each series and day, by series and day; `series` is its place in `item_ids`.

    Of the rows from `newer_from` on, some were `added` (a day that no earlier
    row had), some `replaced` one of another content, and some are `unchanged`.
    """

    rows: LongRows
    series: IntegerArray
    item_ids: tuple[str, ...]
    added: int
    replaced: int
    unchanged: int


def latest_rows(rows: LongRows, newer_from: int, schema: ForecastSchema) -> LatestRows:
    """The last row of each series and day in `rows`, of which those from `newer_from` on are newer.

    Raises ContractError where two keys are joined to the same item_id.
    """
    series, item_ids = item_ids_of(rows, schema)
    order = np.lexsort((rows.days, series))
    begins = np.ones(len(order), dtype=np.bool_)
    begins[1:] = (np.diff(series[order]) != 0) | (np.diff(rows.days[order]) != 0)
    starts = np.flatnonzero(begins)
    last = order[np.append(starts[1:], len(order)) - 1] if len(order) else order
    is_newer = order >= newer_from
    # Of each series and day the last of the earlier rows; -1 where all are newer.
    earlier = np.maximum.reduceat(np.where(is_newer, -1, order), starts) if len(order) else order
    has_newer = last >= newer_from
    replaces = has_newer & (earlier >= 0)
    differs = _differs(rows, last[replaces], earlier[replaces], schema)
    return LatestRows(
        rows=rows.taken(last),
        series=series[last],
        item_ids=item_ids,
        added=int(np.count_nonzero(has_newer & (earlier < 0))),
        replaced=int(np.count_nonzero(differs)),
        unchanged=int(np.count_nonzero(~differs)),
    )


def _differs(rows: LongRows, left: IntegerArray, right: IntegerArray, schema: ForecastSchema) -> BooleanArray:
    differs: BooleanArray = (rows.numbers[left] != rows.numbers[right]).any(axis=1)
    for name in schema.texts:
        found, _ = codes(rows.texts[name])
        differs |= found[left] != found[right]
    return differs
