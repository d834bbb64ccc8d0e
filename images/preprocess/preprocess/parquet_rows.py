"""Parquet files as columns of raw cells, each row with its number."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from smcontract.failure import ContractError

from preprocess.raw_table import RawTable, check_columns


def read_parquet(
    content: bytes, name: str, wanted: tuple[str, ...], dates: frozenset[str] = frozenset()
) -> RawTable:
    """The `wanted` columns of a Parquet file; those in `dates` may be dates or moments, and become texts.

    Raises ContractError, naming the file, when it cannot be read, has no rows,
    lacks a column, or has one of a type that is neither text nor number.
    """
    with _opened(content, name) as file:
        ignored = check_columns(name, file.schema_arrow.names, wanted)
        table = file.read(columns=list(wanted))
    if table.num_rows == 0:
        raise ContractError(f"{name} has columns and no rows; send rows, or leave it out.")
    return RawTable(
        name=name,
        columns={column: _plain(table.column(column), column, name, column in dates) for column in wanted},
        lines=np.arange(1, table.num_rows + 1, dtype=np.int64),
        malformed=[],
        ignored_columns=ignored,
    )


def parquet_columns(content: bytes, name: str) -> list[str]:
    """The names of a Parquet file's columns. Raises ContractError where it cannot be read."""
    with _opened(content, name) as file:
        names: list[str] = file.schema_arrow.names
    return names


@contextmanager
def _opened(content: bytes, name: str) -> Iterator[pq.ParquetFile]:
    """The file, and whatever is wrong with it in words."""
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise ContractError(
            f"{name} is not a sound Parquet file ({str(error).splitlines()[0]}); write it again."
        ) from error


def _plain(cells: pa.ChunkedArray, column: str, name: str, is_date: bool) -> pa.ChunkedArray:
    """The cells as text or as numbers. Raises ContractError for any other type."""
    kind = cells.type
    if is_date and (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
        return cells.cast(pa.string())
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        cells = cells.cast(kind)
    if pa.types.is_null(kind):
        return cells.cast(pa.string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return cells.cast(pa.string())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return cells
    if pa.types.is_decimal(kind):
        return cells.cast(pa.string())
    raise ContractError(f"{name}: column '{column}' has the type {kind}; write it as text or as a number.")
