"""When a failed attempt of a step is made again (developer guide, "Retry Policy for Pipeline Steps")."""

from collections.abc import Sequence
from enum import StrEnum

from slipway.pipelines.parts import RetryPolicy

# What MaxAttempts is where a policy names no end.
DEFAULT_ATTEMPTS = 5


class ExceptionType(StrEnum):
    """Why an attempt failed, as retry policies name it; a container's own exit code is none of them."""

    SERVICE_FAULT = "Step.SERVICE_FAULT"
    THROTTLING = "Step.THROTTLING"
    JOB_INTERNAL_ERROR = "SageMaker.JOB_INTERNAL_ERROR"
    CAPACITY_ERROR = "SageMaker.CAPACITY_ERROR"
    RESOURCE_LIMIT = "SageMaker.RESOURCE_LIMIT"


# The guide says that these are tried again automatically, not how often: as a policy without numbers.
WITHOUT_POLICY = RetryPolicy(
    frozenset({ExceptionType.SERVICE_FAULT, ExceptionType.THROTTLING}), max_attempts=DEFAULT_ATTEMPTS
)


def pause_before_next(
    policies: Sequence[RetryPolicy], exception_type: ExceptionType, attempts: int, elapsed_seconds: float
) -> float | None:
    """Seconds to wait before another attempt; None where there is to be none.

    `attempts` counts those of this exception that have failed, at least 1;
    `elapsed_seconds` is the time since the step's first attempt began.
    Faults of the service and throttling are tried again without a policy too;
    of several policies for one exception the first counts.
    """
    for policy in (*policies, WITHOUT_POLICY):
        if exception_type in policy.exception_types:
            return _pause(policy, attempts, elapsed_seconds)
    return None


def _pause(policy: RetryPolicy, attempts: int, elapsed_seconds: float) -> float | None:
    if policy.max_attempts is not None and attempts > policy.max_attempts:
        return None
    pause = _grown(policy, attempts - 1)
    if policy.expire_after_minutes is not None and elapsed_seconds + pause > policy.expire_after_minutes * 60:
        return None
    return pause


def _grown(policy: RetryPolicy, times: int) -> float:
    try:
        return policy.interval_seconds * policy.backoff_rate**times
    except OverflowError:
        return float("inf")
