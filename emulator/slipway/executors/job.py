"""A job from its row to its true end: stage, launch, watch, collect, conclude."""

import logging
import shutil
import threading
from collections.abc import Callable

from slipway.containers.engine import (
    EngineAwayError,
    EngineError,
    EntrypointError,
    ImageMissingError,
)
from slipway.executors.contract import Contract, LineSink, Tools
from slipway.executors.folder import JobFolder
from slipway.executors.launch import Launcher
from slipway.executors.supervision import WENT_AWAY, LostError, Supervision
from slipway.executors.watch import ENGINE_POLL_SECONDS
from slipway.faults import FaultPoint
from slipway.resources.document import Document
from slipway.resources.lifecycle import TERMINAL_JOB
from slipway.resources.outcome import LONGEST_REASON, Cause, Outcome
from slipway.resources.resource import Key, Resource
from slipway.staging.errors import StagingError
from slipway.store.store import MissingError

log = logging.getLogger(__name__)

# What is done for good, in `internal`; a job that has no stage begins from the request.
STAGED = "staged"
ENDED = "ended"
COLLECTED = "collected"
# What a new attempt does not keep.
FRESH = dict.fromkeys(("stage", "launched", "signalled", "outcome", "collected", "logged"))

# AWS's words for what is not the caller's fault; the double space is theirs.
INTERNAL_ERROR = "InternalServerError: We encountered an internal error.  Please try again."


class _StopRequestedError(Exception):
    """The job is to stop before its containers ran."""


