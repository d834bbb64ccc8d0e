"""The HTTP edge: ASGI in, threads behind; the only asynchronous code."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from slipway.protocol.call import HttpAnswer, HttpRequest

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Answerer = Callable[[HttpRequest], HttpAnswer]

# CreateTrainingJob's largest legal body is far below; an endpoint takes 6 MB, 25 in newer quotas.
LARGEST_BODY = 32 * 1024**2


class Server:
    """An ASGI application over functions that block.

    `own` are this control plane's pages by (method, path); everything else is AWS's.
    """

    def __init__(self, aws: Answerer, own: Mapping[tuple[str, str], Answerer], threads: Executor) -> None:
        self._aws = aws
        self._own = own
        self._threads = threads

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """One connection's request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        body = await _body(receive)
        if body is None:
            await _send(
                send, HttpAnswer(413, {"content-type": "application/json"}, b'{"Message": "Too large"}')
            )
            return
        request = HttpRequest(
            method=scope["method"],
            # The raw path: a name may hold an escaped slash.
            path=scope["raw_path"].decode("ascii"),
            query=scope["query_string"].decode("ascii"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
        )
        answerer = self._own.get((request.method, request.path), self._aws)
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, answerer, request)
        await _send(send, answer)


async def _body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, answer: HttpAnswer) -> None:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    encoded = [
        (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": answer.body})


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
