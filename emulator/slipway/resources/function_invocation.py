"""One invocation of a function: what goes in, and what comes back."""

import json
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FunctionInvocation:
    """What a function's runtime is handed; times are in seconds."""

    request_id: str
    event: bytes
    function_arn: str
    timeout_seconds: float
    client_context: str | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """An invocation in a runtime's hands, and until when; `deadline_ms` is in milliseconds since 1970."""

    invocation: FunctionInvocation
    deadline_ms: int


class Ending(StrEnum):
    """How an invocation ended, as its runtime's side of the line saw it."""

    RESULT = "result"
    ERROR = "error"
    TOO_LARGE = "too large"
    INIT_ERROR = "init error"
    # The container ended while it worked, or before it ever asked for work.
    EXIT = "exit"
    # The container ended and had not been handed the invocation: another may have it.
    NOT_BEGUN = "not begun"


@dataclass(frozen=True, slots=True)
class RuntimeAnswer:
    """What became of an invocation; `body` is the function's own JSON."""

    ending: Ending
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class FunctionAnswer:
    """What Invoke answers; `log_tail` is the end of the invocation's own lines."""

    body: bytes
    is_error: bool = False
    log_tail: bytes = b""


def error_body(error_type: str, message: str) -> bytes:
    """An error that Lambda tells of a function, not the function of itself."""
    # The order, and no space, are AWS's (recorded answers).
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()
