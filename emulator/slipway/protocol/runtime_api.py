"""Lambda's Runtime API (developer guide, "Using the Lambda runtime API"), as containers speak it."""

import json
import re
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from slipway.protocol.call import HttpAnswer, HttpRequest, LaterAnswer
from slipway.resources.function_invocation import HandedOver

PREFIX = "/2018-06-01/runtime/"
ABOUT_ONE = re.compile(r"invocation/(?P<request_id>[0-9a-f-]+)/(?P<what>response|error)")
# Lambda's quota of 6 MB, as its own texts write it.
LARGEST_RESPONSE = 6 * 1024**2 + 100


class Session(Protocol):
    """One container's side of it."""

    def next(self) -> "Future[HandedOver]":
        """The next invocation, once there is one."""

    def respond(self, request_id: str, body: bytes) -> bool:
        """The function's result; False where nobody waits for that one."""

    def respond_too_much(self, request_id: str) -> bool:
        """The function's result is larger than an answer may be."""

    def fail(self, request_id: str, body: bytes) -> bool:
        """The function's error."""

    def fail_init(self, body: bytes) -> None:
        """The runtime cannot begin, and why."""


class RuntimeApi:
    """Answers containers; which one asks shows in the host name, a secret that it alone was given."""

    def __init__(self, session_of: Callable[[str], Session | None]) -> None:
        self._session_of = session_of

    def answer(self, request: HttpRequest) -> HttpAnswer | LaterAnswer:
        """The answer to a request below PREFIX; never blocks."""
        session = self._session_of(request.headers.get("host", "").partition(":")[0])
        if session is None:
            return _refusal(403, "Forbidden", "This runtime belongs to no function that runs here.")
        what = request.path.removeprefix(PREFIX)
        if (request.method, what) == ("GET", "invocation/next"):
            return LaterAnswer(session.next(), _handed_over)
        if (request.method, what) == ("POST", "init/error"):
            session.fail_init(request.body)
            return ACCEPTED
        found = ABOUT_ONE.fullmatch(what)
        if request.method != "POST" or found is None:
            return _refusal(404, "NotFound", f"The runtime API has no {request.method} {request.path}.")
        return _about_one(session, found["request_id"], found["what"], request)


def _about_one(session: Session, request_id: str, what: str, request: HttpRequest) -> HttpAnswer:
    if what == "response" and (request.is_cut or len(request.body) > LARGEST_RESPONSE):
        session.respond_too_much(request_id)
        text = f"Exceeded maximum allowed payload size ({LARGEST_RESPONSE} bytes)."
        return _refusal(413, "RequestEntityTooLarge", text)
    told = session.respond if what == "response" else session.fail
    if not told(request_id, request.body):
        return _refusal(400, "InvalidRequestID", "Invalid request ID")
    return ACCEPTED


def _handed_over(handed: HandedOver) -> HttpAnswer:
    invocation = handed.invocation
    headers = {
        "content-type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(handed.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
    }
    if invocation.client_context is not None:
        headers["Lambda-Runtime-Client-Context"] = invocation.client_context
    return HttpAnswer(200, headers, invocation.event)


def _refusal(status: int, error_type: str, message: str) -> HttpAnswer:
    body = json.dumps({"errorMessage": message, "errorType": error_type}).encode()
    return HttpAnswer(status, {"content-type": "application/json"}, body)


ACCEPTED = HttpAnswer(202, {"content-type": "application/json"}, b'{"status":"OK"}\n')
