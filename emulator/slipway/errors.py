"""Refusals meant for the caller, in the codes and statuses AWS uses."""


class ServiceError(Exception):
    """A refusal. `code` and `status` are what a client of AWS would see."""

    code = "InternalFailure"
    status = 500


class ValidationException(ServiceError):
    """The request cannot be carried out as it is."""

    code = "ValidationException"
    status = 400


class ResourceNotFound(ServiceError):
    """There is no such resource."""

    code = "ResourceNotFound"
    status = 400


class ResourceInUse(ServiceError):
    """The name is taken, or others depend on the resource."""

    code = "ResourceInUse"
    status = 400


class ConflictException(ServiceError):
    """Somebody else changed it meanwhile, or it is in a state that forbids the change."""

    code = "ConflictException"
    status = 400


class ResourceLimitExceeded(ServiceError):
    """More than this machine, or a limit, allows."""

    code = "ResourceLimitExceeded"
    status = 400


class SerializationException(ServiceError):
    """The body is not what the protocol says."""

    code = "SerializationException"
    status = 400


class UnknownOperationException(ServiceError):
    """No service of ours has an operation of that name."""

    code = "UnknownOperationException"
    status = 400


class NotImplementedHere(ServiceError):
    """AWS has the operation and this control plane does not have it yet."""

    code = "NotImplemented"
    status = 501

    def __init__(self, service: str, operation: str) -> None:
        super().__init__(
            f"{service} {operation} is not implemented by Slipway's control plane; "
            "docs/parity.md lists what is."
        )


class NotServedHere(ServiceError):
    """AWS has the operation in a form that this control plane does not have yet; the message names it."""

    code = NotImplementedHere.code
    status = NotImplementedHere.status


class ModelError(ServiceError):
    """The model's container answered with an error, or not at all."""

    code = "ModelError"
    status = 424

    def __init__(
        self, message: str, original_status: int, original_message: str, log_stream_arn: str
    ) -> None:
        super().__init__(message)
        is_client_error = 400 <= original_status < 500
        self.members = {
            "ErrorCode": "CLIENT_ERROR_FROM_MODEL" if is_client_error else "INTERNAL_FAILURE_FROM_MODEL",
            "OriginalStatusCode": original_status,
            "OriginalMessage": original_message[:2048],
            "LogStreamArn": log_stream_arn,
        }


class ModelNotReadyException(ServiceError):
    """The endpoint exists and cannot answer yet."""

    code = "ModelNotReadyException"
    status = 429


class RuntimeValidationError(ServiceError):
    """A call of the runtime that cannot be carried out (the runtime's own spelling)."""

    code = "ValidationError"
    status = 400


class ServiceUnavailable(ServiceError):
    """The endpoint exists and none of its instances can answer now; trying again helps."""

    code = "ServiceUnavailable"
    status = 503


class FunctionError(ServiceError):
    """A refusal of Lambda, whose answers say whose fault it is."""

    code = "ServiceException"
    text_member = "Message"

    @property
    def members(self) -> dict[str, str]:
        """What stands beside the text."""
        return {"Type": "Service" if self.status >= ServiceError.status else "User"}


class FunctionNotFound(FunctionError):
    """There is no such function, or nothing of that kind about it."""

    code = "ResourceNotFoundException"
    status = 404


class FunctionConflict(FunctionError):
    """The name is taken, or the function's state forbids it now."""

    code = "ResourceConflictException"
    status = 409
    text_member = "message"


class FunctionParameterError(FunctionError):
    """A parameter cannot be taken as it is."""

    code = "InvalidParameterValueException"
    status = 400
    text_member = "message"


class FunctionContentError(FunctionError):
    """The body is not JSON, or not the model's."""

    code = "InvalidRequestContentException"
    status = 400
    text_member = "message"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Could not parse request body into json: {reason}")


class FunctionRequestTooLarge(FunctionError):
    """The event is larger than an invocation takes."""

    code = "RequestTooLargeException"
    status = 413
    text_member = "message"


class FunctionThrottled(FunctionError):
    """As many invocations run as may."""

    code = "TooManyRequestsException"
    status = 429
    text_member = "message"

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self._reason = reason

    @property
    def members(self) -> dict[str, str]:
        """Which limit it was, too."""
        return {"Type": "User", "Reason": self._reason}


class FunctionPreconditionFailed(FunctionError):
    """Somebody else changed the function meanwhile."""

    code = "PreconditionFailedException"
    status = 412
    text_member = "message"


class ScheduleNotFound(ServiceError):
    """There is no such schedule, or group of schedules (the scheduler's own spelling)."""

    code = "ResourceNotFoundException"
    status = 404


class ScheduleConflict(ConflictException):
    """The name is taken, or a token was used for another request (the scheduler's own status)."""

    status = 409


class FeatureRecordNotFound(ResourceNotFound):
    """There is no such feature group, or record (the feature store runtime's own status)."""

    status = 404


class QueryRequestError(ServiceError):
    """A query cannot be carried out as it is (Athena's own spelling)."""

    code = "InvalidRequestException"
    status = 400


class QueryMetadataError(ServiceError):
    """The catalog has no such thing (Athena's own spelling)."""

    code = "MetadataException"
    status = 400


class CatalogEntityNotFound(ServiceError):
    """There is no such database, or table (Glue's own spelling)."""

    code = "EntityNotFoundException"
    status = 400


class CatalogInputError(ServiceError):
    """The catalog cannot be asked so (Glue's own spelling)."""

    code = "InvalidInputException"
    status = 400


class FeatureRecordConflict(ConflictException):
    """A record is newer than what is to change it (the feature store runtime's own status)."""

    status = 409
