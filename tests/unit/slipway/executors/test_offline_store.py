"""The way of records to S3: once each, in AWS's folders, whatever fails meanwhile."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from slipway.executors.offline_store import OfflineStore
from slipway.resources.resource import Owner
from slipway.store.feature_records import FeatureRecords, Stored, Write

from tests.support.control_plane import MovableClock

# 2023-11-14T21:59:59.5Z and half a second later.
LATE_US = 1_699_999_199_500_000
NEXT_HOUR_US = LATE_US + 500_000
OWNER = Owner("123456789012", "eu-west-1")


class Bucket:
    """What was stored, by address; it is away while `is_away`."""

    def __init__(self) -> None:
        self.objects: dict[str, str] = {}
        self.away: set[str] = set()
        self.stored = 0

    def store(self, owner: Owner, file: Path, bucket: str, key: str) -> None:
        assert owner == OWNER
        if bucket in self.away:
            raise ConnectionError("S3 is away")
        self.objects[f"s3://{bucket}/{key}"] = file.read_text("utf-8")
        self.stored += 1


def lines_alone(lines: Iterable[str], _features: Sequence[Any], _write_us: int, target: Path) -> None:
    target.write_text(" ".join(lines), "utf-8")


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def records(tmp_path: Path) -> FeatureRecords:
    records = FeatureRecords(tmp_path / "features.db")
    for name in ("g", "h"):
        records.remember(
            name,
            {
                "account_id": OWNER.account_id,
                "region": OWNER.region,
                "uri": f"s3://{name}/x/data",
                "features": [],
            },
        )
    return records


@pytest.fixture
def offline(records: FeatureRecords, bucket: Bucket, tmp_path: Path) -> OfflineStore:
    folder = tmp_path / "offline-store"
    folder.mkdir()
    return OfflineStore(records, MovableClock(), lines_alone, bucket.store, folder)


def put(records: FeatureRecords, line: str, event_us: int = LATE_US, generation: str = "g") -> None:
    records.put([Write(generation, line, event_us, None, line)], 0)


def test_an_object_is_named_by_its_hour_and_its_latest_event(
    records: FeatureRecords, offline: OfflineStore, bucket: Bucket
) -> None:
    put(records, "a", LATE_US - 60_000_000)
    put(records, "b")
    put(records, "c", NEXT_HOUR_US)

    assert offline.flush()

    # Developer guide, "Feature Store offline store data format".
    names = {address.rpartition("_")[0]: content for address, content in bucket.objects.items()}
    assert names == {
        "s3://g/x/data/year=2023/month=11/day=14/hour=21/20231114T215959Z": "a b",
        "s3://g/x/data/year=2023/month=11/day=14/hour=22/20231114T220000Z": "c",
    }
    for address in bucket.objects:
        tail = address.rpartition("_")[2]
        assert tail.endswith(".parquet")
        assert len(tail.removesuffix(".parquet")) == 16
        assert tail.removesuffix(".parquet").isalnum()


def test_a_bucket_that_is_away_keeps_its_rows_and_holds_up_nobody(
    records: FeatureRecords, offline: OfflineStore, bucket: Bucket
) -> None:
    put(records, "a")
    put(records, "b", generation="h")
    bucket.away.add("g")

    assert not offline.flush()
    others = list(bucket.objects.values())
    bucket.away.clear()
    assert offline.flush()

    assert others == ["b"]
    assert sorted(bucket.objects.values()) == ["a", "b"]
    assert records.owed() == 0


def test_rows_of_which_no_file_can_be_made_are_kept_and_hold_up_nobody(
    records: FeatureRecords, bucket: Bucket, tmp_path: Path
) -> None:
    def too_large(lines: Iterable[str], *rest: Any) -> None:
        if list(lines) == ["a"]:
            raise MemoryError
        lines_alone(["b"], *rest)

    put(records, "a")
    put(records, "b", generation="h")

    assert not OfflineStore(records, MovableClock(), too_large, bucket.store, tmp_path).flush()

    assert list(bucket.objects.values()) == ["b"]
    assert records.owed() == 1


def test_what_a_crash_interrupted_is_stored_over_the_same_object(
    records: FeatureRecords, offline: OfflineStore, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(records, "a")
    with monkeypatch.context() as crash:
        # The object is there, and the process ends before it is noted.
        crash.setattr(FeatureRecords, "stored", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            offline.flush()
    put(records, "b")

    assert offline.flush()

    assert bucket.stored == 3
    assert sorted(bucket.objects.values()) == ["a", "b"]


def test_it_looks_when_it_is_told_and_ends_when_it_is_told(
    records: FeatureRecords, offline: OfflineStore, bucket: Bucket
) -> None:
    put(records, "a")
    records.put([Write("g", "old", 1, Stored(1, 2, b"[]"), None)], 0)

    offline.start()
    offline.wake()
    offline.close()
    offline.flush()

    # Closed, it begins nothing; what it had begun it brought to its end.
    assert list(bucket.objects.values()) in ([], ["a"])
    assert records.owed() == 1 - len(bucket.objects)
