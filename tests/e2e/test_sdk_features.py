"""The SageMaker SDKs, v2 and v3, unmodified, with a feature group: made from a frame, filled, looked up.

What they put is looked up in S3 by another client, and the two must come to the same.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from scripts.commands import ROOT
from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.localstack_calls import fresh
from tests.support.sdk_features import AT_SECONDS, frame
from tests.support.sdk_shell import PYTHONS, environment

PROGRAM_SECONDS = 120


@pytest.fixture(scope="module", params=["v2", "v3"])
def told(
    request: pytest.FixtureRequest, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What an SDK reported, and under which name."""
    folder = tmp_path_factory.mktemp(request.param)
    name, results = fresh(f"sdk-{request.param}"), folder / "results.json"
    program = f"tests.support.sdk_{request.param}_features"
    ended = subprocess.run(
        [str(PYTHONS[request.param]), "-m", program, name, emulator.bucket, str(results)],
        check=False,
        cwd=ROOT,
        env=environment(emulator.localstack.endpoint_url, folder),
        capture_output=True,
        text=True,
        timeout=PROGRAM_SECONDS,
    )
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-6000:]
    return {"name": name, **json.loads(results.read_text("utf-8"))}


def test_a_record_is_answered_as_the_frame_has_it(told: dict[str, Any]) -> None:
    row = frame().iloc[7]

    record = told["record"]

    assert (record["id"], record["at"]) == (row["id"], row["at"])
    assert (int(record["orders"]), float(record["score"])) == (row["orders"], row["score"])


def test_a_deleted_record_is_not_answered_and_the_group_was_listed(told: dict[str, Any]) -> None:
    assert told["deleted"] == {}
    assert told["groups"] == [told["name"]]


def test_a_query_answers_the_newest_rows(told: dict[str, Any]) -> None:
    left = frame()[lambda rows: rows["id"] != "c7"][["id", "orders", "score"]]

    assert told["query"] == left.to_numpy().tolist()


def test_the_builders_training_set_has_nothing_of_the_future(told: dict[str, Any]) -> None:
    # Who is not in it had no record by then, or was deleted at any time (the builder's own rule).
    assert told["training_set"] == [["c3", 1, 3, AT_SECONDS], ["c9", 1, 9, AT_SECONDS]]


def test_every_row_is_in_the_offline_store_though_the_group_was_deleted(
    emulator: Emulator, told: dict[str, Any], tmp_path: Path
) -> None:
    bucket, _, prefix = told["uri"].removeprefix("s3://").partition("/")

    def rows() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = []
        for each in emulator.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", ()):
            emulator.s3.download_file(bucket, each["Key"], str(tmp_path / "rows.parquet"))
            found += pq.read_table(tmp_path / "rows.parquet").to_pylist()
        return found if len(found) > len(frame()) else None

    found = wait_until(rows, "every row and the deletion in S3", 60)
    kept = sorted((row for row in found if not row["is_deleted"]), key=lambda row: row["orders"])
    assert [(row["id"], row["orders"], row["score"]) for row in kept] == list(
        frame()[["id", "orders", "score"]].itertuples(index=False, name=None)
    )
    assert [row["id"] for row in found if row["is_deleted"]] == ["c7"]
