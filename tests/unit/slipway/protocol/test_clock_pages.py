"""The clock that people see and move."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from slipway.clock import MovableClock
from slipway.protocol.call import HttpRequest
from slipway.protocol.clock_pages import ClockPages, duration_seconds, seconds_of

NOON = 1_706_788_800.0  # 2024-02-01T12:00:00Z


@pytest.fixture
def clock(tmp_path: Path) -> MovableClock:
    return MovableClock(tmp_path / "clock")


def move(clock: MovableClock, body: object, is_allowed: bool = True) -> tuple[int, dict[str, Any]]:
    pages = ClockPages(clock, is_allowed).pages
    answer = pages["POST", "/_slipway/clock"](HttpRequest("POST", "/", body=json.dumps(body).encode()))
    return answer.status, json.loads(answer.body)


def test_a_clock_that_nobody_moved_is_the_machines(clock: MovableClock) -> None:
    before = time.time()

    page = json.loads(ClockPages(clock, False).pages["GET", "/_slipway/clock"](HttpRequest("GET", "/")).body)

    assert page["ahead_seconds"] == 0
    shown = datetime.fromisoformat(page["now"].replace("Z", "+00:00")).timestamp()
    # To the millisecond.
    assert before - 0.001 <= shown <= time.time()


def test_it_is_moved_by_a_duration_and_again(clock: MovableClock) -> None:
    first, second = move(clock, {"Advance": "1h"}), move(clock, {"Advance": "90s"})

    assert (first[0], first[1]["ahead_seconds"]) == (200, 3600)
    assert (second[0], second[1]["ahead_seconds"]) == (200, 3690)


def test_it_is_moved_to_a_moment(clock: MovableClock) -> None:
    status, page = move(clock, {"To": "2190-12-24T00:00:00Z"})

    assert status == 200
    assert page["now"].startswith("2190-12-24T00:00:0")


def test_it_is_not_moved_unless_that_is_allowed(clock: MovableClock) -> None:
    status, page = move(clock, {"Advance": "1h"}, is_allowed=False)

    assert status == 403
    assert "SLIPWAY_ALLOW_RESET=1" in page["Message"]
    assert clock.ahead_seconds == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h", 3600),
        ("90s", 90),
        ("30m", 1800),
        ("2d", 172800),
        ("1d12h", 129600),
        ("1H", 3600),
        ("PT1H", 3600),
        ("P1DT12H", 129600),
        ("PT1H30M5S", 5405),
        ("0s", 0),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert duration_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "1", "1w", "-1h", "1h 30m", "1.5h", "h", 60, None, "30m1h"])
def test_what_is_no_duration_is_refused_with_one_that_is(text: object) -> None:
    with pytest.raises(ValueError, match="such as 1h"):
        duration_seconds(text)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("2024-02-01T13:00:00Z", 3600),
        ("2024-02-01T13:00:00", 3600),
        ("2024-02-01T15:00:00+02:00", 3600),
        ("2024-02-02", 43200),
        ("2024-02-01T12:00:00Z", 0),
    ],
)
def test_moments_are_read_as_utc_unless_they_say_otherwise(moment: str, seconds: float) -> None:
    assert seconds_of(json.dumps({"To": moment}).encode(), NOON) == seconds


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is one of"),
        (b"[]", "the body is one of"),
        (b"{}", "the body is one of"),
        (b'{"Advance": "1h", "To": "2024-02-02"}', "the body is one of"),
        (b'{"advance": "1h"}', "none of Advance and To"),
        (b'{"To": "tomorrow"}', "such as 2026-12-24T00:00:00Z"),
        (b'{"To": 5}', "such as 2026-12-24T00:00:00Z"),
        (b'{"To": "2024-02-01T11:59:59Z"}', "goes forward alone"),
        (b'{"To": "2200-01-01"}', "beyond the year 2199"),
        (b'{"Advance": "999999999d"}', "beyond the year 2199"),
    ],
)
def test_what_is_wrong_is_said(clock: MovableClock, body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        seconds_of(body, NOON)

    answer = ClockPages(clock, True).move(HttpRequest("POST", "/", body=body))
    assert answer.status == 400
    assert words in json.loads(answer.body)["Message"]
    assert clock.ahead_seconds == 0


def test_a_move_is_told_and_survives(clock: MovableClock, tmp_path: Path) -> None:
    moves = []
    clock.subscribe(lambda: moves.append(clock.ahead_seconds))

    move(clock, {"Advance": "1h"})

    assert moves == [3600]
    assert MovableClock(tmp_path / "clock").ahead_seconds == 3600
