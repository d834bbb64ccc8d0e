"""Schedules on time: what is due is recorded, then delivered."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from slipway.clock import Clock
from slipway.executors.firing import FiringExecutor
from slipway.resources.resource import Key, Kind, Resource
from slipway.schedules.plan import due_at, plan_of
from slipway.store.firings import Firing, Firings
from slipway.store.store import Store

log = logging.getLogger(__name__)

# Firings that one transaction records where the clock has moved far.
FIRINGS_AT_ONCE = 200
# Schedules that are delivered at a time: one target that keeps us waiting holds nobody else up.
LANES = 8
# A machine that sleeps wakes with its clock ahead and nobody rings.
LONGEST_WAIT_SECONDS = 30.0
# After a failure of our own: SQLite's disk may be full, and may not be for ever.
PAUSE_SECONDS = 1.0


class ScheduleExecutor:
    """Fires every schedule at its times, in their order, whatever happens in between.

    A firing is committed together with the schedule's next time before it is
    delivered, so none is lost or fires twice over a crash; a delivery whose end a
    crash has hidden is made again. Times that passed while this process was away
    fire after its start. One schedule's firings are delivered one after the
    other; one that has to be tried again lets those behind it pass.
    """

    def __init__(self, store: Store, firings: Firings, clock: Clock, executor: FiringExecutor) -> None:
        self._store = store
        self._firings = firings
        self._clock = clock
        self._executor = executor
        self._bell = threading.Event()
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(LANES, thread_name_prefix="firing")
        self._lock = threading.Lock()
        self._at_work: set[Key] = set()
        # When firings that failed are tried again, by time.monotonic(); after a restart, at once.
        self._again_at: dict[int, float] = {}
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)

    def start(self) -> None:
        """Begin with what an earlier process left."""
        self._thread.start()

    def ring(self) -> None:
        """Have everything looked at now: the clock has moved, or a schedule has changed."""
        self._bell.set()

    def changed(self, resource: Resource) -> None:
        """A resource has changed."""
        if resource.key.kind is Kind.SCHEDULE:
            self.ring()

    def close(self) -> None:
        """Deliver nothing more; what is recorded is delivered after the next start."""
        self._closing.set()
        self.ring()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- the thread -----------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.is_set():
            self._bell.clear()
            try:
                wait = self._look()
            except Exception:
                # The outermost function of this thread, without which no schedule would ever fire again.
                log.exception("schedules.failed")
                wait = PAUSE_SECONDS
            self._bell.wait(wait)

    def _look(self) -> float:
        """Record and deliver what is due; how long to wait for the next look."""
        now = self._clock.now()
        is_more = self.record_due(now)
        for key in self._firings.due(now, self._waiting()):
            self._submit(key)
        return 0.0 if is_more else self._seconds_until_next(now)

    def record_due(self, now: float) -> bool:
        """Record the earliest times that are due; whether there are more of them."""
        with self._store.all_or_nothing():
            for _ in range(FIRINGS_AT_ONCE):
                planned = self._firings.next_planned()
                if planned is None or planned[1] > now:
                    return False
                self._fire(*planned)
        return True

    def _fire(self, key: Key, scheduled_at: float) -> None:
        schedule = self._store.get(key)
        if schedule is None:
            self._firings.plan(key, None)
            return
        document = schedule.document
        moment = due_at(scheduled_at, document["FlexibleTimeWindow"], key.arn)
        target = {"Target": document["Target"], "CreationDate": document["CreationDate"]}
        self._firings.fire(key, scheduled_at, moment, target)
        self._firings.plan(key, plan_of(document, schedule.internal["anchor"]).next_after(scheduled_at))

    def _seconds_until_next(self, now: float) -> float:
        planned, due = self._firings.next_planned(), self._firings.next_due(now)
        waits = [LONGEST_WAIT_SECONDS]
        waits += [moment - now for moment in (planned[1] if planned else None, due) if moment is not None]
        with self._lock:
            waits += [moment - time.monotonic() for moment in self._again_at.values()]
        return max(0.0, min(waits))

    # -- the deliveries -------------------------------------------------------

    def _waiting(self) -> list[int]:
        """The firings that are to be tried again, and not yet."""
        now = time.monotonic()
        with self._lock:
            self._again_at = {number: moment for number, moment in self._again_at.items() if moment > now}
            return list(self._again_at)

    def _submit(self, key: Key) -> None:
        with self._lock:
            if key in self._at_work:
                return
            self._at_work.add(key)
        # A pool that was closed meanwhile takes nothing.
        with suppress(RuntimeError):
            self._pool.submit(self._deliver_all, key)

    def _deliver_all(self, key: Key) -> None:
        """Deliver what a schedule has ready, in order."""
        try:
            while not self._closing.is_set():
                firing = self._firings.first(key, self._clock.now(), self._waiting())
                if firing is None:
                    break
                self._deliver(firing)
        except Exception:
            # The outermost function of this thread; the next look submits the schedule again.
            log.exception("firing.broken arn=%s", key.arn)
            self._closing.wait(PAUSE_SECONDS)
        finally:
            with self._lock:
                self._at_work.discard(key)
            # What has become ready meanwhile was not submitted.
            self.ring()

    def _deliver(self, firing: Firing) -> None:
        pause = self._executor.attempt(firing)
        if pause is None:
            self._end(firing)
            return
        with self._lock:
            self._again_at[firing.id] = time.monotonic() + pause

    def _end(self, firing: Firing) -> None:
        """The firing is over, and perhaps its schedule with it."""
        with self._store.all_or_nothing():
            self._firings.end(firing)
            schedule = self._store.get(firing.key)
            if schedule is not None and self._is_over(schedule):
                self._store.delete(schedule.key)
                self._firings.forget(schedule.key)

    def _is_over(self, schedule: Resource) -> bool:
        """Whether a schedule is to be deleted now (API reference, ActionAfterCompletion)."""
        is_wanted = schedule.document.get("ActionAfterCompletion") == "DELETE"
        return is_wanted and schedule.status == "ENABLED" and self._firings.is_over(schedule.key)
