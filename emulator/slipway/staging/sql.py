"""SQL over files: the tables of the catalog, and one query of them at a time."""

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from slipway.resources.catalog_table import CATALOG

MEMORY_LIMIT = "128MB"
# A file of CSV is read in parts of this size; the engine's own would be a quarter of the memory.
CSV_BUFFER_BYTES = 4 * 1024**2
# Hive's types in the engine's words.
TYPES = {
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "double": "DOUBLE",
    "float": "FLOAT",
    "int": "INTEGER",
    "integer": "INTEGER",
    "string": "VARCHAR",
    "timestamp": "TIMESTAMP",
}
# Functions of Athena's that the SDKs' queries and our own use, and that the engine has not, or with
# other arguments (Trino's "Date and time functions"; to_timestamp is Teradata's form).
FUNCTIONS = (
    "from_unixtime(seconds) AS "
    "make_timestamptz(CAST(round(CAST(seconds AS DOUBLE) * 1000) AS BIGINT) * 1000)",
    "to_unixtime(moment) AS epoch(moment)",
    "from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ)",
    # The SDKs' DatasetBuilder.as_of writes it, with this one form.
    "to_timestamp(text, form) AS strptime(text, '%Y-%m-%d %H:%M:%S')",
)

# A column may be called `at` in Athena; the engine takes it for a word of its own. What is quoted, or
# a comment, stays.
_AT = re.compile(
    r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/)|\bat\b(?!\s+time\s+zone\b)""",
    re.IGNORECASE | re.DOTALL,
)


class QueryError(Exception):
    """The query cannot be carried out; the message is the engine's."""


class QueryStoppedError(Exception):
    """Somebody stopped the query."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the catalog: its columns, by name and Hive's type, and the files that hold its rows.

    Files are Parquet, or where `csv` has the format's own properties, OpenCSVSerde's text.
    """

    database: str
    name: str
    columns: Sequence[tuple[str, str]]
    files: Sequence[Path]
    csv: Mapping[str, str] | None = None


class Query:
    """One SELECT; `stop` ends it from another thread."""

    def __init__(self, tables: Sequence[Table], database: str | None, folder: Path) -> None:
        self._tables = tables
        self._database = database
        self._folder = folder
        self._stopped = threading.Event()
        self._connection = duckdb.connect(
            config={"memory_limit": MEMORY_LIMIT, "threads": 1, "temp_directory": str(folder / "spilled")}
        )

    def run(self, sql: str, target: Path) -> list[tuple[str, str]]:
        """Write the answer to `target` as Athena does: all quoted but null; returns names and types.

        Raises QueryError, QueryStoppedError.
        """
        try:
            self._define()
            select = _only_select(sql)
            columns = [(row[0], row[1]) for row in self._fetch(f"DESCRIBE {select}")]
            self._fetch(f"COPY ({select}) TO '{target}' (FORMAT csv, HEADER, FORCE_QUOTE *)")
        except duckdb.InterruptException as error:
            raise QueryStoppedError from error
        except duckdb.Error as error:
            if self._stopped.is_set():
                raise QueryStoppedError from error
            raise QueryError(str(error).strip()) from error
        finally:
            self._connection.close()
        return columns

    def stop(self) -> None:
        """End it as soon as may be."""
        self._stopped.set()
        self._connection.interrupt()

    def _fetch(self, statement: str) -> list[tuple[str, ...]]:
        if self._stopped.is_set():
            raise QueryStoppedError
        found: list[tuple[str, ...]] = self._connection.execute(statement).fetchall()
        return found

    def _define(self) -> None:
        self._fetch(f"ATTACH ':memory:' AS {_name(CATALOG)}")
        databases = {table.database for table in self._tables} | ({self._database} - {None})
        for database in sorted(filter(None, databases)):
            self._fetch(f"CREATE SCHEMA {_name(CATALOG)}.{_name(database)}")
        for table in self._tables:
            self._fetch(view(table))
        for function in FUNCTIONS:
            self._fetch(f"CREATE TEMP MACRO {function}")
        # Queries come from outside: they see the tables and no other file.
        self._fetch(f"SET allowed_directories = ['{self._folder}']")
        self._fetch("SET enable_external_access = false")
        self._fetch("SET lock_configuration = true")
        if self._database:
            self._fetch(f"USE {_name(CATALOG)}.{_name(self._database)}")


def view(table: Table) -> str:
    """The SQL that makes a table of files; one without files, or with older ones, has all its columns."""
    columns = [f"CAST(NULL AS {_type(its_type)}) AS {_name(name)}" for name, its_type in table.columns]
    select = f"SELECT {', '.join(columns)} WHERE false"
    if table.files:
        rows = _parquet(table) if table.csv is None else _csv(table, table.csv)
        select += f" UNION ALL BY NAME SELECT {rows}"
    return f"CREATE VIEW {_name(CATALOG)}.{_name(table.database)}.{_name(table.name)} AS {select}"


def _parquet(table: Table) -> str:
    return f"* FROM read_parquet([{_files(table)}], union_by_name = true)"


def _csv(table: Table, properties: Mapping[str, str]) -> str:
    """OpenCSVSerde's way: every column is text first, and a number that is empty is none (user guide)."""
    values = [f"{_from_text(_name(name), its_type)} AS {_name(name)}" for name, its_type in table.columns]
    read = ", ".join(f"{_text(name)}: 'VARCHAR'" for name, _ in table.columns)
    names = ", ".join(_text(name) for name, _ in table.columns)
    form = {
        "delim": properties.get("separatorChar", ","),
        "quote": properties.get("quoteChar", '"'),
        "escape": properties.get("escapeChar", "\\"),
    }
    options = ", ".join(f"{name} = {_text(value)}" for name, value in form.items())
    return (
        f"{', '.join(values)} FROM read_csv([{_files(table)}], auto_detect = false, header = false, "
        f"columns = {{{read}}}, force_not_null = [{names}], null_padding = true, {options}, "
        f"skip = {int(properties.get('skip.header.line.count', 0))}, buffer_size = {CSV_BUFFER_BYTES})"
    )


def _from_text(column: str, its_type: str) -> str:
    if its_type == "timestamp":
        # Milliseconds since 1970 (Athena user guide, "Open CSV SerDe").
        return f"make_timestamp(CAST({column} AS BIGINT) * 1000)"
    return f"CAST({column} AS {_type(its_type)})"


def _files(table: Table) -> str:
    return ", ".join(_text(str(file)) for file in table.files)


def _type(hive: str) -> str:
    inner = hive.removeprefix("array<").removesuffix(">")
    return TYPES[inner] + ("[]" if inner != hive else "")


def _text(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def _only_select(sql: str) -> str:
    statements = duckdb.extract_statements(_AT.sub(lambda found: found[1] or f'"{found[0]}"', sql))
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError("only one SELECT statement at a time is implemented here")
    return statements[0].query.strip().rstrip(";")


def _name(text: str | None) -> str:
    escaped = (text or "").replace('"', '""')
    return f'"{escaped}"'
