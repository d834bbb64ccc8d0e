"""A request that has been understood, and an answer that has not been written yet."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from slipway.resources.document import Document
from slipway.resources.resource import Owner


@dataclass(frozen=True, slots=True)
class Call:
    """One operation with its parameters, checked against the service's model."""

    service: str
    operation: str
    parameters: Document
    owner: Owner
    request_id: str


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What goes back over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    # In place of `body` where it comes bit by bit.
    parts: Iterator[bytes] | None = None


@dataclass(frozen=True, slots=True)
class LaterAnswer:
    """An answer that nobody has yet: what it is made of, once that is there, and how."""

    content: Future[Any]
    write: Callable[[Any], HttpAnswer]


@dataclass(frozen=True, slots=True)
class SoonAnswer:
    """An answer that holds once something is done; where that was not, the request is any other."""

    is_done: Future[bool]
    answer: HttpAnswer


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What came over the wire; header names in lower case."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    # The body was too large, and is not here.
    is_cut: bool = False
