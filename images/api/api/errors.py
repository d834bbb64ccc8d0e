"""Refusals and failures, as problem details (RFC 9457)."""

from collections.abc import Sequence
from dataclasses import dataclass


class SettingsError(Exception):
    """The container cannot start with what it was given."""


@dataclass(frozen=True, slots=True)
class RecordError:
    """What is wrong with one field of one record; `row` counts from 1, `field` is None for the row itself."""

    row: int
    field: str | None
    reason: str

    def document(self) -> dict[str, object]:
        """As it stands in an answer."""
        return {"row": self.row, "field": self.field, "reason": self.reason}


class ApiError(Exception):
    """An answer that is no success: the type carries status and title, the message the detail."""

    status = 500
    title = "Internal error"

    def __init__(
        self, detail: str, *, retry_after: int | None = None, errors: Sequence[dict[str, object]] = ()
    ) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        self.errors = tuple(errors)


class BadRequestError(ApiError):
    """The request cannot be read."""

    status, title = 400, "Bad request"


class UnauthorizedError(ApiError):
    """There is no valid API key."""

    status, title = 401, "Unauthorized"


class NotFoundError(ApiError):
    """No such project, or no such path."""

    status, title = 404, "Not found"


class BodyTooSlowError(ApiError):
    """The body did not come in time."""

    status, title = 408, "Request timeout"


class ConflictError(ApiError):
    """Something else is kept under the same id."""

    status, title = 409, "Conflict"


class PayloadTooLargeError(ApiError):
    """The body is larger than the limit."""

    status, title = 413, "Payload too large"


class UnsupportedMediaTypeError(ApiError):
    """The body is no JSON by its own account."""

    status, title = 415, "Unsupported media type"


class UnprocessableError(ApiError):
    """Records or labels that the project's schema does not allow."""

    status, title = 422, "Unprocessable"


class TooManyRequestsError(ApiError):
    """More than the key, or the service, takes now."""

    status, title = 429, "Too many requests"


class BadGatewayError(ApiError):
    """Something behind the API failed, or gave an answer that is none."""

    status, title = 502, "Bad gateway"


class UnavailableError(ApiError):
    """Nothing behind the API can answer now."""

    status, title = 503, "Service unavailable"


class UpstreamTooSlowError(ApiError):
    """What is behind the API did not answer in time."""

    status, title = 504, "Gateway timeout"


def unprocessable(faults: Sequence[RecordError]) -> UnprocessableError:
    """The refusal of records for what is wrong with them: at least one fault."""
    first = faults[0]
    what = f"row {first.row}" + (f", field {first.field}" if first.field is not None else "")
    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
    return UnprocessableError(f"{what}: {first.reason}{more}", errors=[fault.document() for fault in faults])
