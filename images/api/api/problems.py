"""Errors on the wire: application/problem+json (RFC 9457)."""

import json

from starlette.responses import Response

from api.errors import ApiError

MEDIA_TYPE = "application/problem+json"
# More faults help nobody, and an answer has a size.
MOST_ERRORS = 100


class JsonResponse(Response):
    """JSON in ASCII: text of a caller's may hold what UTF-8 cannot, a lone surrogate."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """The document as bytes."""
        return json.dumps(content, allow_nan=False).encode()


def problem(error: ApiError, request_id: str) -> Response:
    """The answer to a request that came to `error`."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": str(error),
        "request_id": request_id,
    }
    if error.errors:
        document["errors"] = list(error.errors[:MOST_ERRORS])
        document["errors_total"] = len(error.errors)
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "ApiKey"
    return JsonResponse(document, status_code=error.status, headers=headers, media_type=MEDIA_TYPE)
