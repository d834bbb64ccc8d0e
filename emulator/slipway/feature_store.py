"""Everything of the feature store, put together once."""

from concurrent.futures import Future
from pathlib import Path

from slipway.clock import MovableClock
from slipway.executors.feature_group import FeatureGroupExecutor
from slipway.executors.offline_store import OfflineStore, StoreFile
from slipway.executors.query import QueryExecutor
from slipway.executors.work import Work
from slipway.operations.catalog import Catalog
from slipway.operations.feature_groups import FeatureGroups
from slipway.operations.feature_records import FeatureStoreRuntime
from slipway.operations.feature_search import FeatureSearch
from slipway.operations.queries import Queries, ReadObject
from slipway.protocol.dispatch import Operations
from slipway.resources.feature_record import FeatureValues
from slipway.resources.resource import Kind, Owner, Resource
from slipway.settings import Settings
from slipway.staging.parquet import ParquetWriter
from slipway.staging.s3 import S3Clients
from slipway.staging.s3_uri import S3Uri
from slipway.store.feature_records import FeatureRecords
from slipway.store.group_commit import GroupCommit
from slipway.store.store import Store

# Groups that come or go at a time; each waits for S3 alone.
WORKERS = 4


class FeatureStore:
    """Feature groups, their records, and the way of those to S3."""

    def __init__(self, settings: Settings, store: Store, clock: MovableClock, s3_clients: S3Clients) -> None:
        self._records = FeatureRecords(settings.state_dir / "features.db")
        executor = FeatureGroupExecutor(store, clock, s3_clients, self._forget_group)
        self._enter_tables = executor.enter_tables
        self._work = Work(Kind.FEATURE_GROUP, store, executor.carry_out, WORKERS, executor.fail)
        self._commits = GroupCommit(self._records.put)
        self._runtime = FeatureStoreRuntime(store, self._records, self._commits, clock)
        folder = settings.state_dir / "offline-store"
        self._offline = OfflineStore(
            self._records, clock, ParquetWriter(folder).write, _storing(s3_clients), folder
        )
        clock.subscribe(self._offline.wake)
        queries = QueryExecutor(store, clock, s3_clients, settings.state_dir / "queries")
        # One at a time: each may take as much memory as there is for all.
        self._queries = Work(Kind.QUERY_EXECUTION, store, queries.carry_out, 1, queries.fail)
        self.operations: Operations = {
            **FeatureGroups(store, clock, self._work.submit).operations,
            **FeatureSearch(store).operations,
            **Catalog(store).operations,
            **self._runtime.operations,
            **Queries(store, clock, self._queries.submit, queries.stop, _reading(s3_clients)).operations,
        }

    def start(self) -> None:
        """Take up what an earlier process left."""
        self._enter_tables()
        self._work.resume()
        self._queries.resume()
        self._offline.start()

    def forget(self) -> None:
        """Leave no record: no group is in the store any more."""
        self._runtime.forget()
        self._records.reset()

    def close(self) -> None:
        """Start nothing more; what S3 has not got is stored after the next start."""
        self._commits.close()
        self._work.close()
        self._queries.close()
        self._offline.close()

    def look_up(self, owner: Owner, name: str, identifier: str) -> bytes | None:
        """The reply that is kept for a record; raises LookupError where it takes more than a look."""
        return self._runtime.reply(owner, name, identifier)

    def put_soon(self, owner: Owner, name: str, values: FeatureValues) -> Future[bool]:
        """Begin to put a record; raises LookupError where it takes more than that."""
        return self._runtime.put_soon(owner, name, values)

    def _forget_group(self, group: Resource) -> None:
        self._records.forget(group.internal["generation"])


def _storing(s3_clients: S3Clients) -> StoreFile:
    def store(owner: Owner, file: Path, bucket: str, key: str) -> None:
        with file.open("rb") as stream:
            s3_clients.of(owner).upload(stream, bucket, key)

    return store


def _reading(s3_clients: S3Clients) -> ReadObject:
    def read(owner: Owner, uri: str) -> bytes:
        place = S3Uri.parse(uri)
        return s3_clients.of(owner).read(place.bucket, place.key)

    return read
