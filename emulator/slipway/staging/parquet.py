"""Rows of the offline store's journal as a Parquet file, in bounded memory."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import duckdb

from slipway.resources.document import Document

# What the engine may take beside what Python has. Compose gives this process 512 MB in all; with
# 500 features this is what the engine needs (measured), which is as many as may be.
MEMORY_LIMIT = "160MB"
# A row group is in memory as a whole: as many values as fit, in the engine's own steps of rows.
ROW_GROUP_VALUES = 800_000
STEP_ROWS = 2048
TYPES = {"Integral": "BIGINT", "Fractional": "DOUBLE", "String": "VARCHAR"}


class WriteParquet(Protocol):
    """What makes a file of rows."""

    def __call__(
        self, lines: Iterable[str], features: Sequence[Document], write_us: int, target: Path, /
    ) -> None:
        """Make `target` of journal lines; `write_us` are microseconds since 1970."""


class ParquetWriter:
    """Writes one file at a time; for one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection: duckdb.DuckDBPyConnection | None = None

    def write(self, lines: Iterable[str], features: Sequence[Document], write_us: int, target: Path) -> None:
        """Make `target` of journal lines, in their order; features that a line lacks are null.

        Columns are the features, then write_time, api_invocation_time and is_deleted.
        """
        source = target.with_suffix(".jsonl")
        with source.open("w", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in lines)
        try:
            self._engine().execute(statement(features, write_us, source, target))
        finally:
            source.unlink()

    def _engine(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            self._connection = duckdb.connect(
                config={
                    "memory_limit": MEMORY_LIMIT,
                    "threads": 1,
                    "temp_directory": str(self._folder / "spilled"),
                    # All that is needed is in the library; nothing is to be fetched.
                    "autoinstall_known_extensions": False,
                }
            )
        return self._connection


def statement(features: Sequence[Document], write_us: int, source: Path, target: Path) -> str:
    """The SQL that makes Parquet of a file of lines; names have no quotes, by their pattern."""
    read = {"api": "BIGINT", "del": "BOOLEAN"}
    columns: list[str] = []
    for place, feature in enumerate(features):
        is_list = "CollectionType" in feature
        read[str(place)] = "VARCHAR[]" if is_list else "VARCHAR"
        column_type = TYPES[feature["FeatureType"]] + ("[]" if is_list else "")
        columns.append(f'CAST("{place}" AS {column_type}) AS "{feature["FeatureName"]}"')
    given = ", ".join(f"'{name}': '{its_type}'" for name, its_type in read.items())
    row_group_rows = max(1, ROW_GROUP_VALUES // len(columns) // STEP_ROWS) * STEP_ROWS
    return (
        f"COPY (SELECT {', '.join(columns)}, make_timestamp({write_us}) AS write_time, "
        'make_timestamp(api) AS api_invocation_time, "del" AS is_deleted '
        f"FROM read_json({_quoted(source)}, format = 'newline_delimited', columns = {{{given}}})) "
        f"TO {_quoted(target)} (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {row_group_rows})"
    )


def _quoted(path: Path) -> str:
    text = str(path).replace("'", "''")
    return f"'{text}'"
