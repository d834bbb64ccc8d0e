"""The rows of the data folder, long or wide, checked; what is bad is in the report."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from smcontract.failure import ContractError

from preprocess.forecasting.cells import CheckedRows, as_texts, check_rows
from preprocess.forecasting.rows import LongRows, joined_rows
from preprocess.forecasting.schema import ForecastSchema
from preprocess.raw_table import RawTable
from preprocess.reading import DataContent, data_files, read_content
from preprocess.report import FileReport, Report

log = logging.getLogger(__name__)


def read_rows(
    folder: Path, schema: ForecastSchema, report: Report, go_on: Callable[[], None], prefix: str = ""
) -> LongRows:
    """The good rows of every file below `folder`, whose names begin with `prefix` in report and messages.

    `go_on` is called before each file. Raises ContractError, naming the file,
    for one that cannot be read.
    """
    parts = []
    for found in data_files(folder):
        go_on()
        file = replace(found, name=prefix + found.name)
        content = read_content(file)
        checked, ignored, rows = _checked(content, schema, report.faults_wanted)
        parts.append(checked.rows)
        report.files.append(FileReport(name=file.name, sha256=content.sha256, rows=rows))
        report.ignored_columns.update(ignored)
        report.faults += checked.faults
        report.faults_truncated |= checked.faults_truncated
        report.bad_rows += checked.bad_rows
        log.info("preprocess.read file=%s rows=%d bad=%d", file.name, rows, checked.bad_rows)
    return joined_rows(parts)


def _checked(
    content: DataContent, schema: ForecastSchema, fault_limit: int
) -> tuple[CheckedRows, tuple[str, ...], int]:
    found = content.columns(schema.columns)
    if _is_wide(found, schema):
        table = _melted(content, found, schema)
    else:
        table = content.table(schema.columns, dates=frozenset([schema.timestamp]))
    return check_rows(table, schema, fault_limit), table.ignored_columns, table.row_count


def _is_wide(found: list[str], schema: ForecastSchema) -> bool:
    """Whether the columns are days by series: none of what long rows have is there, but the day."""
    others = set(schema.columns) - {schema.timestamp}
    return schema.timestamp in found and len(found) > 1 and others.isdisjoint(found)


def _melted(content: DataContent, found: list[str], schema: ForecastSchema) -> RawTable:
    """Wide cells as long rows; an empty cell is a day without a row.

    Raises ContractError where the schema has columns that no cell of a wide file can fill.
    """
    name = content.name
    keys = [column for column in found if column != schema.timestamp]
    _refuse_what_wide_files_lack(name, schema)
    parts = {key: key.split("_") if len(schema.item_id) > 1 else [key] for key in keys}
    if strange := [key for key, values in parts.items() if len(values) != len(schema.item_id)]:
        raise ContractError(
            f"{name}: column '{strange[0]}' is no series; a wide file has the column '{schema.timestamp}' "
            f"and one a series, named by {' and '.join(schema.item_id)} joined by _. Rename it, or send "
            f"long rows with the columns {', '.join(schema.columns)}."
        )
    table = content.table((schema.timestamp, *keys), dates=frozenset([schema.timestamp]))
    days = as_texts(table.columns[schema.timestamp]).combine_chunks()
    columns: dict[str, list[pa.Array]] = {column: [] for column in schema.columns}
    lines = []
    for key in keys:
        cells = _filled_texts(table.columns[key])
        filled = np.flatnonzero(cells.is_valid().to_numpy(zero_copy_only=False))
        indices = pa.array(filled)
        columns[schema.timestamp].append(days.take(indices))
        columns[schema.target.name].append(cells.take(indices))
        for column, value in zip(schema.item_id, parts[key], strict=True):
            columns[column].append(pa.repeat(pa.scalar(value), len(filled)))
        lines.append(table.lines[filled])
    return RawTable(
        name=name,
        columns={column: pa.chunked_array(arrays, type=pa.string()) for column, arrays in columns.items()},
        lines=np.concatenate(lines),
        malformed=table.malformed,
        ignored_columns=(),
    )


def _filled_texts(cells: pa.ChunkedArray) -> pa.Array:
    """The cells as texts, null where one is empty."""
    texts = as_texts(cells).combine_chunks()
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _refuse_what_wide_files_lack(name: str, schema: ForecastSchema) -> None:
    lacking = [feature.name for feature in schema.known]
    lacking += [column for column in schema.texts if column not in schema.item_id]
    if lacking:
        raise ContractError(
            f"{name} is wide (days by series), which has no place for {', '.join(map(repr, lacking))} of the "
            f"schema; send long rows with the columns {', '.join(schema.columns)}, or take "
            f"{'it' if len(lacking) == 1 else 'them'} out of the schema."
        )
