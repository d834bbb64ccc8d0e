"""When an asynchronous event is carried out, tried again and given up: by the clock alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from slipway.clock import MovableClock
from slipway.errors import FunctionThrottled
from slipway.events.state_change import nothing_of
from slipway.executors.function_events import FunctionEvents
from slipway.executors.function_invoker import FunctionInvoker
from slipway.resources.document import Document
from slipway.resources.function import Code, LiveFunction, activated, created
from slipway.resources.function_invocation import FunctionAnswer, FunctionInvocation
from slipway.resources.resource import Key, Kind, Owner
from slipway.store.store import Store

from tests.support.containers import wait_until

OWNER = Owner("000000000000", "us-east-1")
FUNCTION = Key(OWNER, Kind.FUNCTION, "greet")
FAILED = FunctionAnswer(b'{"errorMessage": "no"}', is_error=True)
DONE = FunctionAnswer(b"null")
ID = "00000000-0000-4000-8000-000000000001"


class Invoker:
    """Answers with what the test has put there, one after another; the last one for ever."""

    def __init__(self, *answers: FunctionAnswer | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[FunctionInvocation] = []

    def invoke(
        self, _function: LiveFunction, invocation: FunctionInvocation, _reserved: int | None = None
    ) -> FunctionAnswer:
        self.asked.append(invocation)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    """It stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> float:
        return self.seconds

    def subscribe(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        for listener in self._listeners:
            listener()


class Plane:
    """A store with one function, and its events."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.store = Store(folder / "slipway.db", self.clock, nothing_of)
        request = {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:letters"}}
        function = created(FUNCTION, request, Code("digest"), self.clock.now())
        self.store.create(activated(function, self.clock.now()))
        self.buried: list[tuple[str, bytes, Document]] = []
        self.running: list[FunctionEvents] = []

    def events(self, invoker: Invoker) -> FunctionEvents:
        """Those who carry out events, at work."""

        def bury(_function: LiveFunction, target: str, event: bytes, told: Document) -> None:
            self.buried.append((target, event, told))

        clock = cast(MovableClock, self.clock)
        made = FunctionEvents(self.store, clock, cast(FunctionInvoker, invoker), 60.0, bury)
        self.running.append(made)
        return made

    def rows(self) -> list[Any]:
        """What has not been carried out."""
        return self.store.in_statuses(Kind.FUNCTION_EVENT, {"Queued"})

    def wait_for(self, invoker: Invoker, count: int) -> None:
        """Return once so many invocations have been tried and the rows say so."""

        def tried() -> bool | None:
            attempts = [row.internal["attempts"] + row.internal.get("waits", 0) for row in self.rows()]
            return True if len(invoker.asked) == count and attempts in ([], [count]) else None

        wait_until(tried, f"{count} attempts")


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Plane]:
    made = Plane(tmp_path)
    yield made
    for events in made.running:
        events.close()


def test_an_event_is_carried_out_and_forgotten(plane: Plane) -> None:
    invoker = Invoker(DONE)
    events = plane.events(invoker)
    events.start()

    events.enqueue(FUNCTION, ID, b'{"n": 1}')
    wait_until(lambda: True if not plane.rows() else None, "the event to be carried out")

    assert [(each.request_id, each.event) for each in invoker.asked] == [(ID, b'{"n": 1}')]


def test_an_event_that_fails_is_tried_after_one_and_two_minutes_and_given_up(plane: Plane) -> None:
    invoker = Invoker(FAILED)
    events = plane.events(invoker)
    events.start()

    events.enqueue(FUNCTION, ID, b"[]")
    plane.wait_for(invoker, 1)
    assert plane.rows()[0].internal["due"] - plane.clock.now() == 60
    plane.clock.advance(60)
    plane.wait_for(invoker, 2)
    assert plane.rows()[0].internal["due"] - plane.clock.now() == 120
    plane.clock.advance(120)
    wait_until(lambda: plane.buried or None, "the event to be given up")
    wait_until(lambda: True if not plane.rows() else None, "the row to go")

    # Developer guide, asynchronous invocation: two more attempts, a minute and two after each other.
    assert len(invoker.asked) == 3
    [(target, event, told)] = plane.buried
    assert (target, event) == ("arn:aws:sqs:us-east-1:000000000000:letters", b"[]")
    assert told == {"RequestID": ID, "ErrorCode": "200", "ErrorMessage": '{"errorMessage": "no"}'}


def test_an_event_that_finds_no_room_waits_and_that_is_no_attempt(plane: Plane) -> None:
    full = FunctionThrottled("Rate Exceeded.", "ReservedFunctionConcurrentInvocationLimitExceeded")
    invoker = Invoker(full, full, DONE)
    events = plane.events(invoker)
    events.start()

    events.enqueue(FUNCTION, ID, b"[]")
    plane.wait_for(invoker, 1)
    assert plane.rows()[0].internal["attempts"] == 0
    # The developer guide: from a second on, longer every time.
    plane.clock.advance(1)
    plane.wait_for(invoker, 2)
    plane.clock.advance(2)
    wait_until(lambda: True if not plane.rows() else None, "the event to be carried out")

    assert plane.buried == []


def test_an_event_of_an_earlier_process_is_taken_up(plane: Plane) -> None:
    # Never started: as good as killed.
    plane.events(Invoker(FAILED)).enqueue(FUNCTION, ID, b"\xff any bytes")
    invoker = Invoker(DONE)

    plane.events(invoker).start()
    wait_until(lambda: True if not plane.rows() else None, "the event to be carried out")

    assert [(each.request_id, each.event) for each in invoker.asked] == [(ID, b"\xff any bytes")]


def test_an_event_of_a_function_that_was_deleted_is_dropped(plane: Plane) -> None:
    invoker = Invoker(DONE)
    events = plane.events(invoker)
    events.enqueue(FUNCTION, ID, b"[]")
    plane.store.delete(FUNCTION)

    events.start()
    wait_until(lambda: True if not plane.rows() else None, "the row to go")

    assert invoker.asked == []
