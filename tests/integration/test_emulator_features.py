"""The feature store on a running emulator: what was acknowledged is in S3, also after kill -9."""

import io
import threading
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.emulator_features import create_group, values
from tests.support.endpoints import new_name

AT = "2023-11-14T21:00:00Z"
RUNTIME = "sagemaker-featurestore-runtime"


@pytest.fixture
def sagemaker(emulator: Emulator) -> Iterator[Any]:
    client = emulator.client("sagemaker")
    yield client
    client.close()


@pytest.fixture
def runtime(emulator: Emulator) -> Iterator[Any]:
    client = emulator.client(RUNTIME)
    yield client
    client.close()


def folder_of(described: dict[str, Any]) -> tuple[str, str]:
    """Bucket and prefix of a group's offline store."""
    uri = described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    return bucket, prefix


def stored(emulator: Emulator, described: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows of every object of a group's offline store, by the object's key below its folder."""
    bucket, prefix = folder_of(described)
    found = {}
    for page in emulator.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for each in page.get("Contents", ()):
            body = emulator.s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
            key = each["Key"].removeprefix(f"{prefix}/")
            found[key] = pq.read_table(io.BytesIO(body)).to_pylist()
    return found


def rows(emulator: Emulator, described: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The rows of a group's offline store, once there are `count`."""

    def all_of_them() -> list[dict[str, Any]] | None:
        found = [row for some in stored(emulator, described).values() for row in some]
        return found if len(found) >= count else None

    return wait_until(all_of_them, f"{count} rows in the offline store", 120)


def test_records_and_deletions_reach_s3_as_aws_lays_them_out(
    emulator: Emulator, sagemaker: Any, runtime: Any
) -> None:
    group = {"FeatureGroupName": new_name("people")}
    described = create_group(
        emulator, sagemaker, group["FeatureGroupName"], age="Integral", score="Fractional"
    )

    runtime.put_record(**group, Record=values(id="a", at=AT, age="41", score="0.1"))
    runtime.put_record(**group, Record=values(id="b", at="2024-02-29T00:00:00.500Z", age="7"))
    runtime.delete_record(**group, RecordIdentifierValueAsString="a", EventTime="2023-11-14T21:30:00Z")

    rows(emulator, described, 3)
    found = stored(emulator, described)
    # Developer guide, "Feature Store offline store data format".
    assert {key.rpartition("/")[0] for key in found} == {
        "year=2023/month=11/day=14/hour=21",
        "year=2024/month=02/day=29/hour=00",
    }
    everything = [
        {name: value for name, value in row.items() if not name.endswith("_time")}
        for key in sorted(found)
        for row in found[key]
    ]
    assert sorted(everything, key=lambda row: (row["id"], row["is_deleted"])) == [
        {"id": "a", "at": AT, "age": 41, "score": 0.1, "is_deleted": False},
        {"id": "a", "at": "2023-11-14T21:30:00Z", "age": None, "score": None, "is_deleted": True},
        {"id": "b", "at": "2024-02-29T00:00:00.500Z", "age": 7, "score": None, "is_deleted": False},
    ]


def test_what_was_put_is_in_s3_though_the_group_was_deleted_at_once(
    emulator: Emulator, sagemaker: Any, runtime: Any
) -> None:
    group = {"FeatureGroupName": new_name("people")}
    described = create_group(emulator, sagemaker, group["FeatureGroupName"])

    runtime.put_record(**group, Record=values(id="a", at=AT))
    sagemaker.delete_feature_group(**group)

    assert [row["id"] for row in rows(emulator, described, 1)] == ["a"]


class Writers:
    """Threads that put records one after the other; which of them were acknowledged."""

    def __init__(self, emulator: Emulator, group: str) -> None:
        self._emulator = emulator
        self._group = group
        self._stop = threading.Event()
        self.acknowledged: list[str] = []
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(4)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait_for(self, more: int) -> None:
        """Wait until so many more records were acknowledged."""
        wanted = len(self.acknowledged) + more
        wait_until(lambda: len(self.acknowledged) >= wanted or None, f"{wanted} records to be put", 120)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, number: int) -> None:
        client = self._emulator.client(RUNTIME)
        count = 0
        while not self._stop.is_set():
            count += 1
            identifier = f"{number}-{count}"
            hour = f"2023-11-14T{count % 24:02}:00:00Z"
            try:
                client.put_record(FeatureGroupName=self._group, Record=values(id=identifier, at=hour))
            except (BotoCoreError, ClientError):
                self._stop.wait(0.05)
            else:
                self.acknowledged.append(identifier)
        client.close()


def test_every_acknowledged_record_is_in_both_stores_after_kill_9_and_in_s3_once(
    emulator: Emulator, sagemaker: Any, runtime: Any
) -> None:
    name = new_name("people")
    described = create_group(emulator, sagemaker, name)
    writers = Writers(emulator, name)
    writers.start()

    try:
        writers.wait_for(300)
        for _ in range(2):
            emulator.kill()
            emulator.restart()
            writers.wait_for(300)
    finally:
        writers.stop()

    acknowledged = set(writers.acknowledged)
    in_s3 = [row["id"] for row in rows(emulator, described, len(acknowledged))]
    assert acknowledged - set(in_s3) == set()
    # A record that was written and whose answer was lost may be there; none is there twice.
    assert len(in_s3) == len(set(in_s3))
    online = runtime.batch_get_record(
        Identifiers=[
            {"FeatureGroupName": name, "RecordIdentifiersValueAsString": some}
            for some in parts(sorted(acknowledged), 100)
        ]
    )
    assert {each["RecordIdentifierValueAsString"] for each in online["Records"]} == acknowledged


def parts(items: list[str], size: int) -> list[list[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