class JobExecutor:
    """Carries out the jobs of one kind; may be called again for a job after any crash."""

    def __init__(self, contract: Contract, tools: Tools) -> None:
        self._contract = contract
        self._tools = tools
        self._launcher = Launcher(contract, tools)
        self._bells: dict[Key, threading.Event] = {}

    def nudge(self, key: Key) -> None:
        """Have a job that is being watched looked at now."""
        bell = self._bells.get(key)
        if bell is not None:
            bell.set()

    def carry_out(self, key: Key) -> None:
        """Bring a job to its terminal status, from wherever its row says it is."""
        seen: Resource | None = None
        try:
            while (job := self._tools.store.get(key)) is not None and job.status not in TERMINAL_JOB:
                seen = job
                try:
                    self._attempt(job)
                except EngineAwayError as error:
                    log.warning("job.engine_away arn=%s words=%s", key.arn, error)
                    self._come_back(job)
        except MissingError:
            # Somebody emptied the store meanwhile.
            if seen is not None:
                self._clear(seen)
            raise

    def fail(self, key: Key, reason: str) -> None:
        """End a job that cannot be carried out; one that has ended already stays as it is."""
        now = self._tools.clock.now()

        def failed(job: Resource) -> Resource:
            if job.status in TERMINAL_JOB:
                return job
            return self._contract.failed(job, reason[:LONGEST_REASON], now)

        self._finish(key, failed)

    def _attempt(self, job: Resource) -> None:
        try:
            if "stage" not in job.internal:
                job = self._staged(job)
            if job.internal["stage"] == STAGED:
                job = self._ran(job)
            if job.internal["stage"] == ENDED:
                job = self._collected(job)
            self._conclude(job, Outcome.from_document(job.internal["outcome"]), job.internal["collected"])
        except _StopRequestedError:
            self._conclude(job, Outcome(Cause.STOPPED, {}), {})
        except (StagingError, ImageMissingError) as error:
            self.fail(job.key, str(error))
        except EntrypointError as error:
            self.fail(job.key, cannot_start(str(error)))
        except EngineAwayError:
            raise
        except EngineError as error:
            self._interrupted(job.key, str(error))

    def _come_back(self, job: Resource) -> None:
        """Wait for the engine; then all goes on from the row, except what ended while nobody could see it."""
        engine = self._tools.engine
        while True:
            try:
                states = engine.of_resource(job.arn)
                break
            except EngineAwayError:
                threading.Event().wait(ENGINE_POLL_SECONDS)
        row = self._tools.store.get(job.key)
        may_run = row is not None and row.internal.get("stage") == STAGED
        if may_run and any(state.exit_code is not None for state in states):
            self._interrupted(job.key, WENT_AWAY)

    # -- the stages -----------------------------------------------------------

    def _staged(self, job: Resource) -> Resource:
        tools, contract = self._tools, self._contract
        tools.faults.at(FaultPoint.AFTER_CREATE)
        job = self._change(job.key, self._begun)
        # Of an attempt before, or of a job of that name that was deleted.
        self._clear(job)
        image = tools.images.resolve(contract.image_uri(job))
        folder = self._folder(job.key)
        folder.path.mkdir(parents=True)
        contract.stage(job, folder, lambda: self._check(job.key))
        tools.faults.at(FaultPoint.AFTER_STAGING)
        return self._change(job.key, lambda job: job.with_internal({"stage": STAGED, "image": image}))

    def _begun(self, job: Resource) -> Resource:
        if job.status == "Stopping":
            raise _StopRequestedError
        # Attempts share one time limit (API reference, RetryStrategy).
        begun = job.internal.get("begun", self._tools.real_clock.now())
        return self._contract.downloading(job, self._tools.clock.now()).with_internal({"begun": begun})

    def _check(self, key: Key) -> None:
        job = self._tools.store.get(key)
        if job is None:
            raise MissingError(key)
        if job.status == "Stopping":
            raise _StopRequestedError

    def _ran(self, job: Resource) -> Resource:
        contract, clock = self._contract, self._tools.clock
        sink = contract.line_sink(job)
        # Begun before the containers: what they change at once is seen as a change.
        with contract.meanwhile(job, self._folder(job.key)):
            job, ids = self._launched(job)
            outcome = self._watched(job, ids, sink)
        self._tools.faults.at(FaultPoint.CONTAINER_EXIT)
        log.info("job.ended arn=%s cause=%s exit_codes=%s", job.arn, outcome.cause, outcome.exit_codes)

        def after(job: Resource) -> Resource:
            uploading = contract.uploading(job, sink.documents(), clock.now())
            return uploading.with_internal({"stage": ENDED, "outcome": outcome.to_document()})

        return self._change(job.key, after)

    def _launched(self, job: Resource) -> tuple[Resource, dict[str, str]]:
        """Have the containers run; the container's id by host."""
        contract, clock = self._contract, self._tools.clock
        if job.internal.get("launched"):
            ids = self._launcher.launched(job)
            gone = sorted(set(contract.cluster(job).hosts) - set(ids))
            if gone:
                raise LostError(f"the container of {', '.join(gone)} was removed")
            return job, ids
        self._check(job.key)
        ids = self._launcher.launch(job)
        return self._change(
            job.key, lambda job: contract.running(job, clock.now()).with_internal({"launched": True})
        ), ids

    def _watched(self, job: Resource, ids: dict[str, str], sink: LineSink) -> Outcome:
        tools = self._tools
        bell = self._bells.setdefault(job.key, threading.Event())
        try:
            return Supervision(
                tools.store, tools.real_clock, tools.engine, job, ids, bell, sink, tools.listener
            ).outcome()
        finally:
            del self._bells[job.key]

    def _collected(self, job: Resource) -> Resource:
        outcome = Outcome.from_document(job.internal["outcome"])
        collected = self._contract.collect(job, outcome, self._folder(job.key))
        return self._change(
            job.key, lambda job: job.with_internal({"stage": COLLECTED, "collected": collected})
        )

    def _conclude(self, job: Resource, outcome: Outcome, collected: Document) -> None:
        now = self._tools.clock.now()
        self._finish(job.key, lambda job: self._contract.concluded(job, outcome, collected, now))

    # -- the end --------------------------------------------------------------

    def _interrupted(self, key: Key, words: str) -> None:
        """The engine failed, not the program: try again where the request says so."""
        job = self._tools.store.get(key)
        if job is None:
            raise MissingError(key)
        attempts = job.internal.get("attempts", 0)
        log.warning("job.interrupted arn=%s attempts=%d words=%s", key.arn, attempts, words)
        if job.status == "Stopping" or attempts >= self._contract.retries(job):
            self.fail(key, f"{INTERNAL_ERROR} ({words})")
            return
        now = self._tools.clock.now()
        self._clear(job)
        self._change(
            key,
            lambda job: self._contract.restarting(job, now).with_internal(
                {**FRESH, "attempts": attempts + 1}
            ),
        )

    def _finish(self, key: Key, ended: Callable[[Resource], Resource]) -> None:
        """Remove the containers, then commit the terminal state: when it can be seen, nothing runs."""
        job = self._tools.store.get(key)
        if job is None:
            raise MissingError(key)
        is_kept = self._tools.keep_failed and ended(job).status == "Failed"
        if not is_kept:
            self._remove(job)
        self._tools.listener.settle(job)
        self._tools.faults.at(FaultPoint.BEFORE_EVENT)
        self._change(key, lambda job: ended(job).with_internal({"kept": True if is_kept else None}))
        log.info("job.concluded arn=%s", key.arn)
        if not is_kept:
            shutil.rmtree(self._folder(key).path, ignore_errors=True)

    def _remove(self, job: Resource) -> None:
        """Remove the containers, whenever the engine is there to do it."""
        while True:
            try:
                self._launcher.remove(job)
                return
            except EngineAwayError:
                threading.Event().wait(ENGINE_POLL_SECONDS)
            except EngineError as error:
                # The job's result does not depend on it; the reaper tries again at the next start.
                log.error("job.not_removed arn=%s words=%s", job.arn, error)
                return

    def _clear(self, job: Resource) -> None:
        self._remove(job)
        shutil.rmtree(self._folder(job.key).path, ignore_errors=True)

    def _folder(self, key: Key) -> JobFolder:
        return JobFolder(self._tools.jobs_dir, key)

    def _change(self, key: Key, change: Callable[[Resource], Resource]) -> Resource:
        return self._tools.store.transition(key, change)


def cannot_start(words: str) -> str:
    """The FailureReason of a program that cannot be executed: Docker's words, as AWS passes them on."""
    return (
        f"ClientError: API error (400): {words}. The image has no such program: check its ENTRYPOINT, "
        "and ContainerEntrypoint and ContainerArguments of the request; an image to train with answers "
        "to `train`."
    )
