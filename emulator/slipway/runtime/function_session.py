"""One container's side of Lambda's Runtime API: it asks for work, and says what became of it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from slipway.resources.function_invocation import Ending, FunctionInvocation, HandedOver, RuntimeAnswer


@dataclass(slots=True)
class Turn:
    """An invocation on its way through a runtime.

    `on_begun` is told the moment (seconds since 1970) just before the runtime is
    handed it, and must not block; then `begun` has the moment by time.monotonic.
    `answer` has what became of it.
    """

    invocation: FunctionInvocation
    on_begun: Callable[[float], None]
    begun: "Future[float]" = field(default_factory=Future)
    answer: "Future[RuntimeAnswer]" = field(default_factory=Future)


class FunctionSession:
    """A runtime that has one invocation at a time; for any thread, and nothing in it blocks."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        # The runtime's open question for work.
        self._question: Future[HandedOver] | None = None
        self._turn: Turn | None = None
        self._has_ended = False
        # time.monotonic of the first question: the runtime has begun by then.
        self.ready_at: float | None = None

    def begin(self, invocation: FunctionInvocation, on_begun: Callable[[float], None]) -> Turn:
        """Have the runtime work on `invocation` as soon as it asks."""
        turn = Turn(invocation, on_begun)
        with self._lock:
            if self._has_ended:
                turn.answer.set_result(RuntimeAnswer(Ending.NOT_BEGUN))
                return turn
            self._turn = turn
            self._hand_over()
        return turn

    def end(self) -> None:
        """The container has ended."""
        with self._lock:
            self._has_ended = True
            question, self._question = self._question, None
            turn, self._turn = self._turn, None
            was_ready = self.ready_at is not None
        if question is not None:
            question.cancel()
        if turn is not None and not turn.answer.done():
            never_begun = was_ready and not turn.begun.done()
            turn.answer.set_result(RuntimeAnswer(Ending.NOT_BEGUN if never_begun else Ending.EXIT))

    # -- what the runtime asks and says -------------------------------------------

    def next(self) -> "Future[HandedOver]":
        """The next invocation, once there is one."""
        question: Future[HandedOver] = Future()
        with self._lock:
            if self.ready_at is None:
                self.ready_at = time.monotonic()
            self._question = question
            self._hand_over()
        return question

    def respond(self, request_id: str, body: bytes) -> bool:
        """The function's result; False where nobody waits for that one."""
        return self._answered(request_id, RuntimeAnswer(Ending.RESULT, body))

    def respond_too_much(self, request_id: str) -> bool:
        """The function's result is larger than an answer may be."""
        return self._answered(request_id, RuntimeAnswer(Ending.TOO_LARGE))

    def fail(self, request_id: str, body: bytes) -> bool:
        """The function's error."""
        return self._answered(request_id, RuntimeAnswer(Ending.ERROR, body))

    def fail_init(self, body: bytes) -> None:
        """The runtime cannot begin, and why."""
        with self._lock:
            turn, self._turn = self._turn, None
            self._has_ended = True
        if turn is not None:
            turn.answer.set_result(RuntimeAnswer(Ending.INIT_ERROR, body))

    def _answered(self, request_id: str, answer: RuntimeAnswer) -> bool:
        with self._lock:
            turn = self._turn
            if turn is None or not turn.begun.done() or turn.invocation.request_id != request_id:
                return False
            self._turn = None
        turn.answer.set_result(answer)
        return True

    def _hand_over(self) -> None:
        """Answer the open question with the invocation that waits, where there are both."""
        turn, question = self._turn, self._question
        if turn is None or question is None or turn.begun.done():
            return
        self._question = None
        # Whoever asked may have hung up.
        if question.set_running_or_notify_cancel():
            now = self._now()
            deadline_ms = round(1000 * (now + turn.invocation.timeout_seconds))
            turn.on_begun(now)
            turn.begun.set_result(time.monotonic())
            question.set_result(HandedOver(turn.invocation, deadline_ms))
