"""The heads of requests and answers: what is read from the ones and written in the others."""

from http import HTTPStatus

import httptools

from train_xgb.serving.answers import Reply

_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


def path_of(url: bytes) -> str:
    """The path of a request's target, as it was sent."""
    try:
        path = httptools.parse_url(url).path if url[:1] != b"/" or b"?" in url else url
    except httptools.HttpParserError:
        path = url
    return (path or b"/").decode("latin-1")


def joined(before: bytes | None, value: bytes) -> bytes:
    """A header's value after what the same header said before: one that is given twice is a list."""
    return value if before is None else before + b"," + value


def decoded(value: bytes | None) -> str | None:
    """A header's value as text; None where there is none."""
    return None if value is None else value.decode("latin-1")


def answer_head(reply: Reply, connection: str, date: str) -> bytes:
    """The head of an answer; `connection` may be empty, `date` is a whole line."""
    head = _LINES[reply.status]
    if reply.content_type:
        head += f"Content-Type: {reply.content_type}\r\n"
    for name, value in reply.headers:
        head += f"{name}: {value}\r\n"
    if connection:
        head += f"Connection: {connection}\r\n"
    return f"{head}{date}Content-Length: {len(reply.body)}\r\n\r\n".encode("latin-1")
