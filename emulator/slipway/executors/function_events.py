"""Asynchronous invocations: kept before they are acknowledged, tried again as Lambda does, then given up."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from slipway.clock import MovableClock
from slipway.errors import ServiceError
from slipway.executors.function_invoker import FunctionInvoker
from slipway.resources.document import Document
from slipway.resources.function import LiveFunction, live_function
from slipway.resources.function_invocation import FunctionAnswer, FunctionInvocation
from slipway.resources.resource import Key, Kind, Resource
from slipway.store.store import MissingError, Store

log = logging.getLogger(__name__)

QUEUED = "Queued"
# Developer guide, "How Lambda handles errors and retries with asynchronous invocation": two more
# attempts, and where there was no room or no function to run, tries for six hours.
MOST_ATTEMPTS = 3
LONGEST_AGE_SECONDS = 6 * 3600.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
# Events that are worked on at a time.
WORKERS = 16

# Told of an event that is given up, where its function has a queue or topic for them: function,
# that target's ARN, the event, and why.
Bury = Callable[[LiveFunction, str, bytes, Document], None]


class FunctionEvents:
    """Every event is a row until its function has had it; rows of an earlier process are taken up.

    When an event is due goes by the clock, which people may move.
    """

    def __init__(
        self,
        store: Store,
        clock: MovableClock,
        invoker: FunctionInvoker,
        retry_seconds: float,
        bury: Bury | None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._invoker = invoker
        self._retry_seconds = retry_seconds
        self._bury = bury
        self._due: list[tuple[float, int, Key]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_closed = False
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="function-event")
        self._thread = threading.Thread(target=self._run, name="function-events", daemon=True)
        clock.subscribe(self._wake)

    def start(self) -> None:
        """Begin, with what an earlier process had promised."""
        for row in self._store.in_statuses(Kind.FUNCTION_EVENT, {QUEUED}):
            self._plan(row.key, row.internal["due"])
        self._thread.start()

    def close(self) -> None:
        """Begin nothing more; what is under way is done again after the next start."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def enqueue(self, function: Key, request_id: str, event: bytes) -> None:
        """Have a function called with `event`; when this returns it cannot be forgotten."""
        now = self._clock.now()
        row = Resource(
            Key(function.owner, Kind.FUNCTION_EVENT, request_id),
            now,
            now,
            QUEUED,
            # Any bytes, as text that gives the same bytes back.
            internal={"function": function.name, "event": event.decode("latin-1"), "attempts": 0, "due": now},
        )
        self._store.create(row, parent=function.name)
        self._plan(row.key, now)

    # -- when --------------------------------------------------------------------

    def _plan(self, key: Key, due: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (due, next(self._numbers), key))
            self._changed.notify_all()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._is_closed:
                    return
                wait = self._due[0][0] - self._clock.now() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                _, _, key = heapq.heappop(self._due)
            with suppress(RuntimeError):
                self._pool.submit(self._carry_out, key)

    # -- what --------------------------------------------------------------------

    def _carry_out(self, key: Key) -> None:
        try:
            self._attempt(key)
        except MissingError:
            # Somebody emptied the store meanwhile.
            log.info("function_event.gone id=%s", key.name)
        except Exception:
            # The outermost function of this thread; the row is there, and is taken up again.
            log.exception("function_event.failed id=%s", key.name)
            self._plan(key, self._clock.now() + LONGEST_PAUSE_SECONDS)

    def _attempt(self, key: Key) -> None:
        row = self._store.get(key)
        if row is None:
            return
        function = self._store.get(Key(key.owner, Kind.FUNCTION, row.internal["function"]))
        if function is None:
            log.warning("function_event.dropped id=%s reason=the function was deleted", key.name)
            self._store.delete(key)
            return
        live = live_function(function)
        if live is None:
            self._wait(row, "the function is not active")
            return
        event: bytes = row.internal["event"].encode("latin-1")
        invocation = FunctionInvocation(key.name, event, live.arn, live.timeout_seconds)
        try:
            answer = self._invoker.invoke(live, invocation, function.internal.get("concurrency"))
        except ServiceError as error:
            self._wait(row, str(error))
            return
        if answer.is_error:
            self._again(row, live, event, answer)
        else:
            self._store.delete(key)

    def _wait(self, row: Resource, reason: str) -> None:
        """Nothing has been tried: a little later it may be."""
        age = self._clock.now() - row.created_at
        if age > LONGEST_AGE_SECONDS:
            log.warning("function_event.dropped id=%s age=%.0f reason=%s", row.name, age, reason)
            self._store.delete(row.key)
            return
        pause = min(FIRST_PAUSE_SECONDS * 2 ** row.internal.get("waits", 0), LONGEST_PAUSE_SECONDS)
        self._later(row, {"waits": row.internal.get("waits", 0) + 1}, pause)

    def _again(self, row: Resource, live: LiveFunction, event: bytes, answer: FunctionAnswer) -> None:
        """The function failed: once more after a while, then twice as long, then never."""
        attempts = row.internal["attempts"] + 1
        if attempts < MOST_ATTEMPTS:
            self._later(row, {"attempts": attempts}, attempts * self._retry_seconds)
            return
        reason = answer.body.decode(errors="replace")
        log.warning("function_event.dropped id=%s arn=%s reason=%s", row.name, live.arn, reason)
        target = live.configuration.get("DeadLetterConfig", {}).get("TargetArn")
        if target and self._bury is not None:
            told = {"RequestID": row.name, "ErrorCode": "200", "ErrorMessage": reason[:1024]}
            self._bury(live, target, event, told)
        self._store.delete(row.key)

    def _later(self, row: Resource, changes: Document, pause: float) -> None:
        due = self._clock.now() + pause
        self._store.transition(row.key, lambda row: row.with_internal({**changes, "due": due}))
        self._plan(row.key, due)
