"""Queries of the catalog's tables, from their rows to a CSV file in S3."""

import io
import logging
import shutil
import threading
from pathlib import Path

from slipway.clock import Clock
from slipway.resources.catalog_statement import (
    CreateTable,
    DropTable,
    StatementError,
    is_about_tables,
    read_statement,
)
from slipway.resources.catalog_table import (
    CSV_SERDE,
    DEFAULT_DATABASE,
    columns_of,
    is_named,
    table_key,
    table_of,
)
from slipway.resources.document import Document
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.staging.errors import StagingError
from slipway.staging.s3 import S3, S3Clients
from slipway.staging.s3_uri import S3Uri
from slipway.staging.sql import Query, QueryError, QueryStoppedError, Table
from slipway.store.store import AlreadyExistsError, IllegalTransitionError, MissingError, Store

log = logging.getLogger(__name__)


class QueryExecutor:
    """Carries queries out; one that a killed process began is begun again."""

    def __init__(self, store: Store, clock: Clock, s3_clients: S3Clients, folder: Path) -> None:
        self._store = store
        self._clock = clock
        self._s3_clients = s3_clients
        self._folder = folder
        self._running: dict[Key, Query] = {}
        self._lock = threading.Lock()

    def carry_out(self, key: Key) -> None:
        """Go on from what the row says."""
        row = self._store.get(key)
        if row is None:
            raise MissingError(key)
        if row.status not in ("QUEUED", "RUNNING"):
            return
        folder = self._folder / key.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            self._end(key, "RUNNING", None)
            columns = (
                self._change_tables(row) if is_about_tables(row.document["Query"]) else self._run(row, folder)
            )
            self._end(key, "SUCCEEDED", None, columns)
        except (QueryError, StatementError, StagingError) as error:
            self._end(key, "FAILED", str(error))
        except (QueryStoppedError, IllegalTransitionError):
            log.info("query.stopped id=%s", key.name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def stop(self, key: Key) -> None:
        """Interrupt a query whose row says that it was stopped."""
        with self._lock:
            query = self._running.get(key)
        if query is not None:
            query.stop()

    def fail(self, key: Key, reason: str) -> None:
        """Record that it went wrong."""
        self._end(key, "FAILED", reason)

    def _run(self, row: Resource, folder: Path) -> list[tuple[str, str]]:
        document = row.document
        s3 = self._s3_clients.of(row.key.owner)
        tables = self._tables(row, s3, folder)
        query = Query(tables, document.get("QueryExecutionContext", {}).get("Database"), folder)
        with self._lock:
            self._running[row.key] = query
        try:
            present = self._store.get(row.key)
            if present is None or present.status != "RUNNING":
                raise QueryStoppedError
            columns = query.run(document["Query"], folder / "answer.csv")
        finally:
            with self._lock:
                del self._running[row.key]
        place = S3Uri.parse(document["ResultConfiguration"]["OutputLocation"])
        with (folder / "answer.csv").open("rb") as file:
            s3.upload(file, place.bucket, place.key)
        return columns

    def _change_tables(self, row: Resource) -> list[tuple[str, str]]:
        """Carry out a statement about tables; the same again, after a crash, is no error."""
        statement = read_statement(row.document["Query"])
        owner, context = row.key.owner, row.document.get("QueryExecutionContext", {})
        database = (statement.database or context.get("Database") or DEFAULT_DATABASE).lower()
        if isinstance(statement, CreateTable):
            self._create_table(row, owner, database, statement)
        else:
            self._drop_table(row, owner, database, statement)
        place = S3Uri.parse(row.document["ResultConfiguration"]["OutputLocation"])
        self._s3_clients.of(owner).upload(io.BytesIO(), place.bucket, place.key)
        return []

    def _create_table(self, row: Resource, owner: Owner, database: str, wanted: CreateTable) -> None:
        if database != DEFAULT_DATABASE and not self._store.children(owner, Kind.CATALOG_TABLE, database):
            raise StatementError(
                f"FAILED: SemanticException [Error 10072]: Database does not exist: {database}"
            )
        table = table_of(
            *(owner, database, wanted.name, wanted.columns, wanted.location, wanted.serde),
            self._clock.now(),
            wanted.serde_parameters,
            wanted.parameters,
        ).with_internal({"query": row.name})
        try:
            self._store.create(table, parent=database)
        except AlreadyExistsError as error:
            if not wanted.lenient and error.existing.internal.get("query") != row.name:
                raise StatementError(
                    "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                    f"AlreadyExistsException(message:Table {wanted.name} already exists.)"
                ) from None

    def _drop_table(self, row: Resource, owner: Owner, database: str, unwanted: DropTable) -> None:
        if row.internal.get("dropped"):
            return
        try:
            with self._store.all_or_nothing():
                self._store.delete(table_key(owner, database, unwanted.name))
                self._store.transition(row.key, lambda present: present.with_internal({"dropped": True}))
        except MissingError:
            if not unwanted.lenient:
                raise StatementError(
                    f"FAILED: SemanticException [Error 10001]: Table not found {database}.{unwanted.name}"
                ) from None

    def _tables(self, row: Resource, s3: S3, folder: Path) -> list[Table]:
        """The tables that the query names, with their files here."""
        found: list[Table] = []
        for table in self._store.in_statuses(Kind.CATALOG_TABLE, [""]):
            if table.key.owner == row.key.owner and is_named(table, row.document["Query"]):
                found.append(_fetched(s3, table, folder / f"table-{len(found)}"))
        return found

    def _end(
        self, key: Key, status: str, reason: str | None, columns: list[tuple[str, str]] | None = None
    ) -> None:
        now = self._clock.now()

        def ended(row: Resource) -> Resource:
            told: Document = {**row.document["Status"], "State": status}
            if status != "RUNNING":
                told["CompletionDateTime"] = now
            if reason is not None:
                told["StateChangeReason"] = reason[:1024]
            return row.in_status(status).with_document({"Status": told}).with_internal({"columns": columns})

        self._store.transition(key, ended)


def _fetched(s3: S3, table: Resource, folder: Path) -> Table:
    folder.mkdir()
    document = table.document
    descriptor = document["StorageDescriptor"]
    place = S3Uri.parse(descriptor["Location"])
    serde = descriptor["SerdeInfo"]
    is_csv = serde["SerializationLibrary"] == CSV_SERDE
    objects = s3.objects(place.bucket, f"{place.key.rstrip('/')}/")
    files = {
        # The engine, as Athena, knows what is compressed by its name.
        each.key: folder / f"{number}.{'csv' if is_csv else 'parquet'}{'.gz' * each.key.endswith('.gz')}"
        for number, each in enumerate(objects)
    }
    s3.each(lambda key: s3.download(place.bucket, key, files[key]), files)
    csv = {**serde["Parameters"], **document["Parameters"]} if is_csv else None
    return Table(document["DatabaseName"], document["Name"], columns_of(table), list(files.values()), csv)
