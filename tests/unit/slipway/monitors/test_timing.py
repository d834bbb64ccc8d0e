"""When monitoring schedules start, and of which hours their jobs see the data."""

from datetime import UTC, datetime
from typing import Any

import pytest
from slipway.monitors.timing import Span, TimingError, parse_timing, span_of

HOURLY = "cron(0 * ? * * *)"
WINDOW = {"DataAnalysisStartTime": "-PT5H", "DataAnalysisEndTime": "-PT0H"}


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def starts(expression: str, after: str, count: int) -> list[str]:
    timing, moment, found = parse_timing(expression), float(at(after)), []
    for _ in range(count):
        following = timing.next_after(moment)
        assert following is not None
        found.append(f"{datetime.fromtimestamp(following, UTC):%d %H:%M}")
        moment = following
    return found


def span(expression: str, scheduled_at: str, endpoint_input: Any = None, **config: str) -> tuple[str, str]:
    timing = parse_timing(expression)
    found = span_of(timing, config, endpoint_input or {}, at(scheduled_at))
    start, end = (datetime.fromtimestamp(each, UTC) for each in (found.start, found.end))
    return f"{start:%m-%dT%H:%M}", f"{end:%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # The examples of the API reference, ScheduleExpression.
        (HOURLY, ["01 13:00", "01 14:00", "01 15:00"]),
        ("cron(0 12 ? * * *)", ["02 12:00", "03 12:00", "04 12:00"]),
        ("cron(0 0 ? * * *)", ["02 00:00", "03 00:00", "04 00:00"]),
        ("cron(0 17/12 ? * * *)", ["01 17:00", "02 05:00", "02 17:00"]),
        ("cron(0 0/2 ? * * *)", ["01 14:00", "01 16:00", "01 18:00"]),
        # Beyond them: an hour that does not divide the day begins anew at H.
        ("cron(0 20/9 ? * * *)", ["01 14:00", "01 20:00", "02 05:00"]),
        ("cron(0 00/24 ? * * *)", ["02 00:00", "03 00:00", "04 00:00"]),
        ("cron(0 07/01 ? * * *)", ["01 13:00", "01 14:00", "01 15:00"]),
    ],
)
def test_a_schedule_starts_when_its_expression_says(expression: str, expected: list[str]) -> None:
    assert starts(expression, "2020-01-01T12:00:00", 3) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 * * * ? *)",
        "cron(5 * ? * * *)",
        "cron(0 24 ? * * *)",
        "cron(0 0/25 ? * * *)",
        "cron(0 0/0 ? * * *)",
        "cron(0 */2 ? * * *)",
        "cron(0 * ? * MON *)",
        "rate(1 hour)",
        "Hourly: cron(0 * ? * * *)",
        "now",
        "cron(0 ٣ ? * * *)",
    ],
)
def test_other_expressions_are_refused_with_the_forms_that_there_are(expression: str) -> None:
    with pytest.raises(TimingError) as error:
        parse_timing(expression)

    assert expression in str(error.value)
    assert "cron(0 H/N ? * * *)" in str(error.value)


def test_once_never_starts_by_the_clock() -> None:
    timing = parse_timing("NOW")

    assert (timing.is_once, timing.next_after(0), timing.previous(10**9)) == (True, None, None)


@pytest.mark.parametrize(
    ("expression", "scheduled_at", "expected"),
    [
        # A recorded job at 23:00 of an hourly schedule saw 22:00 to 23:00 (contracts, 5.2).
        (HOURLY, "2021-05-06T23:00:00", ("05-06T22:00", "05-06T23:00")),
        (HOURLY, "2021-01-01T00:00:00", ("12-31T23:00", "01-01T00:00")),
        ("cron(0 12 ? * * *)", "2021-05-06T12:00:00", ("05-05T12:00", "05-06T12:00")),
        ("cron(0 17/12 ? * * *)", "2021-05-06T05:00:00", ("05-05T17:00", "05-06T05:00")),
        # 20, 5, 14 and 20 again: no hour is left out and none is seen twice.
        ("cron(0 20/9 ? * * *)", "2021-05-06T20:00:00", ("05-06T14:00", "05-06T20:00")),
    ],
)
def test_jobs_see_the_time_since_the_start_before(
    expression: str, scheduled_at: str, expected: tuple[str, str]
) -> None:
    assert span(expression, scheduled_at) == expected


def test_offsets_count_from_the_start_of_the_job() -> None:
    # The developer guide's own example (contracts, 5.3).
    offsets = {"StartTimeOffset": "-P8D", "EndTimeOffset": "-P1D"}

    assert span(HOURLY, "2020-01-09T13:00:00", offsets) == ("01-01T13:00", "01-08T13:00")


def test_what_the_schedule_says_of_its_data_goes_before_the_input_s_offsets() -> None:
    offsets = {"StartTimeOffset": "-P8D", "EndTimeOffset": "-P1D"}

    assert span("NOW", "2020-01-09T13:30:00", offsets, **WINDOW) == ("01-09T08:30", "01-09T13:30")
    assert span(HOURLY, "2020-01-09T13:00:00", offsets, **WINDOW) == ("01-09T08:00", "01-09T13:00")


@pytest.mark.parametrize(
    ("expression", "endpoint_input", "config", "word"),
    [
        ("NOW", {}, {}, "DataAnalysisStartTime"),
        ("NOW", {}, {"DataAnalysisStartTime": "-PT1H"}, "DataAnalysisEndTime"),
        (HOURLY, {}, {"DataAnalysisEndTime": "-PT0H"}, "DataAnalysisStartTime"),
        ("NOW", {}, {**WINDOW, "DataAnalysisStartTime": "-PT25H"}, "24 hours"),
        ("NOW", {}, {**WINDOW, "DataAnalysisStartTime": "-PT0H"}, "before"),
        ("NOW", {}, {**WINDOW, "DataAnalysisStartTime": "5 hours"}, "'5 hours'"),
        ("NOW", {}, {**WINDOW, "DataAnalysisStartTime": "PT5H"}, "'PT5H'"),
        (HOURLY, {"StartTimeOffset": "-PT"}, {}, "'-PT'"),
        (HOURLY, {"EndTimeOffset": "-PT1H"}, {}, "give both"),
        (HOURLY, {"StartTimeOffset": "-PT1H", "EndTimeOffset": "-PT2H"}, {}, "StartTimeOffset"),
    ],
)
def test_what_is_no_time_is_refused_by_name(
    expression: str, endpoint_input: Any, config: dict[str, str], word: str
) -> None:
    with pytest.raises(TimingError, match=word):
        span(expression, "2020-01-09T13:00:00", endpoint_input, **config)


@pytest.mark.parametrize("text", ["-PT0H", "PT0H", "P0D", "-P0DT0H"])
def test_no_time_before_the_start_is_the_start(text: str) -> None:
    offsets = {"StartTimeOffset": "-PT1H", "EndTimeOffset": text}

    assert span(HOURLY, "2020-01-09T13:00:00", offsets) == ("01-09T12:00", "01-09T13:00")


def test_a_span_touches_the_hours_of_its_first_and_its_last_second() -> None:
    whole = Span(at("2020-01-09T12:00:00"), at("2020-01-09T13:00:00"))
    parts = Span(at("2020-01-09T12:30:00"), at("2020-01-09T14:00:01"))

    assert list(whole.hours()) == [at("2020-01-09T12:00:00")]
    assert [hour - at("2020-01-09T12:00:00") for hour in parts.hours()] == [0, 3600, 7200]
