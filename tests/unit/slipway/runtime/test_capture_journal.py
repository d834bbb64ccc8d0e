"""Captured lines reach S3: in order, in objects of one hour, and after every kind of end."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from slipway.resources.resource import Key, Kind, Owner
from slipway.runtime.capture_journal import CaptureJournal

OWNER = Owner("000000000000", "us-east-1")
KEY = Key(OWNER, Kind.ENDPOINT, "churn")
DESTINATION = "s3://bucket/capture"
HOUR = 3600.0


class Bucket:
    """Objects in memory; `is_away` refuses, and `missing` buckets are not there."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.is_away = False
        self.missing: set[str] = set()
        self.refusals = 0

    def store(self, _owner: Owner, bucket: str, key: str, content: bytes) -> None:
        if self.is_away or bucket in self.missing:
            self.refusals += 1
            raise ConnectionError(f"{bucket} is away")
        self.objects[key] = content


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def opened(tmp_path: Path, bucket: Bucket) -> Callable[[], CaptureJournal]:
    """A journal on one folder, as each next process would make it."""

    def journal() -> CaptureJournal:
        folder = tmp_path / "capture"
        folder.mkdir(exist_ok=True)
        return CaptureJournal(folder, bucket.store)

    return journal


def append(journal: CaptureJournal, line: bytes, moment: float = 0.0, destination: str = DESTINATION) -> None:
    journal.append(KEY, "AllTraffic", destination, moment, line)


def test_lines_of_one_hour_are_one_object(opened: Callable[[], CaptureJournal], bucket: Bucket) -> None:
    journal = opened()
    append(journal, b"one\n")
    append(journal, b"two\n", moment=HOUR - 1)

    assert journal.flush()

    (key,) = bucket.objects
    assert key.startswith("capture/churn/AllTraffic/1970/01/01/00/00-00-000-")
    assert bucket.objects[key] == b"one\ntwo\n"


def test_another_hour_is_another_object(opened: Callable[[], CaptureJournal], bucket: Bucket) -> None:
    journal = opened()
    append(journal, b"one\n", moment=HOUR - 1)
    append(journal, b"two\n", moment=HOUR)

    journal.flush()

    assert sorted(key.split("/")[6] for key in bucket.objects) == ["00", "01"]


def test_what_a_killed_process_had_written_is_stored_by_the_next(
    opened: Callable[[], CaptureJournal], bucket: Bucket
) -> None:
    # Nothing is told to the first journal: that is what SIGKILL does.
    append(opened(), b"one\n")

    opened().flush()

    assert list(bucket.objects.values()) == [b"one\n"]


def test_half_a_line_of_a_killed_process_is_no_line(
    opened: Callable[[], CaptureJournal], bucket: Bucket, tmp_path: Path
) -> None:
    append(opened(), b"one\n")
    (left,) = (tmp_path / "capture").iterdir()
    left.write_bytes(left.read_bytes() + b'{"captureDa')

    opened().flush()

    assert list(bucket.objects.values()) == [b"one\n"]


def test_storing_an_object_twice_leaves_one(
    opened: Callable[[], CaptureJournal], bucket: Bucket, tmp_path: Path
) -> None:
    append(opened(), b"one\n")
    (left,) = (tmp_path / "capture").iterdir()
    content = left.read_bytes()
    opened().flush()
    # Killed after the object was stored and before its file was removed.
    left.write_bytes(content)

    opened().flush()

    assert list(bucket.objects.values()) == [b"one\n"]
    assert not list((tmp_path / "capture").iterdir())


def test_lines_wait_while_s3_is_away(opened: Callable[[], CaptureJournal], bucket: Bucket) -> None:
    journal = opened()
    append(journal, b"one\n")
    bucket.is_away = True
    assert not journal.flush()
    append(journal, b"two\n")
    bucket.is_away = False

    assert journal.flush()

    assert sorted(bucket.objects.values()) == [b"one\n", b"two\n"]


def test_a_bucket_that_is_not_there_holds_up_no_other(
    opened: Callable[[], CaptureJournal], bucket: Bucket
) -> None:
    bucket.missing = {"gone"}
    journal = opened()
    for number in range(5):
        append(journal, b"lost\n", moment=number * HOUR, destination="s3://gone/x")
        append(journal, b"kept\n", moment=number * HOUR)

    assert not journal.flush()

    assert list(bucket.objects.values()) == [b"kept\n"] * 5
    # One refusal tells of all: S3 is not asked for every object that waits.
    assert bucket.refusals == 1


def test_a_file_that_cannot_be_read_holds_up_no_other(
    opened: Callable[[], CaptureJournal], bucket: Bucket, tmp_path: Path
) -> None:
    journal = opened()
    (tmp_path / "capture" / "0.jsonl").mkdir()
    (tmp_path / "capture" / "1.jsonl").write_text("no head of ours\nline\n")
    append(journal, b"one\n")

    assert not journal.flush()

    assert list(bucket.objects.values()) == [b"one\n"]
    assert (tmp_path / "capture" / "1.jsonl").exists()


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The kernel takes of a write what still fits, and then no more: as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_line_that_the_disk_takes_in_part_spoils_no_other(
    opened: Callable[[], CaptureJournal], bucket: Bucket, tmp_path: Path
) -> None:
    journal = opened()
    append(journal, b"one\n")
    (file,) = (tmp_path / "capture").iterdir()

    with files_of_at_most(file.stat().st_size + 3), pytest.raises(OSError, match="File too large"):
        append(journal, b"a longer one\n")
    append(journal, b"three\n")

    assert journal.flush()
    assert list(bucket.objects.values()) == [b"one\nthree\n"]


def test_a_clean_stop_stores_everything(opened: Callable[[], CaptureJournal], bucket: Bucket) -> None:
    journal = opened()
    journal.start()
    append(journal, b"one\n")

    journal.close()

    assert list(bucket.objects.values()) == [b"one\n"]
