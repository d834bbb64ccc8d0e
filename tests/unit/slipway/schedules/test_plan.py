"""A schedule's times between its dates, and its deliveries within its window."""

from datetime import UTC, datetime
from typing import Any

import pytest
from slipway.schedules.plan import due_at, plan_of

NOON = datetime(2024, 2, 1, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0


def schedule(expression: str, **members: Any) -> dict[str, Any]:
    return {"ScheduleExpression": expression, **members}


def test_a_rate_fires_first_where_it_was_created() -> None:
    # "If you do not provide a StartDate for a rate-based schedule, your schedule starts invoking the
    # target immediately" (User Guide, "Rate-based schedules").
    plan = plan_of(schedule("rate(1 hour)"), NOON + 0.7)

    assert plan.first(NOON + 0.7) == NOON
    assert plan.next_after(NOON) == NOON + HOUR


def test_a_rate_with_a_start_fires_first_there() -> None:
    # "you use the StartDate property to set the first occurrence of the schedule" (the same page).
    plan = plan_of(schedule("rate(1 hour)", StartDate=NOON + 90), NOON)

    assert plan.first(NOON) == NOON + 90
    assert plan.next_after(NOON + 90) == NOON + 90 + HOUR


def test_cron_does_not_fire_in_the_moment_in_which_it_was_created() -> None:
    plan = plan_of(schedule("cron(0 * * * ? *)"), NOON)

    assert plan.first(NOON) == NOON + HOUR
    assert plan.first(NOON + 0.7) == NOON + HOUR


def test_what_is_to_happen_in_this_very_second_happens() -> None:
    assert plan_of(schedule("at(2024-02-01T12:00:00)"), NOON).first(NOON + 0.7) == NOON


def test_cron_keeps_to_its_own_times_after_its_start() -> None:
    plan = plan_of(schedule("cron(0 * * * ? *)", StartDate=NOON + 5 * HOUR + 60), NOON)

    assert plan.first(NOON) == NOON + 6 * HOUR


def test_a_start_that_is_one_of_crons_times_counts() -> None:
    plan = plan_of(schedule("cron(0 * * * ? *)", StartDate=NOON + 5 * HOUR), NOON)

    assert plan.first(NOON) == NOON + 5 * HOUR


@pytest.mark.parametrize("expression", ["rate(1 hour)", "cron(0 * * * ? *)"])
def test_nothing_comes_after_the_end(expression: str) -> None:
    plan = plan_of(schedule(expression, EndDate=NOON + 2 * HOUR), NOON)

    assert plan.next_after(NOON + HOUR) == NOON + 2 * HOUR
    assert plan.next_after(NOON + 2 * HOUR) is None


def test_the_dates_do_not_bind_what_happens_once() -> None:
    # "EventBridge Scheduler ignores StartDate for one-time schedules" (API reference), EndDate too.
    once = schedule("at(2024-02-01T13:00:00)", StartDate=NOON + 2 * HOUR, EndDate=NOON + 1)

    assert plan_of(once, NOON).first(NOON) == NOON + HOUR


def test_a_zone_is_utc_where_none_is_given() -> None:
    in_zone = schedule("at(2024-02-01T13:00:00)", ScheduleExpressionTimezone="Europe/Paris")

    assert plan_of(in_zone, NOON).first(NOON) == NOON
    assert plan_of(schedule("at(2024-02-01T13:00:00)"), NOON).first(NOON) == NOON + HOUR


def test_without_a_window_a_firing_is_due_at_once() -> None:
    assert due_at(NOON, {"Mode": "OFF"}, "arn") == NOON


def test_within_a_window_firings_are_spread_and_always_alike() -> None:
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    moments = [NOON + number * HOUR for number in range(200)]

    delays = [due_at(moment, window, "arn") - moment for moment in moments]

    assert delays == [due_at(moment, window, "arn") - moment for moment in moments]
    assert all(0 <= delay < 15 * 60 for delay in delays)
    # Spread over all of it: each third has its share.
    assert all(any(third * 300 <= delay < (third + 1) * 300 for delay in delays) for third in range(3))
    assert delays != [due_at(moment, window, "another") - moment for moment in moments]
