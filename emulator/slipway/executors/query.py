"""Queries of the offline store, from their rows to a CSV file in S3."""

import logging
import shutil
import threading
from pathlib import Path

from slipway.clock import Clock
from slipway.resources.document import Document
from slipway.resources.feature_group import STATUSES
from slipway.resources.resource import Key, Kind, Resource
from slipway.staging.errors import StagingError
from slipway.staging.s3 import S3, S3Clients
from slipway.staging.s3_uri import S3Uri
from slipway.staging.sql import Query, QueryError, QueryStoppedError, Table
from slipway.store.store import IllegalTransitionError, MissingError, Store

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
            columns = self._run(row, folder)
            self._end(key, "SUCCEEDED", None, columns)
        except (QueryError, StagingError) as error:
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

    def _tables(self, row: Resource, s3: S3, folder: Path) -> list[Table]:
        """The tables that the query names, with their files here."""
        text = row.document["Query"].lower()
        found: list[Table] = []
        for group in self._store.in_statuses(Kind.FEATURE_GROUP, STATUSES):
            config = group.document.get("OfflineStoreConfig", {})
            catalog = config.get("DataCatalogConfig")
            if group.key.owner == row.key.owner and catalog and catalog["TableName"].lower() in text:
                place = S3Uri.parse(config["S3StorageConfig"]["ResolvedOutputS3Uri"])
                files = _fetched(s3, place, folder / f"table-{len(found)}")
                features = group.document["FeatureDefinitions"]
                found.append(Table(catalog["Database"], catalog["TableName"], features, files))
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


def _fetched(s3: S3, place: S3Uri, folder: Path) -> list[Path]:
    folder.mkdir()
    objects = s3.objects(place.bucket, f"{place.key.rstrip('/')}/")
    files = {each.key: folder / f"{number}.parquet" for number, each in enumerate(objects)}
    s3.each(lambda key: s3.download(place.bucket, key, files[key]), files)
    return list(files.values())
