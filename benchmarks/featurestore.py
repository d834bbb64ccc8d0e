"""How soon does the feature store answer, how many records does it take, how soon are they in S3?

The bank's encodings: 41,472 records of 40 columns. Look-ups of one record over
one kept-alive connection, beside Feast's feature server and Redis with the same
records, asked in turn.
"""

import http.client
import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import boto3
from botocore.config import Config

from benchmarks.control_plane import POLL_SECONDS, ControlPlane, running
from benchmarks.emulator import BUCKET, MANY_REGION, client_of
from benchmarks.featurestore_peers import (
    FEAST_VERSION,
    Feast,
    Redis,
    feast_environment,
    redis_server,
    running_feast,
    running_redis,
)
from benchmarks.figures import Figures
from benchmarks.jobs import LABEL, JobError, docker
from benchmarks.plain_http import PlainConnection
from scripts.commands import capture

# The combinations of the bank's eight categorical values, and their encoded columns.
RECORDS, COLUMNS = 12 * 3 * 4 * 2 * 2 * 2 * 3 * 12, 40
EXPORTED = 1_000_000
LOOK_UPS, ROUNDS, WARM_UP = 1000, 5, 50
CONNECTIONS = 8
ENTRIES = 25
BOTO3_RECORDS = 2000
AT = "2023-11-14T21:00:00Z"
ROLE = "arn:aws:iam::000000000000:role/any"
HEADERS = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20231114/{MANY_REGION}/sagemaker/aws4_request",
    "Content-Type": "application/json",
}
# Runs in the emulator's image, with its limits: rows that are owed, and what the emulator does with them.
EXPORT = f"""
import time
from pathlib import Path
from slipway.clock import SystemClock
from slipway.executors.offline_store import OfflineStore
from slipway.feature_store import _storing
from slipway.resources.resource import Owner
from slipway.staging.parquet import ParquetWriter
from slipway.staging.s3 import S3Clients
from slipway.store.feature_records import FeatureRecords, Write

folder = Path("/tmp/export")
folder.mkdir()
records = FeatureRecords(folder / "features.db")
features = [{{"FeatureName": name, "FeatureType": "String"}} for name in ("id", "at")]
features += [{{"FeatureName": f"c{{n}}", "FeatureType": "Fractional"}} for n in range(8)]
place = {{"account_id": "000000000000", "region": {MANY_REGION!r}, "uri": "s3://{BUCKET}/exported/data"}}
records.remember("g", {{**place, "features": features}})
values = ",".join(f'"{{n + 2}}":"0.{{n}}234567"' for n in range(8))
for begin in range(0, {EXPORTED}, 5000):
    records.put([
        Write("g", "", 1699995600000000 + row, None,
              '{{"api":1699995600000000,"del":false,"0":"id%d","1":"{AT}",%s}}' % (row, values))
        for row in range(begin, begin + 5000)
    ], 0)
s3 = S3Clients("http://localstack:4566", "test", "test")
offline = OfflineStore(records, SystemClock(), ParquetWriter(folder).write, _storing(s3), folder)
started = time.perf_counter()
assert offline.flush()
print("seconds", time.perf_counter() - started)
assert records.owed() == 0
s3.close()
"""


def main(images: dict[str, str], _data: Path, _is_synthetic: bool) -> Figures:
    """Look-ups beside both peers; ingest and export by themselves."""
    figures = Figures("featurestore", peer=f"Feast's feature server {FEAST_VERSION}; Redis")
    python, redis = feast_environment(), redis_server()
    version = capture([redis, "--version"]).stdout.split("v=")[1].split()[0]
    figures.note("load average at the beginning", round(os.getloadavg()[0], 1))
    figures.note("peers", f"Feast {FEAST_VERSION} on SQLite, Redis {version} in memory")
    ensure_bucket()
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name, running(images["emulator"]) as plane:
        group = created(plane)
        measure_ingest(figures, plane, group)
        folders = [Path(name) / each for each in ("feast", "redis")]
        for folder in folders:
            folder.mkdir()
        with (
            running_feast(python, folders[0], RECORDS, COLUMNS) as feast_port,
            running_redis(redis, folders[1]) as redis_port,
        ):
            measure_look_ups(figures, plane, group, Feast(feast_port, COLUMNS), Redis(redis_port))
        figures.note("megabytes in use at the end", round(plane.memory_megabytes()))
    figures.note(f"seconds to export {EXPORTED:,} records of 10 columns to S3", measured_export(images))
    return figures


def ensure_bucket() -> None:
    """Where offline stores are."""
    boto3.client("s3").create_bucket(Bucket=BUCKET)


def created(plane: ControlPlane) -> str:
    """A group with both stores, Created."""
    client, group = client_of(plane, MANY_REGION), f"bench-{uuid4().hex[:8]}"
    definitions = [{"FeatureName": name, "FeatureType": "String"} for name in ("id", "at")]
    definitions += [{"FeatureName": f"c{number}", "FeatureType": "Fractional"} for number in range(COLUMNS)]
    client.create_feature_group(
        FeatureGroupName=group,
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=definitions,
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{BUCKET}/features"}},
        RoleArn=ROLE,
    )
    while (found := client.describe_feature_group(FeatureGroupName=group))[
        "FeatureGroupStatus"
    ] == "Creating":
        threading.Event().wait(POLL_SECONDS)
    if found["FeatureGroupStatus"] != "Created":
        raise JobError(f"{group}: {found.get('FailureReason')}")
    return group


def record(row: int, at: str = AT) -> list[dict[str, str]]:
    """A record as the runtime takes it."""
    values = [(f"c{number}", repr((row * 31 + number) % 97 * 0.1234567)) for number in range(COLUMNS)]
    return [
        {"FeatureName": name, "ValueAsString": text}
        for name, text in [("id", f"id{row}"), ("at", at), *values]
    ]


