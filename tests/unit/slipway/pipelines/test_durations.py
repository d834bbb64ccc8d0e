"""How long ISO 8601's durations are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.pipelines.durations import seconds_of

DAY = 86400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("P30D", 30 * DAY),
        ("PT1H", 3600),
        ("PT1H30M", 5400),
        ("P1DT12H", 1.5 * DAY),
        ("P2W", 14 * DAY),
        ("PT0.5S", 0.5),
        ("PT0,5H", 1800),
        ("P1Y", 365.2425 * DAY),
        ("P12M", 365.2425 * DAY),
        ("PT5M", 300),
        ("PT0S", 0),
        # Developer guide, "Turn on step caching".
        ("30d", 30 * DAY),
        ("5y", 5 * 365.2425 * DAY),
        ("T16m", 960),
        ("30dT5h", 30 * DAY + 5 * 3600),
        # CacheConfig's own examples in the SDK.
        ("p30d", 30 * DAY),
        ("P4DT12H", 4.5 * DAY),
        ("T12H", DAY / 2),
    ],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "T", "30", "1H", "P1H", "PT1D", "P1D2W", "-P1D", "P1DT", "P 1D", "P1D\n", "P٣D", "x"],
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert seconds_of(text) is None


@given(st.text("PTYMWDHS0123456789.,- ", max_size=20))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    seconds = seconds_of(text)

    assert seconds is None or seconds >= 0
