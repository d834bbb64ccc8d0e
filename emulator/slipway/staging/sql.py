"""SQL over Parquet files: the tables of the offline store, and one query of them at a time."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from slipway.resources.document import Document
from slipway.staging.parquet import TYPES

MEMORY_LIMIT = "128MB"
CATALOG = "AwsDataCatalog"


class QueryError(Exception):
    """The query cannot be carried out; the message is the engine's."""


class QueryStoppedError(Exception):
    """Somebody stopped the query."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the catalog: the features of its group, and the files that hold its rows."""

    database: str
    name: str
    features: Sequence[Document]
    files: Sequence[Path]


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
        # Queries come from outside: they see the tables and no other file.
        self._fetch(f"SET allowed_directories = ['{self._folder}']")
        self._fetch("SET enable_external_access = false")
        self._fetch("SET lock_configuration = true")
        if self._database:
            self._fetch(f"USE {_name(CATALOG)}.{_name(self._database)}")


def view(table: Table) -> str:
    """The SQL that makes a table of files; one without files, or with older ones, has all its columns."""
    columns = [
        f"CAST(NULL AS {TYPES[each['FeatureType']]}{'[]' if 'CollectionType' in each else ''}) "
        f"AS {_name(each['FeatureName'])}"
        for each in table.features
    ]
    columns += [f"CAST(NULL AS TIMESTAMP) AS {name}" for name in ("write_time", "api_invocation_time")]
    select = f"SELECT {', '.join(columns)}, CAST(NULL AS BOOLEAN) AS is_deleted WHERE false"
    if table.files:
        files = ", ".join(f"'{file}'" for file in table.files)
        select += f" UNION ALL BY NAME SELECT * FROM read_parquet([{files}], union_by_name = true)"
    return f"CREATE VIEW {_name(CATALOG)}.{_name(table.database)}.{_name(table.name)} AS {select}"


def _only_select(sql: str) -> str:
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError("only one SELECT statement at a time is implemented here")
    return statements[0].query.strip().rstrip(";")


def _name(text: str | None) -> str:
    escaped = (text or "").replace('"', '""')
    return f'"{escaped}"'
