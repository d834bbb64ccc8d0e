"""The server's side of ASGI: whole requests to answers, which are made on a thread."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from typing import Any

from train_deepar.serving.answers import Answers, Reply, Request, refusal
from train_deepar.serving.meters import WorkerMeters
from train_deepar.serving.settings import MEBIBYTE, Limits

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CLOSE = ("Connection", "close")


class CallerGoneError(Exception):
    """The caller has left before its request was whole."""


class Application:
    """An ASGI application. What takes long is done on `thread`, so that /ping never waits for a forecast."""

    def __init__(self, answers: Answers, meters: WorkerMeters, limits: Limits, thread: Executor) -> None:
        self._answers = answers
        self._meters = meters
        self._limits = limits
        self._thread = thread

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not answered here.")
        try:
            reply = await self._replied(scope, receive)
        except CallerGoneError:
            return
        headers = [(b"content-length", b"%d" % len(reply.body))]
        if reply.content_type:
            headers.append((b"content-type", reply.content_type.encode()))
        headers += [(name.encode(), value.encode()) for name, value in reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else reply.body
        await send({"type": "http.response.body", "body": body})

    async def _replied(self, scope: Message, receive: Receive) -> Reply:
        path = scope["path"]
        if path != "/invocations":
            # Nobody needs its body, which uvicorn reads to its end.
            return self._answers.answer(Request(scope["method"], path))
        body = await self._body(scope, receive)
        started = time.perf_counter()
        if isinstance(body, Reply):
            reply = body
        else:
            named = dict(scope["headers"])
            request = Request(
                scope["method"], path, _text(named.get(b"content-type")), _text(named.get(b"accept")), body
            )
            loop = asyncio.get_running_loop()
            reply = await loop.run_in_executor(self._thread, self._answers.answer, request)
        self._meters.answered(reply.status, reply.series, time.perf_counter() - started)
        return reply

    async def _body(self, scope: Message, receive: Receive) -> bytes | Reply:
        """The whole body, or the refusal of one that is too long or comes too slowly."""
        announced = dict(scope["headers"]).get(b"content-length", b"")
        is_too_long = announced.isdigit() and int(announced) > self._limits.body_bytes
        parts: list[bytes] = []
        size, is_whole = 0, False
        try:
            async with asyncio.timeout(self._limits.request_seconds):
                while not is_whole and not is_too_long:
                    part, is_whole = await _received(receive)
                    parts.append(part)
                    size += len(part)
                    is_too_long = size > self._limits.body_bytes
        except TimeoutError:
            return refusal(408, f"The request was not whole after {self._limits.request_seconds:g} s.", CLOSE)
        if not is_too_long:
            return b"".join(parts)
        await self._let_run_out(receive, is_whole)
        return refusal(
            413,
            f"The body is longer than {self._limits.body_bytes // MEBIBYTE} MB; send fewer instances, "
            "or raise SAGEMAKER_MAX_PAYLOAD_IN_MB.",
            CLOSE,
        )

    async def _let_run_out(self, receive: Receive, is_whole: bool) -> None:
        """Who is cut off while sending may never see the answer: throw away what comes, for some time."""
        try:
            async with asyncio.timeout(self._limits.linger_seconds):
                while not is_whole:
                    _, is_whole = await _received(receive)
        except TimeoutError:
            log.warning("request.refused status=413 linger=over")


async def _received(receive: Receive) -> tuple[bytes, bool]:
    """A part of the body, and whether it is the last."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise CallerGoneError
    return message.get("body", b""), not message.get("more_body", False)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
