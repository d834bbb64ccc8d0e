"""The HTTP edge: ASGI in, threads behind; the only asynchronous code."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Executor
from typing import Any

from slipway.protocol.call import HttpAnswer, HttpRequest, LaterAnswer, SoonAnswer

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Answerer = Callable[[HttpRequest], HttpAnswer]
LaterAnswerer = Callable[[HttpRequest], HttpAnswer | LaterAnswer]

# Where the operations are that a model answers, or a function.
ENDPOINTS = "/endpoints/"
INVOCATIONS = "/invocations"
# CreateTrainingJob's largest legal body is far below; an endpoint takes 6 MB, 25 in newer quotas.
LARGEST_BODY = 32 * 1024**2
TOO_LARGE = HttpAnswer(
    413,
    {"content-type": "application/json", "x-amzn-errortype": "RequestEntityTooLargeException"},
    json.dumps(
        {
            "__type": "RequestEntityTooLargeException",
            "message": f"The request body has more than {LARGEST_BODY} bytes",
        }
    ).encode(),
)
NOT_ANY_MORE = HttpAnswer(503, {"content-type": "application/json"}, b"{}")


class ClientLeftError(Exception):
    """The connection ended before the whole request was here; nobody waits for an answer."""


class Server:
    """An ASGI application over functions that block.

    `own` are this control plane's pages by (method, path); everything else is AWS's.
    Models and functions that take their time have `model_threads` to themselves: they keep
    nothing else waiting. `later` are pages, by the beginning of their paths, that must not
    block and may answer when they can: whoever waits for one takes no thread. `at_once` answers
    what can be answered without blocking, once something is done perhaps, and with None leaves the
    rest to the others.
    """

    def __init__(
        self,
        aws: Answerer,
        own: Mapping[tuple[str, str], Answerer],
        threads: Executor,
        model_threads: Executor | None = None,
        later: Mapping[str, LaterAnswerer] | None = None,
        at_once: Callable[[HttpRequest], HttpAnswer | SoonAnswer | None] | None = None,
    ) -> None:
        self._aws = aws
        self._own = own
        self._threads = threads
        self._model_threads = model_threads or threads
        self._later = later or {}
        self._at_once = at_once
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[asyncio.Future[Any]] = set()

    def known(self, request: HttpRequest) -> HttpAnswer | None:
        """The answer that needs neither a thread nor time; None where there is none."""
        answer = self._at_once(request) if self._at_once is not None else None
        return answer if isinstance(answer, HttpAnswer) else None

    def let_go(self) -> None:
        """Keep nobody waiting any more: without it those would keep the server from its end."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel_all)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """One connection's request, or the server's start and end."""
        self._loop = asyncio.get_running_loop()
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        try:
            body = await _body(receive)
        except ClientLeftError:
            return
        later = next((self._later[each] for each in self._later if scope["path"].startswith(each)), None)
        if body is None and later is None:
            await _send(send, TOO_LARGE)
            return
        request = HttpRequest(
            method=scope["method"],
            # The raw path: a name may hold an escaped slash.
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body or b"",
            is_cut=body is None,
        )
        if later is not None:
            await self._answer_later(later(request), receive, send)
            return
        soon = self._at_once(request) if self._at_once is not None else None
        if isinstance(soon, SoonAnswer):
            soon = soon.answer if await asyncio.wrap_future(soon.is_done) else None
        if soon is not None:
            await _send(send, soon)
            return
        answerer = self._own.get((request.method, request.path), self._aws)
        threads = self._model_threads if _takes_its_time(request.path) else self._threads
        answer = await self._loop.run_in_executor(threads, answerer, request)
        if answer.parts is None:
            await _send(send, answer)
        else:
            await _send_parts(send, answer, answer.parts, threads)

    async def _answer_later(self, answer: HttpAnswer | LaterAnswer, receive: Receive, send: Send) -> None:
        if isinstance(answer, HttpAnswer):
            await _send(send, answer)
            return
        content = asyncio.wrap_future(answer.content)
        left = asyncio.ensure_future(_left(receive))
        self._waiting.add(content)
        try:
            await asyncio.wait({content, left}, return_when=asyncio.FIRST_COMPLETED)
            if left.done() and not content.done():
                return
            await _send(send, answer.write(await content))
        except (asyncio.CancelledError, CancelledError):
            await _send(send, NOT_ANY_MORE)
        finally:
            self._waiting.discard(content)
            left.cancel()
            # Whoever would have answered learns that nobody waits.
            content.cancel()

    def _cancel_all(self) -> None:
        for content in self._waiting:
            content.cancel()


def _takes_its_time(path: str) -> bool:
    return path.startswith(ENDPOINTS) or path.endswith(INVOCATIONS)


async def _left(receive: Receive) -> None:
    """Return once the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is too large, which is read to its end and not kept.

    Raises ClientLeftError: a part of a request is never carried out.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST_BODY:
            parts.clear()
        else:
            parts.append(part)
        if not message.get("more_body"):
            return None if size > LARGEST_BODY else b"".join(parts)


async def _send(send: Send, answer: HttpAnswer) -> None:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded(headers)})
    await send({"type": "http.response.body", "body": answer.body})


async def _send_parts(send: Send, answer: HttpAnswer, parts: Iterator[bytes], threads: Executor) -> None:
    """An answer whose end nobody knows yet: each part leaves as soon as it is there."""
    loop = asyncio.get_running_loop()
    # Asked before anything is sent: what has begun is always brought to its end.
    part = await loop.run_in_executor(threads, next, parts, None)
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded(answer.headers)})
    while part is not None:
        await send({"type": "http.response.body", "body": part, "more_body": True})
        part = await loop.run_in_executor(threads, next, parts, None)
    await send({"type": "http.response.body", "body": b""})


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as they go over the wire."""
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


def json_page(document: Mapping[str, Any], status: int = 200) -> HttpAnswer:
    """A page of ours."""
    return HttpAnswer(status, {"content-type": "application/json"}, json.dumps(document).encode())
