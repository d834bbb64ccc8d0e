"""Records on disk: what is owed to S3 is owed until it was stored, by name."""

import sqlite3
from pathlib import Path

import pytest
from slipway.store.feature_records import HOUR_US, Batch, FeatureRecords, Stored, Write

MANY = 10**9


@pytest.fixture
def records(tmp_path: Path) -> FeatureRecords:
    records = FeatureRecords(tmp_path / "features.db")
    records.remember("g", {"uri": "s3://b/g", "features": []})
    return records


def put(records: FeatureRecords, *lines: str, generation: str = "g", hour: int = 5) -> None:
    records.put(
        [Write(generation, line, hour * HOUR_US + place, None, line) for place, line in enumerate(lines)],
        0,
    )


def next_batch(records: FeatureRecords, rows: int = 100, size: int = MANY) -> Batch:
    batch = records.next_batch(rows, size)
    assert batch is not None
    return batch


def test_a_batch_holds_one_hour_of_one_group(records: FeatureRecords) -> None:
    records.remember("h", {"uri": "s3://b/h"})
    put(records, "g5a", "g5b")
    put(records, "g6", hour=6)
    put(records, "h5", generation="h")

    found = []
    while (batch := records.next_batch(100, MANY)) is not None:
        found.append((batch.destination["uri"], batch.hour, list(records.lines(batch))))
        records.stored(batch)

    assert found == [
        ("s3://b/g", 5, ["g5a", "g5b"]),
        ("s3://b/g", 6, ["g6"]),
        ("s3://b/h", 5, ["h5"]),
    ]


def test_a_batch_stays_the_same_until_it_was_stored(records: FeatureRecords, tmp_path: Path) -> None:
    put(records, "a", "b")
    first = next_batch(records)

    put(records, "c")
    again = next_batch(records)
    # Another process, after a crash.
    later = FeatureRecords(tmp_path / "features.db")

    assert first == again == next_batch(later)
    assert list(later.lines(first)) == ["a", "b"]
    later.stored(first)
    rest = next_batch(later)
    assert rest.name != first.name
    assert list(later.lines(rest)) == ["c"]


def test_a_batch_that_was_stored_is_never_stored_again_though_its_rows_are_left(
    records: FeatureRecords, tmp_path: Path
) -> None:
    put(records, "a")
    batch = next_batch(records)
    # Killed before the rows went.
    with sqlite3.connect(tmp_path / "features.db") as connection:
        connection.execute("UPDATE batches SET is_stored = 1 WHERE name = ?", [batch.name])

    assert records.next_batch(100, MANY) is None
    assert records.owed() == 0


def test_batches_are_bounded_by_rows_and_by_bytes(records: FeatureRecords) -> None:
    put(records, "aaaa", "bbbb", "cccc", "dddd", "e" * 100)
    sizes = []

    for rows, size in ((2, MANY), (100, 9), (100, 9)):
        batch = next_batch(records, rows, size)
        sizes.append(len(list(records.lines(batch))))
        records.stored(batch)

    # A row that is larger than all that may be is a batch by itself.
    assert sizes == [2, 2, 1]


def test_groups_that_are_passed_over_keep_nobody_waiting(records: FeatureRecords) -> None:
    records.remember("h", {"uri": "s3://b/h"})
    put(records, "g")
    put(records, "h", generation="h")
    first = next_batch(records)

    other = records.next_batch(100, MANY, {first.generation})

    assert other is not None
    assert {first.generation, other.generation} == {"g", "h"}
    assert records.next_batch(100, MANY, {"g", "h"}) is None


def test_many_rows_are_read_and_removed_in_parts(records: FeatureRecords) -> None:
    lines = [f"line {number}" for number in range(5001)]
    put(records, *lines)
    batch = next_batch(records, MANY)

    assert list(records.lines(batch)) == lines
    records.stored(batch)
    assert records.owed() == 0


def test_all_of_a_batch_of_writes_is_kept_or_nothing(records: FeatureRecords) -> None:
    good = Write("g", "a", 1, Stored(1, None, b"[]"), "a")
    # SQLite has no half of a surrogate pair.
    bad = Write("g", "b", 1, None, "\ud800")

    with pytest.raises(UnicodeEncodeError):
        records.put([good, bad], 0)

    assert records.get("g", "a", 0) is None
    records.put([good], 0)
    assert records.get("g", "a", 0) == Stored(1, None, b"[]")


def test_forgetting_a_group_leaves_what_s3_is_owed(records: FeatureRecords) -> None:
    records.put([Write("g", "a", 1, Stored(1, None, b"[]"), "a")], 0)

    records.forget("g")

    assert records.get("g", "a", 0) is None
    assert records.owed() == 1


def test_a_destination_never_goes_back_to_fewer_features(records: FeatureRecords) -> None:
    one, two = ({"uri": "s3://b/f", "features": features} for features in (["a"], ["a", "b"]))
    put(records, "row", generation="f")

    for destination in (one, two, one):
        records.remember("f", destination)

    assert next_batch(records).destination == two


def test_a_reset_leaves_nothing(records: FeatureRecords) -> None:
    records.put([Write("g", "a", 1, Stored(1, None, b"[]"), "a")], 0)
    next_batch(records)

    records.reset()

    assert records.get("g", "a", 0) is None
    assert records.next_batch(100, MANY) is None
