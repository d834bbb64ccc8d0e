"""When failed attempts are made again (developer guide, "Retry Policy for Pipeline Steps")."""

import pytest
from slipway.pipelines.definition import RetryPolicy
from slipway.pipelines.retries import ExceptionType, pause_before_next

FAULT, THROTTLING = ExceptionType.SERVICE_FAULT, ExceptionType.THROTTLING
INTERNAL, CAPACITY = ExceptionType.JOB_INTERNAL_ERROR, ExceptionType.CAPACITY_ERROR


def policy(*types: ExceptionType, interval: float = 1.0, backoff: float = 2.0, **end: float) -> RetryPolicy:
    """A policy that ends as `end` says."""
    return RetryPolicy(frozenset(types), interval, backoff, **end)  # type: ignore[arg-type]


def pauses(policies: list[RetryPolicy], exception_type: ExceptionType) -> list[float]:
    """The pauses before each further attempt, where attempts themselves take no time."""
    found: list[float] = []
    while (
        pause := pause_before_next(policies, exception_type, len(found) + 1, sum(found))
    ) is not None and len(found) < 50:
        found.append(pause)
    return found


@pytest.mark.parametrize("exception_type", [FAULT, THROTTLING])
def test_faults_and_throttling_are_retried_without_a_policy(exception_type: ExceptionType) -> None:
    assert pauses([], exception_type) == [1, 2, 4, 8, 16]


@pytest.mark.parametrize("exception_type", [INTERNAL, CAPACITY, ExceptionType.RESOURCE_LIMIT])
def test_what_a_job_meets_is_retried_by_policy_alone(exception_type: ExceptionType) -> None:
    assert pauses([], exception_type) == []
    assert pauses([policy(FAULT, max_attempts=3)], exception_type) == []
    assert pauses([policy(exception_type, max_attempts=3)], exception_type) == [1, 2, 4]


def test_a_policy_takes_the_place_of_the_default() -> None:
    assert pauses([policy(FAULT, interval=30, max_attempts=1)], FAULT) == [30]


def test_the_first_policy_for_an_exception_counts() -> None:
    policies = [policy(CAPACITY, max_attempts=1), policy(INTERNAL, CAPACITY, interval=7, max_attempts=2)]

    assert pauses(policies, CAPACITY) == [1]
    assert pauses(policies, INTERNAL) == [7, 14]


def test_a_backoff_rate_of_one_keeps_the_pause() -> None:
    assert pauses([policy(INTERNAL, interval=5, backoff=1, max_attempts=3)], INTERNAL) == [5, 5, 5]


def test_no_attempt_begins_after_the_policy_has_expired() -> None:
    found = pauses([policy(INTERNAL, interval=30, expire_after_minutes=5)], INTERNAL)

    # 30 + 60 + 120 s are within 300 s; another 240 s would not be.
    assert found == [30, 60, 120]


def test_an_attempt_may_begin_in_the_last_moment() -> None:
    policies = [policy(INTERNAL, interval=60, expire_after_minutes=1)]

    assert pause_before_next(policies, INTERNAL, 1, 0.0) == 60
    assert pause_before_next(policies, INTERNAL, 1, 0.1) is None


def test_pauses_that_no_float_can_hold_are_no_error() -> None:
    policies = [policy(INTERNAL, backoff=1e6, expire_after_minutes=14400)]

    assert pause_before_next(policies, INTERNAL, 10_000, 0.0) is None
