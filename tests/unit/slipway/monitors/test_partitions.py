"""Hours of data as folders."""

from datetime import UTC, datetime

import pytest
from slipway.monitors.partitions import TooManyPartitionsError, days, fitted, folder, hours_in

HOUR = 3600
# 2023-11-14T22:00:00Z
TEN_AT_NIGHT = 1_699_999_200


def hours(first: int, count: int) -> list[int]:
    return [first + number * HOUR for number in range(count)]


def test_an_hour_s_folder_is_its_date_and_hour_in_utc() -> None:
    assert folder(TEN_AT_NIGHT) == "2023/11/14/22"


def test_hours_are_found_by_what_lies_in_their_folders() -> None:
    keys = [
        "captured/bank/AllTraffic/2023/11/14/22/a.jsonl",
        "captured/bank/AllTraffic/2023/11/14/22/b.jsonl",
        "captured/bank/AllTraffic/2023/11/14/23/more/c.jsonl",
        # A console's own object for a folder, a report, no date, another variant.
        "captured/bank/AllTraffic/2023/11/15/00/",
        "captured/bank/AllTraffic/_report.json",
        "captured/bank/AllTraffic/2023/13/45/99/d.jsonl",
        "captured/bank/Blue/2023/11/14/21/e.jsonl",
    ]

    found = hours_in(keys, "captured/bank/AllTraffic/")

    assert found == {TEN_AT_NIGHT, TEN_AT_NIGHT + HOUR}


def test_a_look_goes_over_every_day_that_a_time_touches() -> None:
    start = datetime(2023, 12, 30, 23, tzinfo=UTC).timestamp()
    end = datetime(2024, 1, 1, 0, tzinfo=UTC).timestamp()

    assert days(start, end) == ["2023/12/30", "2023/12/31", "2024/01/01"]


@pytest.mark.parametrize(
    ("count", "room", "expected"),
    [
        (2, 2, ["2023/11/14/22", "2023/11/14/23"]),
        (3, 2, ["2023/11/14", "2023/11/15"]),
        (24 * 7, 8, [f"2023/11/{day}" for day in range(14, 22)]),
        (24 * 60, 8, ["2023/11", "2023/12", "2024/01"]),
        (24 * 500, 3, ["2023", "2024", "2025"]),
    ],
)
def test_folders_are_hours_where_they_fit_and_else_what_holds_more(
    count: int, room: int, expected: list[str]
) -> None:
    assert fitted([hours(TEN_AT_NIGHT, count)], room) == [expected]


def test_the_group_with_the_most_folders_gives_way_first() -> None:
    found = fitted([hours(TEN_AT_NIGHT, 30), hours(TEN_AT_NIGHT, 2)], 10)

    assert found == [["2023/11/14", "2023/11/15", "2023/11/16"], ["2023/11/14/22", "2023/11/14/23"]]


def test_more_groups_than_there_is_room_for_are_told() -> None:
    with pytest.raises(TooManyPartitionsError, match="more than 2 folders"):
        fitted([hours(TEN_AT_NIGHT, 1)] * 3, 2)
