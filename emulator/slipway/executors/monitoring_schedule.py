"""Monitoring schedules on time: each start is an execution's row, once."""

import logging
import math
import threading

from slipway.api import Api
from slipway.clock import Clock
from slipway.errors import ServiceError
from slipway.monitors.timing import DEFAULT_CONFIG, parse_timing
from slipway.resources.document import Document
from slipway.resources.monitoring_execution import label_of, started
from slipway.resources.monitoring_schedule import new_identity
from slipway.resources.resource import Key, Kind, Resource
from slipway.store.store import MissingError, Store

log = logging.getLogger(__name__)

# A machine that sleeps wakes with its clock ahead and nobody rings.
LONGEST_WAIT_SECONDS = 30.0
# After a failure of our own: SQLite's disk may be full, and may not be for ever.
PAUSE_SECONDS = 1.0


class MonitoringScheduleExecutor:
    """Takes schedules from Pending to where they are to be, and starts their executions at their times.

    An execution's row is committed together with its schedule's next time, so none is lost or comes
    twice over a crash. Times that passed while this process was away, or over which the clock was
    moved, come after one another.
    """

    def __init__(self, store: Store, clock: Clock, api: Api) -> None:
        self._store = store
        self._clock = clock
        self._api = api
        self._bell = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monitoring-schedules", daemon=True)

    def start(self) -> None:
        """Begin with what an earlier process left."""
        self._thread.start()

    def ring(self) -> None:
        """Have everything looked at now: the clock has moved, or a schedule has changed."""
        self._bell.set()

    def changed(self, resource: Resource) -> None:
        """A resource has changed."""
        if resource.key.kind is Kind.MONITORING_SCHEDULE:
            self.ring()

    def close(self) -> None:
        """Start nothing more; the rows say the rest after the next start."""
        self._closing.set()
        self.ring()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._bell.clear()
            try:
                wait = self.look()
            except Exception:
                # The outermost function of this thread, without which no schedule would start a job again.
                log.exception("monitoring_schedules.failed")
                wait = PAUSE_SECONDS
            self._bell.wait(wait)

    def look(self) -> float:
        """Do what is due; how long to wait for the next look."""
        for schedule in self._store.in_statuses(Kind.MONITORING_SCHEDULE, {"Pending"}):
            self._settle(schedule)
        now = self._clock.now()
        while (planned := self._next()) is not None and not self._closing.is_set():
            key, next_at = planned
            if next_at > now:
                return min(LONGEST_WAIT_SECONDS, next_at - now)
            self._start(key, next_at)
        return LONGEST_WAIT_SECONDS

    # -- from Pending ---------------------------------------------------------

    def _settle(self, schedule: Resource) -> None:
        reason = self._failure(schedule)

        def settled(present: Resource) -> Resource:
            # What was changed meanwhile is looked at anew.
            if present.status != "Pending" or present.document != schedule.document:
                return present
            after = present.with_document({"FailureReason": reason})
            return after.in_status("Scheduled" if reason is None else "Failed")

        try:
            after = self._store.transition(schedule.key, settled)
        except MissingError:
            return
        log.info("monitoring_schedule.settled arn=%s status=%s", schedule.arn, after.status)

    def _failure(self, schedule: Resource) -> str | None:
        """Why there is nothing that a schedule could monitor; None where there is."""
        name = schedule.document["EndpointName"]
        try:
            endpoint = self._api(schedule.key.owner, "sagemaker", "DescribeEndpoint", {"EndpointName": name})
        except ServiceError as error:
            return str(error)
        # One that is being created does not show yet what it captures.
        is_known = endpoint["EndpointStatus"] != "Creating"
        capture = endpoint.get("DataCaptureConfig", {})
        if is_known and not capture.get("EnableCapture"):
            return (
                f"Endpoint '{name}' does not capture its calls; give its configuration a DataCaptureConfig "
                "with EnableCapture, then update this schedule."
            )
        return None

    # -- on time --------------------------------------------------------------

    def _next(self) -> tuple[Key, float] | None:
        """Which schedule starts something next, and when; None where none does."""
        scheduled = self._store.in_statuses(Kind.MONITORING_SCHEDULE, {"Scheduled"})
        planned = [(each.key, each.internal["next_at"]) for each in scheduled if "next_at" in each.internal]
        return min(planned, key=lambda each: each[1], default=None)

    def _start(self, key: Key, next_at: float) -> None:
        """Make the execution that is due, unless the schedule was changed meanwhile."""
        with self._store.all_or_nothing():
            schedule = self._store.get(key)
            if schedule is None or schedule.status != "Scheduled":
                return
            if schedule.internal.get("next_at") != next_at:
                return
            # Of what starts now, the calls of this very second count.
            scheduled_at = math.ceil(next_at)
            execution = started(schedule, scheduled_at, new_identity(), self._clock.now())
            self._store.create(execution, parent=schedule.name, label=label_of(scheduled_at))
            after = _next_start(schedule.document["MonitoringScheduleConfig"], scheduled_at)
            self._store.transition(key, lambda present: present.with_internal({"next_at": after}))
        log.info("monitoring_execution.started schedule=%s scheduled_at=%d", key.arn, scheduled_at)


def _next_start(config: Document, scheduled_at: int) -> int | None:
    expression = config.get("ScheduleConfig", DEFAULT_CONFIG)["ScheduleExpression"]
    return parse_timing(expression).next_after(scheduled_at)
