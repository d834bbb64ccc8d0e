"""What happens to every request before and after its route: id, limits, log line, metrics."""

import asyncio
import logging
import re
import time
from dataclasses import dataclass
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ApiError, TooManyRequestsError, UpstreamTooSlowError
from api.metrics import Metrics
from api.problems import problem

log = logging.getLogger(__name__)

REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
# Health and metrics are answered however much else there is to do.
LIMITED = "/v1/"


@dataclass(slots=True)
class _Request:
    """What is known of a request at its end."""

    request_id: str
    started: float
    status: int = 0

    def sending(self, send: Send) -> Send:
        """`send`, with the id in the head; it notes the status."""

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                own = (b"x-request-id", self.request_id.encode())
                message["headers"] = [
                    *message.get("headers", ()),
                    own,
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        return noted


class Edge:
    """The outermost application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, max_concurrency: int, seconds: float) -> None:
        self._app = app
        self._metrics = metrics
        self._max_concurrency = max_concurrency
        self._seconds = seconds
        self._at_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(_request_id(scope), time.perf_counter())
        scope.setdefault("state", {})["request_id"] = request.request_id
        self._metrics.started()
        try:
            await self._answered(scope, receive, request.sending(send), request)
        except Exception:
            log.exception("request.failed id=%s", request.request_id)
            if request.status:
                raise
            ours = ApiError(f"this is a fault of the API's; its log has it as {request.request_id}")
            await problem(ours, request.request_id)(scope, receive, request.sending(send))
        finally:
            self._note(scope, request)

    async def _answered(self, scope: Scope, receive: Receive, send: Send, request: _Request) -> None:
        if not scope["path"].startswith(LIMITED):
            await self._app(scope, receive, send)
            return
        if self._at_work >= self._max_concurrency:
            # At once, and not from a queue: who waits here would be late everywhere.
            full = TooManyRequestsError("there is too much to do now", retry_after=1)
            await problem(full, request.request_id)(scope, receive, send)
            return
        self._at_work += 1
        try:
            async with asyncio.timeout(self._seconds) as limit:
                await self._app(scope, receive, send)
        except TimeoutError:
            if request.status or not limit.expired():
                raise
            late: ApiError = UpstreamTooSlowError(f"there was no answer within {self._seconds:g} s")
            await problem(late, request.request_id)(scope, receive, send)
        finally:
            self._at_work -= 1

    def _note(self, scope: Scope, request: _Request) -> None:
        seconds = time.perf_counter() - request.started
        # The route's pattern: no path, which the caller writes, is a label or a part of a line.
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in ("GET", "POST", "HEAD", "OPTIONS") else "other"
        # 499 is what nginx notes of callers who left; no status was sent.
        status = request.status or 499
        self._metrics.answered(route, method, status, seconds)
        log.log(
            logging.INFO if route.startswith(LIMITED) else logging.DEBUG,
            "request.answered id=%s client=%s method=%s route=%s status=%d ms=%.1f",
            request.request_id,
            scope["state"].get("client", "-"),
            method,
            route,
            status,
            seconds * 1000,
        )


def _request_id(scope: Scope) -> str:
    """The caller's X-Request-Id, where it is one; else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if REQUEST_ID.fullmatch(given) else uuid4().hex
