"""The timer rings for everybody, in their order, once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from slipway.executors.pipeline.timer import Timer
from slipway.resources.resource import Key, Kind

from tests.support.pipeline_ticks import OWNER

FIRST, SECOND, THIRD = (Key(OWNER, Kind.PIPELINE_EXECUTION, name) for name in ("a", "b", "c"))


@contextmanager
def at_work(rung: SimpleQueue[Key], ask: Callable[[Timer], None]) -> Iterator[None]:
    """A timer that was asked before it began, so that all that is due is due at once."""
    timer = Timer("timer", rung.put)
    ask(timer)
    timer.start()
    try:
        yield
    finally:
        timer.close()


def test_it_rings_in_the_order_of_the_moments() -> None:
    rung: SimpleQueue[Key] = SimpleQueue()

    def ask(timer: Timer) -> None:
        timer.after(0.02, SECOND)
        timer.after(0.03, THIRD)
        timer.after(0.01, FIRST)

    with at_work(rung, ask):
        assert [rung.get(timeout=60) for _ in range(3)] == [FIRST, SECOND, THIRD]


def test_a_key_rings_at_its_earliest_moment_and_once() -> None:
    rung: SimpleQueue[Key] = SimpleQueue()

    def ask(timer: Timer) -> None:
        timer.after(0.02, FIRST)
        timer.after(0.01, FIRST)
        timer.after(3600, FIRST)
        timer.after(0.05, SECOND)

    with at_work(rung, ask):
        assert [rung.get(timeout=60) for _ in range(2)] == [FIRST, SECOND]


def test_who_has_rung_may_ask_again() -> None:
    rung: SimpleQueue[Key] = SimpleQueue()
    timer = Timer("timer", rung.put)
    timer.start()

    for _ in range(2):
        timer.after(0.0, FIRST)
        assert rung.get(timeout=60) == FIRST
    timer.close()
