"""Why a step failed, in the words and the classes that AWS has for it."""

from slipway.errors import NotImplementedHere, ServiceError
from slipway.pipelines.retries import ExceptionType
from slipway.resources.resource import Resource

SERVER_ERROR = 500
# What a job's FailureReason begins with (recorded jobs), and what that is to a retry policy.
JOB_FAILURES = {
    "InternalServerError": ExceptionType.JOB_INTERNAL_ERROR,
    "CapacityError": ExceptionType.CAPACITY_ERROR,
    "ResourceLimitExceeded": ExceptionType.RESOURCE_LIMIT,
}
REFUSALS = {
    "ResourceLimitExceeded": ExceptionType.RESOURCE_LIMIT,
    "ThrottlingException": ExceptionType.THROTTLING,
    "TooManyRequestsException": ExceptionType.THROTTLING,
}


def refused(operation: str, error: ServiceError) -> tuple[str, ExceptionType | None]:
    """The failure of a call, e.g. of sagemaker:CreateProcessingJob.

    The form is that of recorded executions (salvia's example report, yucigou's pipeline).
    """
    return f"ClientError: Failed to invoke {operation}. Error Details: {error}", _class_of(error)


def _class_of(error: ServiceError) -> ExceptionType | None:
    if error.code in REFUSALS:
        return REFUSALS[error.code]
    # What is not implemented is not so the next time either.
    if error.status >= SERVER_ERROR and error.code != NotImplementedHere.code:
        return ExceptionType.SERVICE_FAULT
    return None


def job_failed(reason: str) -> tuple[str, ExceptionType | None]:
    """The failure of a job; the second "ClientError: " before the job's own reason is AWS's."""
    return f"ClientError: {reason}", JOB_FAILURES.get(reason.partition(":")[0])


def no_retry(reason: str, execution: Resource, step: str, exception_type: ExceptionType) -> str:
    """`reason`, and that no policy speaks of it, as recorded executions have it."""
    name = exception_type.value.replace(".", "_").upper()
    return (
        f"{reason}\nRetry not appropriate on execution of step with PipelineExecutionArn {execution.arn} "
        f"and StepId {step}. No retry policy configured for the exception type {name}."
    )
