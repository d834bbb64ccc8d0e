"""What the serving processes have done, in memory that they share, as Prometheus reads it."""

import mmap
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

# Seconds; a series takes tens of milliseconds, the largest request some twenty seconds.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# Every status that the server gives to a request.
STATUSES = (200, 400, 404, 405, 406, 408, 413, 415, 500)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SERIES = 0
_SECONDS = 1
_FIRST_BUCKET = 2
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
        """All workers' numbers; `facts` are the labels of `train_deepar_model_info`."""
        sums = [sum(self._memory[place::_WIDTH].tolist()) for place in range(_WIDTH)]
        return "".join(f"{line}\n" for line in _lines(sums, self.workers, facts))


class WorkerMeters:
    """One worker's numbers."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers

    def answered(self, status: int, series: int, seconds: float) -> None:
        """An answer to /invocations, `seconds` after its last byte had come."""
        numbers = self._numbers
        numbers[_STATUS_PLACES[status]] += 1
        numbers[_SERIES] += series
        numbers[_SECONDS] += seconds
        numbers[_FIRST_BUCKET + bisect_left(BUCKETS, seconds)] += 1


def _lines(sums: list[float], workers: int, facts: dict[str, str]) -> Iterator[str]:
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in facts.items())
    yield from _head("train_deepar_model_info", "gauge", "The model that answers.")
    yield f"train_deepar_model_info{{{labels}}} 1"
    yield from _head("train_deepar_workers", "gauge", "Serving processes.")
    yield f"train_deepar_workers {workers}"
    yield from _head("train_deepar_series_total", "counter", "Series forecast.")
    yield f"train_deepar_series_total {sums[_SERIES]:.0f}"
    yield from _head("train_deepar_invocations_total", "counter", "Answers of /invocations.")
    for status, place in _STATUS_PLACES.items():
        yield f'train_deepar_invocations_total{{status="{status}"}} {sums[place]:.0f}'
    name = "train_deepar_invocation_seconds"
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
