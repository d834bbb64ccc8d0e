"""A request's body: read within limits of size and time, and parsed without being lenient."""

import asyncio
import json
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from api.errors import BadRequestError, BodyTooSlowError, PayloadTooLargeError, UnsupportedMediaTypeError

JSON = "application/json"


async def json_object(request: Request, most_bytes: int, seconds: float) -> dict[str, Any]:
    """The JSON object in the body. Raises an ApiError for anything else."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise UnsupportedMediaTypeError(f"send {JSON}, in UTF-8")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most_bytes:
        raise PayloadTooLargeError(f"the body is larger than {most_bytes} bytes")
    try:
        async with asyncio.timeout(seconds):
            content = await _read(request, most_bytes)
    except TimeoutError:
        raise BodyTooSlowError(f"the body did not come within {seconds:g} s") from None
    except ClientDisconnect:
        raise BadRequestError("the body broke off") from None
    return _parsed(content)


async def _read(request: Request, most_bytes: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most_bytes:
            raise PayloadTooLargeError(f"the body is larger than {most_bytes} bytes")
        parts.append(part)
    return b"".join(parts)


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_refused
        )
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise BadRequestError("the body must be a JSON object")
    return document


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("an object names a key twice")
    return document


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def only(document: dict[str, Any], *names: str) -> None:
    """Raise BadRequestError where `document` has other keys than `names`."""
    if unknown := sorted(set(document) - set(names)):
        raise BadRequestError(
            f"the body has an unknown key {unknown[0][:60]!r}; it may have: {', '.join(names)}"
        )
