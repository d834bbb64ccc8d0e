"""When expressions come next: tests/data/schedule_times.txt has the table, and names the pages of AWS."""

from datetime import UTC, datetime

import pytest
from slipway.schedules.expressions import Expression, ExpressionError, parse_expression
from slipway.schedules.zones import UnknownZoneError

from scripts.commands import ROOT

TABLE = (ROOT / "tests" / "data" / "schedule_times.txt").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.split("|")]
    for line in TABLE.splitlines()
    if line and not line.startswith("#")
]
REFERENCE, TYPES, QUARTZ = "Cron expressions reference", "Schedule types", "Quartz CronTrigger"
RECORDED = "LocalStack's tests, recorded of AWS on 2025-01-26"


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def times(expression: Expression, after: str, count: int, anchor: str = "2024-01-01T00:00") -> list[str]:
    """The first times after a moment, in UTC."""
    found: list[float] = []
    while len(found) < count:
        last = found[-1] if found else seconds(after)
        following = expression.next_after(last, seconds(anchor))
        if following is None:
            break
        found.append(following)
    return [datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M") for moment in found]


@pytest.mark.parametrize(
    ("page", "text", "zone", "after", "expected"), ROWS, ids=[" ".join(row[:4]) for row in ROWS]
)
def test_an_expression_comes_when_the_page_says(
    page: str, text: str, zone: str, after: str, expected: str
) -> None:
    wanted = expected.split()

    assert times(parse_expression(text, zone), after, max(1, len(wanted))) == wanted, page


@pytest.mark.parametrize(
    ("text", "page"),
    [
        *(
            (text, RECORDED)
            for text in (
                *(
                    "cron(0 1 * * * *)",
                    "cron(7 20 * * NOT *)",
                    "cron(INVALID)",
                    "cron(0 dummy ? * MON-FRI *)",
                ),
                *("cron(71 8 1 * ? *)", "cron()", "rate(10 seconds)", "rate(10 years)", "rate()", "rate(10)"),
                *("rate(10 minutess)", "rate(foo minutes)", "rate(-10 minutes)", "rate( 10 minutes )"),
                *(" rate(10 minutes)", "at(2021-12-31T23:59:59Z)", "at(2021-12-31)"),
            )
        ),
        # "You can't use * in both": nor can ? be in both.
        ("cron(0 1 ? * ? *)", REFERENCE),
        # "3#1,6#3 is not valid because it's interpreted as two expressions".
        ("cron(0 1 ? * 3#1,6#3 *)", REFERENCE),
        ("cron(0 1 * * ?)", REFERENCE),
        ("cron(0 1 * * ? * *)", REFERENCE),
        ("cron(60 1 * * ? *)", REFERENCE),
        ("cron(0 24 * * ? *)", REFERENCE),
        ("cron(0 1 0 * ? *)", REFERENCE),
        ("cron(0 1 32 * ? *)", REFERENCE),
        ("cron(0 1 * 13 ? *)", REFERENCE),
        ("cron(0 1 * MON ? *)", REFERENCE),
        ("cron(0 1 ? * 0 *)", REFERENCE),
        ("cron(0 1 ? * 8 *)", REFERENCE),
        ("cron(0 1 ? * 6#6 *)", REFERENCE),
        ("cron(0 1 ? * 6#0 *)", REFERENCE),
        ("cron(0 1 * * ? 1969)", REFERENCE),
        ("cron(0 1 * * ? 2200)", REFERENCE),
        ("cron(0/0 1 * * ? *)", REFERENCE),
        ("cron(? 1 * * ? *)", REFERENCE),
        ("cron(L 1 * * ? *)", REFERENCE),
        ("cron(0 1 ? * 3W *)", REFERENCE),
        ("cron(0 1 W * ? *)", REFERENCE),
        ("cron(0 1 -1 * ? *)", REFERENCE),
        ("cron(0 1 1- * ? *)", REFERENCE),
        ("cron(0 1 1, * ? *)", REFERENCE),
        ("cron(0 1 L-31 * ? *)", QUARTZ),
        ("rate(0 minutes)", TYPES),
        ("rate(1.5 hours)", TYPES),
        ("at(2023-02-29T00:00:00)", TYPES),
        ("at(2024-01-01T24:00:01)", TYPES),
        ("every day", TYPES),
        ("", TYPES),
    ],
)
def test_what_is_no_expression_is_refused(text: str, page: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text)


@pytest.mark.parametrize("text", ["rate(1 minute)", "rate(1 minutes)", "rate(2 minute)", "rate(12 hours)"])
def test_a_rates_unit_may_have_its_s_or_not(text: str) -> None:
    # rate(2 minute): LocalStack's tests, recorded of AWS on 2025-01-08.
    assert parse_expression(text).is_recurring


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe", "/etc/localtime", "UTC\0"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(UnknownZoneError):
        parse_expression("rate(1 hour)", zone)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2024-01-01T00:00", ["2024-01-01T10:20", "2024-01-01T11:20"]),
        ("2024-01-01T10:20", ["2024-01-01T11:20", "2024-01-01T12:20"]),
        ("2024-01-03T10:19", ["2024-01-03T10:20", "2024-01-03T11:20"]),
    ],
)
def test_a_rate_counts_from_its_anchor_and_includes_it(after: str, expected: list[str]) -> None:
    assert times(parse_expression("rate(1 hour)"), after, 2, anchor="2024-01-01T10:20") == expected


def test_every_leap_day_is_found() -> None:
    found = times(parse_expression("cron(0 0 29 2 ? *)"), "2001-01-01T00:00", 100)

    # To 2199, the last year of the field, and not in 2100.
    assert [moment[:4] for moment in found] == [str(year) for year in range(2004, 2200, 4) if year != 2100]
