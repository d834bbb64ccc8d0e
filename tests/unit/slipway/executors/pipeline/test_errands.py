"""Errands are run once, aside, and their outcome is kept until somebody says so."""

import threading
from queue import SimpleQueue

import pytest
from slipway.executors.pipeline.errands import Errands, PendingError
from slipway.resources.resource import Key, Kind

from tests.support.pipeline_ticks import OWNER

STEP = Key(OWNER, Kind.PIPELINE_STEP, "p/execution/e/s")


def test_an_outcome_is_pending_until_it_is_there_and_then_stays() -> None:
    errands, go, done = Errands("errand", 1), threading.Event(), SimpleQueue[str]()
    runs: list[int] = []

    def work() -> str:
        runs.append(1)
        assert go.wait(30)
        return "result"

    for _ in range(2):
        with pytest.raises(PendingError):
            errands.outcome(STEP, "read", work, lambda: done.put("done"))
    go.set()
    done.get(timeout=30)

    assert [errands.outcome(STEP, "read", work, lambda: None) for _ in range(2)] == ["result", "result"]
    assert runs == [1]


def test_what_an_errand_raised_is_raised_to_whoever_asks() -> None:
    errands, done = Errands("errand", 1), SimpleQueue[str]()

    def work() -> object:
        raise LookupError("nowhere")

    with pytest.raises(PendingError):
        errands.outcome(STEP, "read", work, lambda: done.put("done"))
    done.get(timeout=30)

    with pytest.raises(LookupError, match="nowhere"):
        errands.outcome(STEP, "read", work, lambda: None)


def test_what_was_forgotten_is_done_again_and_what_had_not_begun_never_is() -> None:
    errands, go, done = Errands("errand", 1), threading.Event(), SimpleQueue[str]()
    begun: list[str] = []

    def work(name: str) -> object:
        begun.append(name)
        return go.wait(30)

    for name in ("first", "second"):
        with pytest.raises(PendingError):
            errands.outcome(STEP, name, lambda name=name: work(name), lambda: done.put("done"))  # type: ignore[misc]
    errands.forget(STEP)
    with pytest.raises(PendingError):
        errands.outcome(STEP, "third", lambda: work("third"), lambda: done.put("done"))
    go.set()
    for _ in range(2):
        done.get(timeout=30)

    assert begun == ["first", "third"]
