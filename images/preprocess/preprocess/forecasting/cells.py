"""Raw cells of long rows against the schema: which rows are right, and what is wrong with the others."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preprocess.faults import Fault
from preprocess.forecasting.rows import BooleanArray, FloatArray, IntegerArray, LongRows
from preprocess.forecasting.schema import ForecastSchema, Scaling
from preprocess.numeric_cells import is_number, number_fault, parsed_numbers, unacceptable
from preprocess.raw_table import RawTable
from preprocess.schema import NumericFeature

EPOCH = date(1970, 1, 1).toordinal()
# A day, or the midnight at which databases let it begin.
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ]00:00(:00(\.0+)?)?(Z|\+00:?00)?)?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """The good rows of a file, how many are bad, and the first faults in them."""

    rows: LongRows
    bad_rows: int
    faults: list[Fault]
    faults_truncated: bool


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    raw: pa.ChunkedArray
    bad: BooleanArray
    reason: Callable[[str], str]


def check_rows(table: RawTable, schema: ForecastSchema, fault_limit: int) -> CheckedRows:
    """Every row of `table` held against `schema`; at most `fault_limit` faults are described."""
    days, timestamp = _days(table.columns[schema.timestamp], schema.timestamp)
    texts = {name: as_texts(table.columns[name]) for name in schema.texts}
    scalings = {feature.name: feature.scaling for feature in schema.known}
    values, numbers = [], []
    for feature in schema.numbers:
        found, column = _numbers(table.columns[feature.name], feature, scalings.get(feature.name))
        values.append(found)
        numbers.append(column)
    columns = [timestamp, *(_text_column(name, cells) for name, cells in texts.items()), *numbers]
    bad = np.zeros(len(table.lines), dtype=np.bool_)
    for column in columns:
        bad |= column.bad
    faults = _faults(table, columns, np.flatnonzero(bad), fault_limit)
    rows = LongRows(
        days=days,
        texts=texts,
        numbers=np.column_stack(values),
        files=np.zeros(len(table.lines), dtype=np.int64),
        lines=table.lines,
        file_names=(table.name,),
    )
    return CheckedRows(
        rows=rows.taken(np.flatnonzero(~bad)),
        bad_rows=int(bad.sum()) + len(table.malformed),
        faults=faults[:fault_limit],
        faults_truncated=len(faults) > fault_limit,
    )


def as_texts(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells as texts; a Parquet file may hold a key such as 16 as a number, and one with gaps as 16.0."""
    kind = cells.type
    if pa.types.is_floating(kind):
        cells = pc.if_else(pc.is_nan(cells), pa.scalar(None, kind), cells)
        whole = pc.all(pc.equal(pc.trunc(cells), cells)).as_py()
        cells = cells.cast(pa.int64()) if whole else cells
    texts = cells if pa.types.is_string(cells.type) else pc.cast(cells, pa.string())
    return pc.fill_null(texts, "")


def day_of(text: str) -> int | None:
    """The day since 1970-01-01 that a cell names; None where it names none."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date.fromisoformat(found[1]).toordinal() - EPOCH
    except ValueError:
        return None


def iso_day(day: int) -> str:
    """The day as it is written."""
    return date.fromordinal(int(day) + EPOCH).isoformat()


def _days(raw: pa.ChunkedArray, name: str) -> tuple[IntegerArray, _Column]:
    texts = as_texts(raw)
    # There are a few different days among a million rows.
    encoded = texts.combine_chunks().dictionary_encode()
    named = [day_of(text) for text in encoded.dictionary.to_pylist()]
    known = np.array([0 if day is None else day for day in named], dtype=np.int64)
    unknown = np.array([day is None for day in named], dtype=np.bool_)
    places = encoded.indices.to_numpy()
    return known[places], _Column(name, texts, unknown[places], _day_fault)


def _day_fault(text: str) -> str:
    if not text:
        return "is empty"
    if _MOMENT.fullmatch(text):
        return "is not a day but a moment in it; the frequency is D, so give one row a day"
    return "is not a date such as 2025-01-31"


def _text_column(name: str, texts: pa.ChunkedArray) -> _Column:
    return _Column(name, texts, pc.equal(texts, "").to_numpy().astype(np.bool_), lambda _: "is empty")


def _numbers(
    raw: pa.ChunkedArray, feature: NumericFeature, scaling: Scaling | None
) -> tuple[FloatArray, _Column]:
    """A column of numbers, of which texts may have a decimal comma."""
    cells = raw
    if pa.types.is_string(raw.type):
        cells = pc.replace_substring(raw, ",", ".")
    numbers = parsed_numbers(cells)
    bad = unacceptable(numbers, feature)
    is_relative = scaling is Scaling.RELATIVE
    if is_relative:
        bad = bad | ~(numbers.values > 0)

    def reason(text: str) -> str:
        plain = text.replace(",", ".")
        if is_number(plain) and is_relative and float(plain) <= 0:
            return "is not above 0, and scaling 'relative' takes logarithms; scale it otherwise, or mend it"
        return number_fault(plain, feature)

    return numbers.values, _Column(feature.name, raw, bad, reason)


def _faults(table: RawTable, columns: list[_Column], bad_places: IntegerArray, limit: int) -> list[Fault]:
    """The faults of the first rows in the file's order, one more than `limit` if there are so many."""
    faults = table.malformed[: limit + 1]
    for place in bad_places[: limit + 1].tolist():
        for column in columns:
            if column.bad[place]:
                value = column.raw[place].as_py()
                # A Parquet file's NaN is an empty cell.
                text = "" if value is None or value != value else str(value)
                line = int(table.lines[place])
                faults.append(Fault(table.name, line, column.name, text, column.reason(text)))
    return sorted(faults, key=lambda fault: fault.line)
