"""Writes of many callers at a time: each is told when its own is written, and none is lost."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from slipway.store.feature_records import FeatureRecords, Stored, Write
from slipway.store.group_commit import MOST_WRITES, GroupCommit

SECONDS = 30


def write(number: int) -> Write:
    return Write("g", f"id{number}", number, Stored(number, None, b"[]"), f'{{"n":{number}}}')


class Slow:
    """Takes writes; the first transaction lasts until it is let go."""

    def __init__(self, records: FeatureRecords) -> None:
        self._records = records
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.sizes: list[int] = []
        self.refused: set[str] = set()

    def put(self, writes: Sequence[Write], now_us: int) -> None:
        self.sizes.append(len(writes))
        self.begun.set()
        assert self.go_on.wait(SECONDS)
        if self.refused & {each.identifier for each in writes}:
            raise OSError("no room")
        self._records.put(writes, now_us)


@pytest.fixture
def records(tmp_path: Path) -> FeatureRecords:
    return FeatureRecords(tmp_path / "features.db")


@pytest.fixture
def slow(records: FeatureRecords) -> Slow:
    return Slow(records)


@pytest.fixture
def commits(slow: Slow) -> Iterator[GroupCommit]:
    commits = GroupCommit(slow.put)
    yield commits
    slow.go_on.set()
    commits.close()


def test_what_comes_during_a_transaction_is_one_transaction_after_it(
    records: FeatureRecords, slow: Slow, commits: GroupCommit
) -> None:
    first = commits.put(write(0), 0)
    assert slow.begun.wait(SECONDS)
    others = [commits.put(write(number), 0) for number in range(1, MOST_WRITES + 51)]
    assert not first.done()
    assert not any(each.done() for each in others)

    slow.go_on.set()

    assert all(each.result(SECONDS) for each in (first, *others))
    assert slow.sizes == [1, MOST_WRITES, 50]
    # One record is there for each, in both stores.
    assert len(records.identifiers("g", "", 1000, 0, False)) == MOST_WRITES + 51
    assert records.owed() == MOST_WRITES + 51


def test_a_write_that_fails_takes_no_other_along(
    records: FeatureRecords, slow: Slow, commits: GroupCommit
) -> None:
    slow.refused = {"id2"}
    first = commits.put(write(0), 0)
    assert slow.begun.wait(SECONDS)
    others = [commits.put(write(number), 0) for number in range(1, 4)]

    slow.go_on.set()

    assert first.result(SECONDS)
    assert [each.result(SECONDS) for each in others] == [True, False, True]
    assert records.identifiers("g", "", 10, 0, False) == ["id0", "id1", "id3"]


def test_what_nobody_waits_for_any_more_is_not_written(
    records: FeatureRecords, slow: Slow, commits: GroupCommit
) -> None:
    first = commits.put(write(0), 0)
    assert slow.begun.wait(SECONDS)
    left, last = commits.put(write(1), 0), commits.put(write(2), 0)

    assert left.cancel()
    slow.go_on.set()

    assert first.result(SECONDS)
    assert last.result(SECONDS)
    assert records.identifiers("g", "", 10, 0, False) == ["id0", "id2"]


def test_what_waits_is_written_before_the_end(records: FeatureRecords, slow: Slow) -> None:
    commits = GroupCommit(slow.put)
    slow.go_on.set()
    waiting = [commits.put(write(number), 0) for number in range(5)]

    commits.close()

    assert all(each.done() for each in waiting)
    assert records.owed() == 5


def test_callers_from_many_threads_are_all_served(records: FeatureRecords) -> None:
    commits = GroupCommit(records.put)

    def call(begin: int) -> None:
        for number in range(begin, begin + 100):
            assert commits.put(write(number), 0).result(SECONDS)

    threads = [threading.Thread(target=call, args=(begin,)) for begin in range(0, 800, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    commits.close()

    assert records.owed() == 800
