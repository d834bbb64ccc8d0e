"""Raw cells against the schema: which rows are right, and what is wrong with the others."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from preprocess.faults import Fault
from preprocess.numeric_cells import number_fault, parsed_numbers, unacceptable
from preprocess.raw_table import RawTable
from preprocess.rows import Rows
from preprocess.schema import CategoricalFeature, NumericFeature, Schema

BooleanArray = npt.NDArray[np.bool_]
_SHOWN_CHOICES = 12
_EMPTY = -1


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """The good rows of a file, how many are bad, and the first faults in them."""

    rows: Rows
    bad_rows: int
    faults: list[Fault]
    faults_truncated: bool


@dataclass(frozen=True, slots=True)
class _Column:
    """One checked column: its values, which are bad, and how to say why."""

    name: str
    raw: pa.ChunkedArray
    values: npt.NDArray[np.float64] | npt.NDArray[np.int32]
    bad: BooleanArray
    reason: Callable[[str], str]


def check(table: RawTable, schema: Schema, fault_limit: int) -> CheckedTable:
    """Every row of `table` held against `schema`; at most `fault_limit` faults are described."""
    numeric = [_number_column(table.columns[feature.name], feature) for feature in schema.numeric]
    categorical = [_category_column(table.columns[feature.name], feature) for feature in schema.categorical]
    target = _target_column(table.columns[schema.target.name], schema)

    by_name = {column.name: column for column in (*numeric, *categorical, target)}
    bad = np.zeros(len(table.lines), dtype=np.bool_)
    for column in by_name.values():
        bad |= column.bad
    rows = _rows(numeric, categorical, target, ~bad)
    in_schema_order = [by_name[name] for name in schema.columns]
    faults = _faults(table, in_schema_order, np.flatnonzero(bad), fault_limit)
    bad_rows = int(bad.sum()) + len(table.malformed)
    return CheckedTable(rows, bad_rows, faults[:fault_limit], len(faults) > fault_limit)


def _number_column(raw: pa.ChunkedArray, feature: NumericFeature) -> _Column:
    numbers = parsed_numbers(raw)
    return _Column(
        name=feature.name,
        raw=raw,
        values=numbers.values,
        bad=unacceptable(numbers, feature),
        reason=lambda text: number_fault(text, feature),
    )


def _category_column(raw: pa.ChunkedArray, feature: CategoricalFeature) -> _Column:
    return _text_column(raw, feature.name, feature.values, feature.nullable, "a known category")


def _target_column(raw: pa.ChunkedArray, schema: Schema) -> _Column:
    target = schema.target
    return _text_column(raw, target.name, (target.negative, target.positive), False, "a target value")


def _text_column(
    raw: pa.ChunkedArray, name: str, allowed: tuple[str, ...], nullable: bool, what: str
) -> _Column:
    # Parquet may hold categories such as 0 and 1 as numbers.
    texts = raw if pa.types.is_string(raw.type) else pc.cast(raw, pa.string())
    texts = pc.fill_null(texts, "")
    found = pc.index_in(texts, value_set=pa.array(allowed, type=pa.string()))
    codes = pc.fill_null(found, _EMPTY).to_numpy().astype(np.int32)
    bad = codes == _EMPTY
    if nullable:
        bad &= pc.not_equal(texts, "").to_numpy()
    more = f" … ({len(allowed)} in all)" if len(allowed) > _SHOWN_CHOICES else ""
    choices = ", ".join(allowed[:_SHOWN_CHOICES]) + more

    def reason(text: str) -> str:
        problem = f"is not {what}" if text else "is empty"
        return f"{problem}; it must be one of {choices}"

    return _Column(name=name, raw=texts, values=codes, bad=bad, reason=reason)


def _faults(
    table: RawTable, columns: list[_Column], bad_places: npt.NDArray[np.int64], limit: int
) -> list[Fault]:
    """The faults of the first rows in the file's order, one more than `limit` if there are so many."""
    faults = table.malformed[: limit + 1]
    # Every bad row has a fault at least, so no more rows than that are looked at.
    for place in bad_places[: limit + 1].tolist():
        for column in columns:
            if column.bad[place]:
                text = _text(column.raw[place].as_py())
                faults.append(
                    Fault(table.name, int(table.lines[place]), column.name, text, column.reason(text))
                )
    return sorted(faults, key=lambda fault: fault.line)


def _text(value: str | int | float | None) -> str:
    """The cell as a report shows it; a Parquet file's NaN is an empty cell."""
    return "" if value is None or value != value else str(value)


def _rows(numeric: list[_Column], categorical: list[_Column], target: _Column, good: BooleanArray) -> Rows:
    count = int(np.count_nonzero(good))
    numbers = np.empty((count, len(numeric)), dtype=np.float64)
    for place, column in enumerate(numeric):
        numbers[:, place] = column.values[good]
    codes = np.empty((count, len(categorical)), dtype=np.int32)
    for place, column in enumerate(categorical):
        codes[:, place] = column.values[good]
    return Rows(numbers=numbers, codes=codes, labels=target.values[good].astype(np.int8))
