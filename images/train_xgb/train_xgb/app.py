"""The HTTP side of serving: /ping, /invocations, /execution-parameters."""

import logging
import os
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from train_xgb.artefact import Model
from train_xgb.decoding import decode
from train_xgb.errors import PayloadTooLargeError, RequestError
from train_xgb.media import CSV, answer_media_type, request_media_type
from train_xgb.responses import ResponseSettings, predictions, render

log = logging.getLogger(__name__)

MEBIBYTE = 1024 * 1024


def create_app(model: Model, responses: ResponseSettings, payload_limit: int) -> Starlette:
    """The application that answers with `model`; bodies beyond `payload_limit` bytes are refused."""

    async def ping(_request: Request) -> Response:
        return Response()

    async def execution_parameters(_request: Request) -> Response:
        return JSONResponse(
            {
                # Each prediction keeps one core busy.
                "MaxConcurrentTransforms": len(os.sched_getaffinity(0)),
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": payload_limit // MEBIBYTE,
            }
        )

    async def invocations(request: Request) -> Response:
        media_type = request_media_type(request.headers.get("content-type"))
        accepted = answer_media_type(request.headers.get("accept"), responses.media_type or media_type)
        body = await _body(request, payload_limit)
        # On a thread, so that /ping is answered while a large body is worked on.
        answer = await run_in_threadpool(_answer, model, media_type, body, accepted, responses.contents)
        return Response(answer, media_type=f"{CSV}; charset=utf-8" if accepted == CSV else accepted)

    return Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/execution-parameters", execution_parameters, methods=["GET"]),
            Route("/invocations", _refusing(invocations), methods=["POST"]),
        ]
    )


def _refusing(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """`endpoint`, its refusals turned into responses and logged."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except RequestError as error:
            # repr keeps the line a single one, whatever a cell held.
            log.warning("invocation.refused status=%d reason=%r", error.status, str(error))
            return JSONResponse(error.as_document(), status_code=error.status)

    return answered


async def _body(request: Request, limit: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise PayloadTooLargeError(f"The body is larger than {limit} bytes; send fewer rows a request.")
        parts.append(part)
    return b"".join(parts)


def _answer(model: Model, media_type: str, body: bytes, accepted: str, contents: tuple[str, ...]) -> bytes:
    encoded = decode(media_type, body, model.encoder)
    rows = predictions(
        model.probabilities(encoded), model.decision_threshold, model.encoder.negative, model.encoder.positive
    )
    return render(accepted, rows, contents)
