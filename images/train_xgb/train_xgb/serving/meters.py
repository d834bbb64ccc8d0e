"""What the serving processes have done, in memory that they share, as Prometheus reads it."""

import mmap
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

# Seconds; a row takes tens of microseconds, a batch of 6 MB some hundred milliseconds.
BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
# Every status that the server gives.
STATUSES = (200, 400, 404, 405, 406, 408, 412, 413, 415, 431, 500)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ROWS = 0
_CONNECTIONS = 1
_SECONDS = 2
_FIRST_BUCKET = 3
_FIRST_STATUS = _FIRST_BUCKET + len(BUCKETS) + 1
_WIDTH = _FIRST_STATUS + len(STATUSES)
_STATUS_PLACES = {status: _FIRST_STATUS + place for place, status in enumerate(STATUSES)}


class Meters:
    """Numbers that each worker writes in its own part, and any of them adds up.

    A worker that takes a dead one's place goes on with its numbers, so a
    counter never falls.
    """

    def __init__(self, workers: int) -> None:
        """Made before the workers are, which inherit the memory."""
        self.workers = workers
        # Of floats, which the type checker does not know: numpy would cost more at each request.
        self._memory: Any = memoryview(mmap.mmap(-1, 8 * _WIDTH * workers)).cast("d")

    def of(self, worker: int) -> "WorkerMeters":
        """The part of one worker, counted from 0."""
        return WorkerMeters(self._memory[worker * _WIDTH : (worker + 1) * _WIDTH])

    def text(self, facts: dict[str, str]) -> str:
        """All workers' numbers; `facts` are the labels of `train_xgb_model_info`."""
        sums = [sum(self._memory[place::_WIDTH].tolist()) for place in range(_WIDTH)]
        return "".join(f"{line}\n" for line in _lines(sums, self.workers, facts))


class WorkerMeters:
    """One worker's numbers."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers
        # Those of a worker that died are gone with it.
        numbers[_CONNECTIONS] = 0

    def answered(self, status: int, rows: int, seconds: float) -> None:
        """An answer to /invocations, `seconds` after its last byte had come."""
        numbers = self._numbers
        numbers[_STATUS_PLACES[status]] += 1
        numbers[_ROWS] += rows
        numbers[_SECONDS] += seconds
        numbers[_FIRST_BUCKET + bisect_left(BUCKETS, seconds)] += 1

    def connected(self, change: int) -> None:
        """A connection more, or less."""
        self._numbers[_CONNECTIONS] += change


def _lines(sums: list[float], workers: int, facts: dict[str, str]) -> Iterator[str]:
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in facts.items())
    yield from _head("train_xgb_model_info", "gauge", "The model that answers.")
    yield f"train_xgb_model_info{{{labels}}} 1"
    yield from _head("train_xgb_workers", "gauge", "Serving processes.")
    yield f"train_xgb_workers {workers}"
    yield from _head("train_xgb_connections", "gauge", "Open connections.")
    yield f"train_xgb_connections {sums[_CONNECTIONS]:.0f}"
    yield from _head("train_xgb_rows_total", "counter", "Rows answered.")
    yield f"train_xgb_rows_total {sums[_ROWS]:.0f}"
    yield from _head("train_xgb_invocations_total", "counter", "Answers of /invocations.")
    for status, place in _STATUS_PLACES.items():
        yield f'train_xgb_invocations_total{{status="{status}"}} {sums[place]:.0f}'
    name = "train_xgb_invocation_seconds"
    yield from _head(name, "histogram", "From a request's last byte to its answer.")
    below = 0.0
    for place, bound in enumerate((*(f"{bucket:g}" for bucket in BUCKETS), "+Inf")):
        below += sums[_FIRST_BUCKET + place]
        yield f'{name}_bucket{{le="{bound}"}} {below:.0f}'
    yield f"{name}_sum {sums[_SECONDS]:.6f}"
    yield f"{name}_count {below:.0f}"


def _head(name: str, kind: str, help_text: str) -> Iterator[str]:
    yield f"# HELP {name} {help_text}"
    yield f"# TYPE {name} {kind}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
