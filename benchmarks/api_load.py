"""Callers of the inference API, in a process of their own: their work is nobody else's."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.open_loop import OpenLoop


@dataclass(frozen=True, slots=True)
class Load:
    """Requests with each of `bodies` in turn, `rate` a second."""

    port: int
    path: str
    headers: Mapping[str, str]
    bodies: tuple[bytes, ...]
    rate: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of them."""

    count: int
    rate: float
    statuses: dict[str, int]
    unanswered: int
    milliseconds: dict[str, float]
    cpu_seconds: float


def load(wanted: Load) -> Loaded:
    """Send them all, whatever has become of those before."""
    head = "\r\n".join(
        [
            f"POST {wanted.path} HTTP/1.1",
            "Host: api",
            *(f"{name}: {value}" for name, value in wanted.headers.items()),
        ]
    ).encode()
    requests = [head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body for body in wanted.bodies]
    loop = OpenLoop("127.0.0.1", wanted.port, lambda number: requests[number % len(requests)])
    count = wanted.rate * wanted.seconds
    began = time.process_time()
    outcome = asyncio.run(loop.run(wanted.rate, count))
    return Loaded(
        count,
        (count - outcome.unsent) / outcome.seconds,
        {str(status): number for status, number in outcome.statuses.items()},
        outcome.unanswered + outcome.unsent,
        {
            "p50": outcome.latency_milliseconds(0.5),
            "p99": outcome.latency_milliseconds(0.99),
            "longest": outcome.latency_milliseconds(1.0),
        },
        time.process_time() - began,
    )
