"""One job's containers from their start to their end, and what ends them early."""

import threading
from collections.abc import Sequence

from slipway.clock import Clock
from slipway.containers.engine import Engine, EngineError
from slipway.containers.logs import moment
from slipway.executors.contract import LineSink, Listener
from slipway.executors.watch import Ending, Follower
from slipway.resources.document import Document
from slipway.resources.outcome import Cause, Exit, Outcome, outcome_of
from slipway.resources.resource import Key, Resource
from slipway.store.store import MissingError, Store

# StopTrainingJob gives 120 s between SIGTERM and the end (API reference), in
# which an algorithm may still save its model. Docker's own 10 s would lose it.
STOP_GRACE_SECONDS = 120
# What the other hosts get once one has failed: their work is lost already.
PEER_GRACE_SECONDS = 10
# How often a row is looked at although nobody rang, and how far the log's position may lag behind.
LOOK_SECONDS = 2.0
WENT_AWAY = "the Docker Engine went away while the containers ran"
# What a container is left with that an engine took along: SIGKILL, SIGTERM, and
# Docker's own number for an end that it did not see itself.
TAKEN_ALONG = frozenset({137, 143, 255})


class LostError(EngineError):
    """The containers ended with the engine, or were removed: how they would have ended, nobody knows."""


class Supervision:
    """Watches the containers of one job; `bell` is rung when its row is to be looked at.

    How long they may run, and when Docker says that they ended, is by the machine's clock.
    """

    def __init__(
        self,
        store: Store,
        real_clock: Clock,
        engine: Engine,
        job: Resource,
        ids: dict[str, str],
        bell: threading.Event,
        sink: LineSink,
        listener: Listener,
    ) -> None:
        self._store = store
        self._real_clock = real_clock
        self._engine = engine
        self._job = job
        self._ids = ids
        self._bell = bell
        self._sink = sink
        self._listener = listener
        # What ended before nobody watched: this process was away, and the engine perhaps too.
        self._watched_since = real_clock.now()
        # When the last line came that was passed on, by host: before a restart, and now.
        self._told_before: dict[str, float] = dict.fromkeys(ids, 0.0) | job.internal.get("logged", {})
        self._told = dict(self._told_before)
        self._kept = dict(self._told)

    def outcome(self) -> Outcome:
        """How the containers ended, once they all have.

        Raises LostError where that cannot be known, MissingError where the row is gone.
        """
        followers = [
            Follower(self._engine, host, container_id, self._line, self._bell)
            for host, container_id in self._ids.items()
        ]
        ending = Ending(self._engine)
        while True:
            # Cleared before the look: whoever rings after it is not missed.
            self._bell.clear()
            if not any(follower.is_running for follower in followers):
                return self._judged(followers)
            self._bell.wait(self._look(followers, ending))

    def _line(self, host: str, moment: float, line: str) -> None:
        metrics = self._sink.see(moment, line)
        # After a restart the whole log comes again; what was passed on is not passed on twice.
        if moment <= self._told_before[host]:
            return
        self._listener.on_line(self._job, host, moment, line)
        for name, value in metrics.items():
            self._listener.on_metric(self._job, name, value, moment)
        self._told[host] = moment

    def _look(self, followers: list[Follower], ending: Ending) -> float:
        """End the containers where the row or the clock says so; how long to wait for the next look."""
        job = self._row()
        now = self._real_clock.now()
        deadline: float = job.internal["begun"] + job.document["StoppingCondition"]["MaxRuntimeInSeconds"]
        signalled = job.internal.get("signalled")
        if signalled is None:
            has_failed_host = any(follower.has_failed for follower in followers)
            cause = cause_to_end(job, has_failed_host, is_over_time=now >= deadline)
            if cause is not None:
                signalled = self._signal(job.key, cause, now)
        if signalled is not None:
            grace = PEER_GRACE_SECONDS if signalled["cause"] == Cause.EXITED else STOP_GRACE_SECONDS
            ending.begin(followers, max(0, round(grace - (now - signalled["at"]))))
            return LOOK_SECONDS
        self._keep_position(job.key)
        return min(LOOK_SECONDS, deadline - now)

    def _signal(self, key: Key, cause: Cause, now: float) -> Document:
        signalled = {"cause": cause.value, "at": now}
        self._store.transition(key, lambda job: job.with_internal({"signalled": signalled}))
        return signalled

    def _keep_position(self, key: Key) -> None:
        if self._told != self._kept:
            self._kept = dict(self._told)
            self._store.transition(key, lambda job: job.with_internal({"logged": self._kept}))

    def _judged(self, followers: list[Follower]) -> Outcome:
        if any(follower.was_cut for follower in followers):
            raise LostError(WENT_AWAY)
        exits = [
            Exit(follower.host, final.exit_code, moment(final.finished_at), final.is_out_of_memory)
            for follower in followers
            if (final := follower.final) is not None and final.exit_code is not None
        ]
        gone = sorted({follower.host for follower in followers} - {each.host for each in exits})
        if gone:
            raise LostError(f"the container of {', '.join(gone)} was removed while it ran")
        return judged(exits, self._row().internal.get("signalled"), self._watched_since)

    def _row(self) -> Resource:
        job = self._store.get(self._job.key)
        if job is None:
            raise MissingError(self._job.key)
        return job


def judged(exits: Sequence[Exit], signalled: Document | None, watched_since: float) -> Outcome:
    """What the ends of all containers mean; `signalled` is why and when they were told to end, if they were.

    Raises LostError where one was ended from outside before anybody watched it: that is no
    failure of its program.
    """
    cause = Cause(signalled["cause"]) if signalled else Cause.EXITED
    # The peers of one that failed are ended by us: what they are left with after that tells nothing.
    until = min(watched_since, signalled["at"]) if signalled else watched_since
    if cause is Cause.EXITED and any(_was_taken_along(each, until) for each in exits):
        raise LostError("the containers were ended while nobody watched, as by a restart of the engine")
    return outcome_of(cause, exits)


def _was_taken_along(exit_: Exit, until: float) -> bool:
    return exit_.moment < until and exit_.exit_code in TAKEN_ALONG and not exit_.is_out_of_memory


def cause_to_end(job: Resource, has_failed_host: bool, is_over_time: bool) -> Cause | None:
    """Why the containers of a job must end now; None where they may go on."""
    if has_failed_host:
        return Cause.EXITED
    if job.status == "Stopping":
        return Cause.STOPPED
    return Cause.TIME_LIMIT if is_over_time else None