def measure_ingest(figures: Figures, plane: ControlPlane, group: str) -> None:
    """All records by BatchWriteRecord and by PutRecord, and some through boto3."""
    batches = [
        json.dumps({"Entries": [{"FeatureGroupName": group, "Record": record(row)} for row in rows]})
        for rows in parts(range(RECORDS), ENTRIES)
    ]
    seconds = pooled(plane, "POST", "/BatchWriteRecord", batches)
    figures.note(f"seconds to ingest {RECORDS:,} records, BatchWriteRecord", round(seconds, 1))
    later = "2023-11-14T22:00:00Z"
    puts = [json.dumps({"Record": record(row, later)}) for row in range(RECORDS)]
    seconds = pooled(plane, "PUT", f"/FeatureGroup/{group}", puts)
    figures.note(f"seconds to ingest {RECORDS:,} records, PutRecord", round(seconds, 1))
    client = boto3_runtime(plane)
    started = time.perf_counter()
    for row in range(BOTO3_RECORDS):
        client.put_record(FeatureGroupName=group, Record=record(row, "2023-11-14T23:00:00Z"))
    milliseconds = 1000 * (time.perf_counter() - started) / BOTO3_RECORDS
    figures.note("milliseconds a PutRecord by boto3, one client", round(milliseconds, 2))


def boto3_runtime(plane: ControlPlane) -> Any:
    """An ordinary client of the runtime."""
    return boto3.client(
        "sagemaker-featurestore-runtime",
        endpoint_url=plane.endpoint_url,
        region_name=MANY_REGION,
        config=Config(retries={"total_max_attempts": 1}),
    )


def parts(rows: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """`rows`, some at a time."""
    return (rows[begin : begin + size] for begin in range(0, len(rows), size))


def pooled(plane: ControlPlane, method: str, path: str, bodies: Sequence[str]) -> float:
    """Seconds until all was sent and acknowledged, over a few kept-alive connections."""
    failures: list[str] = []

    def send(some: Sequence[str]) -> None:
        connection = http.client.HTTPConnection(plane.endpoint_url.removeprefix("http://"))
        for body in some:
            connection.request(method, path, body, HEADERS)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200 or b"ErrorCode" in content:
                failures.append(f"{path} answers {answer.status}: {content[:200]!r}")
                return
        connection.close()

    threads = [
        threading.Thread(target=send, args=(bodies[place::CONNECTIONS],)) for place in range(CONNECTIONS)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise JobError(failures[0])
    return time.perf_counter() - started


def measure_look_ups(figures: Figures, plane: ControlPlane, group: str, feast: Feast, redis: Redis) -> None:
    """p50 and p99 of one record, of all three in turn, and of boto3 by itself."""
    # At the container's own address: the peers have no proxy before them either.
    connection = PlainConnection(own_address(plane), 4500)

    def ours(identifier: str) -> bytes:
        query = urlencode({"RecordIdentifierValueAsString": identifier})
        status, content = connection.ask("GET", f"/FeatureGroup/{group}?{query}", HEADERS)
        if status != 200 or b'"Record"' not in content:
            raise JobError(f"GetRecord answers {status}: {content[:200]!r}")
        return content

    for row in range(0, RECORDS, 4):
        redis.set(f"id{row}", ours(f"id{row}"))
    rounds = [[milliseconds(look_up) for look_up in (ours, feast.get, redis.get)] for _ in range(ROUNDS)]
    for place, name in ((1, "Feast"), (2, "Redis")):
        for part, which in ((0, "p50"), (1, "p99")):
            what = f"milliseconds a look-up, {which}, beside {name}"
            figures.add(
                what, [each[0][part] for each in rounds], [each[place][part] for each in rounds], digits=3
            )
    connection.close()
    host, _, port = plane.endpoint_url.removeprefix("http://").partition(":")
    connection = PlainConnection(host, int(port))
    published = milliseconds(ours)
    connection.close()
    figures.note(
        "milliseconds a look-up at the published port, p50 and p99", [round(x, 3) for x in published]
    )
    client = boto3_runtime(plane)
    by_boto3 = milliseconds(
        lambda identifier: client.get_record(FeatureGroupName=group, RecordIdentifierValueAsString=identifier)
    )
    figures.note("milliseconds a GetRecord by boto3, p50", round(by_boto3[0], 2))


def own_address(plane: ControlPlane) -> str:
    """The emulator's container's address on Docker's network."""
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    return docker("inspect", "--format", form, plane.container).split()[0]


def milliseconds(look_up: Callable[[str], object]) -> tuple[float, float]:
    """p50 and p99 of look-ups, one after the other, of records far from each other."""
    times = []
    for number in range(WARM_UP + LOOK_UPS):
        identifier = f"id{number * 7919 % (RECORDS // 4) * 4}"
        started = time.perf_counter()
        look_up(identifier)
        times.append(1000 * (time.perf_counter() - started))
    times = sorted(times[WARM_UP:])
    return times[len(times) // 2], times[len(times) * 99 // 100]


def measured_export(images: dict[str, str]) -> float:
    """Seconds that the emulator takes for a long journal, within the memory that compose gives it."""
    network = docker("network", "ls", "--filter", "label=slipway", "--format", "{{.Name}}").split()
    name = "slipway" if "slipway" in network else network[0]
    said = docker(
        *("run", "--rm", "--label", LABEL, "--network", name, "--memory", "512m"),
        *("--entrypoint", "python", images["emulator"], "-c", EXPORT),
    )
    found = re.search(r"seconds ([0-9.]+)", said)
    if found is None:
        raise JobError(f"the export said: {said[-800:]}")
    return round(float(found[1]), 1)
