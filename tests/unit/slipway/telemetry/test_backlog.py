import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.resources.resource import Owner
from slipway.telemetry.backlog import (
    BYTES_PER_CALL,
    EVENTS_PER_CALL,
    LINE_BYTES,
    OVERHEAD_BYTES,
    Backlog,
    LogStream,
    pieces,
)

OWNER = Owner("000000000000", "us-east-1")
ONE, OTHER = LogStream(OWNER, "group", "one"), LogStream(OWNER, "group", "other")


def messages(backlog: Backlog, stream: LogStream) -> list[str]:
    return [line.message for line in backlog.take(stream)]


def test_lines_come_out_as_they_went_in() -> None:
    backlog = Backlog()
    for number in range(3):
        backlog.add(ONE, 1.0 + number, f"line {number}")
    backlog.add(OTHER, 1.5, "another's")

    batch = backlog.take(ONE)

    assert [(line.timestamp, line.message) for line in batch] == [
        (1000, "line 0"),
        (2000, "line 1"),
        (3000, "line 2"),
    ]
    assert backlog.streams() == [OTHER]


def test_an_empty_line_is_none() -> None:
    backlog = Backlog()
    backlog.add(ONE, 1.0, "")

    assert backlog.streams() == []


def test_no_line_is_before_the_one_that_came_before_it() -> None:
    backlog = Backlog()
    for moment in (2.0, 1.0, 3.0):
        backlog.add(ONE, moment, "x")
    first = [line.timestamp for line in backlog.take(ONE)]
    backlog.add(ONE, 2.5, "x")

    assert first == [2000, 2000, 3000]
    assert [line.timestamp for line in backlog.take(ONE)] == [3000]


def test_a_batch_is_no_larger_than_a_call_takes() -> None:
    backlog = Backlog()
    for _ in range(EVENTS_PER_CALL + 1):
        backlog.add(ONE, 1.0, "x")

    assert len(backlog.take(ONE)) == EVENTS_PER_CALL
    assert len(backlog.take(ONE)) == 1
    assert backlog.take(ONE) == []


def test_a_batch_has_no_more_bytes_than_a_call_takes() -> None:
    backlog = Backlog()
    for _ in range(9):
        backlog.add(ONE, 1.0, "x" * 200_000)

    sizes = [sum(len(text) + OVERHEAD_BYTES for text in messages(backlog, ONE)) for _ in range(2)]

    assert sizes == [5 * 200_026, 4 * 200_026]
    assert max(sizes) <= BYTES_PER_CALL


def test_what_was_put_back_comes_before_what_was_said_since() -> None:
    backlog = Backlog()
    backlog.add(ONE, 1.0, "a")
    backlog.add(ONE, 1.0, "b")
    batch = backlog.take(ONE)
    backlog.add(ONE, 2.0, "c")

    backlog.put_back(ONE, batch)

    assert messages(backlog, ONE) == ["a", "b", "c"]


def test_of_too_much_the_oldest_of_the_loudest_go_and_a_line_says_so() -> None:
    backlog = Backlog(kept_bytes=1000)
    backlog.add(OTHER, 1.0, "quiet")
    for number in range(100):
        backlog.add(ONE, 1.0, f"{number:074}")
        assert backlog.size <= 1000

    first, *rest = messages(backlog, ONE)

    # Each takes 100 bytes, and the quiet one 31.
    assert first == "[slipway: 91 lines are missing here, for CloudWatch Logs was away too long]"
    assert [int(text) for text in rest] == list(range(91, 100))
    assert messages(backlog, OTHER) == ["quiet"]


def test_what_is_done_makes_room() -> None:
    backlog = Backlog(kept_bytes=1000)
    for number in range(100):
        backlog.add(ONE, 1.0, f"{number:074}")
        backlog.done(ONE, backlog.take(ONE))

    assert backlog.size == 0
    assert backlog.streams() == []


def test_a_stream_is_busy_until_its_lines_are_done() -> None:
    backlog = Backlog()

    def is_one(stream: LogStream) -> bool:
        return stream == ONE

    backlog.add(ONE, 1.0, "x")
    assert backlog.is_busy(is_one)
    batch = backlog.take(ONE)
    assert backlog.is_busy(is_one)
    backlog.done(ONE, batch)
    assert not backlog.is_busy(is_one)


def test_whoever_waits_is_told_of_a_line() -> None:
    backlog = Backlog()
    waiter = threading.Thread(target=lambda: backlog.wait(lambda: bool(backlog.streams())))
    waiter.start()

    backlog.add(ONE, 1.0, "x")
    waiter.join(timeout=60)

    assert not waiter.is_alive()


@pytest.mark.parametrize("character", ["x", "é", "€", "😀"])
def test_a_line_that_is_too_long_is_cut_between_characters(character: str) -> None:
    text = "-" + character * (2 * LINE_BYTES // len(character.encode()))

    parts = list(pieces(text))

    assert "".join(parts) == text
    assert max(len(part.encode()) for part in parts) <= LINE_BYTES
    assert len(parts) == 3


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_other_line_is_one_piece(text: str) -> None:
    assert list(pieces(text)) == [text]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.sampled_from([ONE, OTHER])), max_size=50))
def test_times_never_go_back_whatever_comes(lines: list[tuple[float, LogStream]]) -> None:
    backlog = Backlog()
    for moment, stream in lines:
        backlog.add(stream, moment, "x")

    for stream in (ONE, OTHER):
        times = [line.timestamp for line in backlog.take(stream)]
        assert all(before <= after for before, after in pairwise(times))
