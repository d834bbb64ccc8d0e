"""The control plane with a feature store in the test's own process; of S3 only which buckets there are."""

from pathlib import Path
from typing import Any, cast

from slipway.executors.feature_group import FeatureGroupExecutor
from slipway.operations.catalog import Catalog
from slipway.operations.feature_groups import FeatureGroups
from slipway.operations.feature_records import FeatureStoreRuntime
from slipway.operations.feature_search import FeatureSearch
from slipway.protocol.dispatch import Dispatcher
from slipway.protocol.plain_records import PlainRecords
from slipway.resources.resource import Key, Resource
from slipway.staging.s3 import S3Clients, S3Error
from slipway.store.feature_records import FeatureRecords
from slipway.store.group_commit import GroupCommit

from tests.support.control_plane import MODELS, ControlPlane

ROLE = "arn:aws:iam::123456789012:role/store"
OFFLINE = {"S3StorageConfig": {"S3Uri": "s3://features/store"}}
ONLINE = {"EnableOnlineStore": True}
# A moment that is easily told: 2023-11-14T22:13:20Z, the test clock's first.
NOW = 1_700_000_000


class Buckets:
    """S3 as far as a feature group asks it before it is Created."""

    names = frozenset({"features"})

    def of(self, *_: object) -> "Buckets":
        return self

    def reach(self, bucket: str) -> None:
        if bucket not in self.names:
            raise S3Error("NoSuchBucket", 404, "The specified bucket does not exist")


class FeaturePlane(ControlPlane):
    """What `slipway.feature_store` puts together; groups come and go at once, or with `holds` on `work`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.records = FeatureRecords(folder / "features.db")
        self.waiting: list[Key] = []
        self.holds = False
        self.executor = FeatureGroupExecutor(self.store, self.clock, cast(S3Clients, Buckets()), self._forget)
        commits = GroupCommit(self.records.put)
        self.runtime = FeatureStoreRuntime(self.store, self.records, commits, self.clock)
        self.operations |= {
            **FeatureGroups(self.store, self.clock, self._submit).operations,
            **FeatureSearch(self.store).operations,
            **Catalog(self.store).operations,
            **self.runtime.operations,
        }

        self.plain_records = PlainRecords(MODELS, self.runtime.reply, self.runtime.put_soon)
        self.plain = Dispatcher(MODELS, self.operations, self.plain_records)

    def create(self, name: str = "people", **parameters: Any) -> str:
        """A group of an id, a time, an age and a score, unless told otherwise; returns its ARN."""
        client = self.client()
        asked = {
            "FeatureGroupName": name,
            "RecordIdentifierFeatureName": "id",
            "EventTimeFeatureName": "at",
            "FeatureDefinitions": [
                {"FeatureName": "id", "FeatureType": "String"},
                {"FeatureName": "at", "FeatureType": "String"},
                {"FeatureName": "age", "FeatureType": "Integral"},
                {"FeatureName": "score", "FeatureType": "Fractional"},
            ],
            "OnlineStoreConfig": ONLINE,
            "OfflineStoreConfig": OFFLINE,
            "RoleArn": ROLE,
        }
        chosen = {key: value for key, value in (asked | parameters).items() if value is not None}
        return str(client.create_feature_group(**chosen)["FeatureGroupArn"])

    def work(self) -> None:
        """Carry out what waits."""
        while self.waiting:
            self.executor.carry_out(self.waiting.pop(0))

    def lines(self) -> list[str]:
        """What the offline store is owed, oldest first."""
        found: list[str] = []
        while (batch := self.records.next_batch(1000, 10**9)) is not None:
            found += self.records.lines(batch)
            self.records.stored(batch)
        return found

    def _submit(self, key: Key) -> None:
        self.waiting.append(key)
        if not self.holds:
            self.work()

    def _forget(self, group: Resource) -> None:
        self.records.forget(group.internal["generation"])
