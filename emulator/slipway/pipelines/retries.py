"""When a failed attempt of a step is made again (developer guide, "Retry Policy for Pipeline Steps")."""

from collections.abc import Sequence
from enum import StrEnum

from slipway.pipelines.definition import RetryPolicy


class ExceptionType(StrEnum):
    """Why an attempt failed, as retry policies name it; a container's own exit code is none of them."""

    SERVICE_FAULT = "Step.SERVICE_FAULT"
    THROTTLING = "Step.THROTTLING"
    JOB_INTERNAL_ERROR = "SageMaker.JOB_INTERNAL_ERROR"
    CAPACITY_ERROR = "SageMaker.CAPACITY_ERROR"
    RESOURCE_LIMIT = "SageMaker.RESOURCE_LIMIT"


def pause_before_next(
    policies: Sequence[RetryPolicy], exception_type: ExceptionType, attempts: int, elapsed_seconds: float
) -> float | None:
    """Seconds to wait before another attempt; None where there is to be none.

    `attempts` counts those of this exception that have failed, at least 1;
    `elapsed_seconds` is the time since the step's first attempt began.
    Faults of the service and throttling are tried again without a policy too.
    """
    raise NotImplementedError
