"""A pipeline execution from its row to its end, one tick at a time."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from slipway.api import Api
from slipway.clock import Clock
from slipway.executors.pipeline.attempts import Attempts, first_label
from slipway.executors.pipeline.errands import Errands, PendingError
from slipway.executors.pipeline.experiment import MEMBER as EXPERIMENT
from slipway.executors.pipeline.experiment import experiment_names, names_wanted
from slipway.executors.pipeline.progress import FAILURE_REASON, Progress
from slipway.executors.pipeline.reading import adopt, read_progress
from slipway.executors.pipeline.scope import ExecutionScope, ReadJson
from slipway.executors.pipeline.task import Failed, Result, Runner, Task, Waiting, caller, name_of_attempt
from slipway.executors.pipeline.timer import Timer
from slipway.pipelines.expressions import ExpressionError
from slipway.pipelines.parameters import parameter_values
from slipway.pipelines.parts import Step, StepType
from slipway.resources.lifecycle import unfinished
from slipway.resources.pipeline_step import ENDED, begun, ended, restarted
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.store.store import Store

log = logging.getLogger(__name__)

AT_WORK = unfinished(Kind.PIPELINE_EXECUTION)
# Of the stamps that clients see. A step begins after the end of what it waited for, by these too: the SDK's
# integration tests compare them (test_two_processing_job_depends_on).
RESOLUTION_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Parts:
    """What every tick needs."""

    store: Store
    clock: Clock
    real_clock: Clock
    api: Api
    # What reads objects for a step of an execution.
    reader: Callable[[Owner, Key, Key], ReadJson]
    attempts: Attempts
    timer: Timer
    # What is forgotten of a step that has ended.
    errands: tuple[Errands, ...]


class ExecutionExecutor:
    """Carries out executions by looking at what there is: their rows, their jobs, their errands.

    A tick does all that can be done now and waits for nothing; whatever may
    let it go on has it called again. It may be called any number of times,
    and after a crash at any point, never twice at once for one execution.
    """

    def __init__(self, parts: Parts, runners: Mapping[StepType, Runner]) -> None:
        self._parts = parts
        self._runners = runners

    def carry_out(self, key: Key) -> None:
        """One tick."""
        execution = self._parts.store.get(key)
        if execution is None or execution.status not in AT_WORK:
            return
        missing = adopt(self._parts.store, execution)
        if missing:
            self.fail(key, f"the source execution's steps {', '.join(missing)} are gone")
            return
        try:
            progress = self._named(read_progress(self._parts.store, execution))
        except PendingError:
            return
        except ExpressionError as error:
            self.fail(key, str(error))
            return
        while (after := self._moved_on(progress)) is not progress:
            progress = after
        if not progress.unfinished:
            self._conclude(progress)

    def fail(self, key: Key, reason: str) -> None:
        """End an execution that an error of ours keeps from going on."""
        store, now = self._parts.store, self._parts.clock.now()
        execution = store.get(key)
        if execution is None or execution.status not in AT_WORK:
            return
        for row in store.children(key.owner, Kind.PIPELINE_STEP, key.name):
            if row.status not in ENDED:
                store.transition(row.key, lambda row: ended(row, "Failed", now, {"FailureReason": reason}))
        store.transition(key, lambda before: _in_end(before, "Failed", reason))

    # -- reading --------------------------------------------------------------

    def _named(self, progress: Progress) -> Progress:
        """`progress` of an execution that has the names of its experiment, if it is to have one."""
        execution, definition = progress.execution, progress.definition
        if not names_wanted(execution, definition):
            return progress
        names = experiment_names(definition, self._scope(progress, execution.key, ""))
        shown = {EXPERIMENT: names}
        after = self._parts.store.transition(execution.key, lambda before: before.with_document(shown))
        return replace(progress, execution=after)

    # -- moving on ------------------------------------------------------------

    def _moved_on(self, progress: Progress) -> Progress:
        """`progress` after all that could be done at once; itself where that was nothing."""
        rows = dict(progress.rows)
        for row in progress.unfinished:
            rows[row.document["StepName"]] = self._looked_at(replace(progress, rows=rows), row)
        after = replace(progress, rows=rows)
        rows.update(self._begun(after))
        execution = self._parts.store.get(progress.execution.key) or progress.execution
        if rows == progress.rows and execution.status == progress.execution.status:
            return progress
        return replace(progress, execution=execution, rows=rows)

    def _begun(self, progress: Progress) -> dict[str, Resource]:
        """The rows of the steps that could begin, and have."""
        if not progress.may_begin():
            return {}
        room = progress.room()
        restarts = progress.to_restart()[:room]
        rows = {row.document["StepName"]: self._restarted(progress, row) for row in restarts}
        for step in progress.to_begin()[: room - len(restarts)]:
            rows[step.name] = self._new(progress, step)
        return rows

    def _new(self, progress: Progress, step: Step) -> Resource:
        execution, identity = progress.execution, self._parts.attempts.new_identity()
        internal = {
            "type": step.type.value,
            "identity": identity,
            "first_tried_at": self._parts.real_clock.now(),
        }
        now = max(self._parts.clock.now(), progress.last_end() + RESOLUTION_SECONDS)
        row = begun(execution, step.name, step.display_name, step.description, internal, now)
        label = first_label(step.type, identity)
        return self._parts.store.create(row, parent=execution.name, label=label)

    def _restarted(self, progress: Progress, row: Resource) -> Resource:
        parts, execution = self._parts, progress.execution
        identity, now = parts.attempts.new_identity(), parts.clock.now()
        round_number: int = execution.internal["round"]

        def change(before: Resource) -> Resource:
            after = restarted(before, identity, round_number, now)
            return after.with_internal({"first_tried_at": parts.real_clock.now()})

        step_type = StepType(row.internal["type"])
        return parts.store.transition(row.key, change, label=first_label(step_type, identity))

    def _looked_at(self, progress: Progress, row: Resource) -> Resource:
        """A step that is at work, after it was looked at."""
        step = progress.definition.steps[row.document["StepName"]]
        task = self._task(progress, step, row)
        result = self._result(task)
        if isinstance(result, Waiting):
            return row
        change, label = self._parts.attempts.after(task, result)
        after = self._parts.store.transition(row.key, change, label)
        if after.internal["identity"] != task.identity or after.status in ENDED:
            for errands in self._parts.errands:
                errands.forget(row.key)
        return after

    def _result(self, task: Task) -> Result:
        runner = self._runners[task.step.type]
        try:
            if task.execution.status == "Stopping":
                return runner.stop(task)
            pause = task.row.internal.get("resume_at", 0.0) - self._parts.real_clock.now()
            if task.is_starting and pause > 0:
                self._parts.timer.after(pause, task.execution.key)
                return Waiting()
            return runner.advance(task)
        except PendingError:
            return Waiting()
        except ExpressionError as error:
            return Failed(f"ClientError: {error}")

    def _task(self, progress: Progress, step: Step, row: Resource) -> Task:
        execution = progress.execution
        scope = self._scope(progress, row.key, name_of_attempt(execution, step, row.internal["identity"]))
        return Task(execution, step, row, scope, caller(self._parts.api, row.key.owner))

    def _scope(self, progress: Progress, for_whom: Key, own_name: str) -> ExecutionScope:
        execution, definition = progress.execution, progress.definition
        return ExecutionScope(
            execution,
            definition,
            parameter_values(definition, execution.internal["parameters"]),
            progress.rows,
            caller(self._parts.api, for_whom.owner),
            self._parts.reader(for_whom.owner, for_whom, execution.key),
            self._parts.clock,
            own_name,
        )

    # -- the end --------------------------------------------------------------

    def _conclude(self, progress: Progress) -> None:
        def change(execution: Resource) -> Resource:
            # It may have been told to stop at this very moment.
            status = replace(progress, execution=execution).conclusion()
            return _in_end(execution, status, FAILURE_REASON if status == "Failed" else None)

        after = self._parts.store.transition(progress.execution.key, change)
        log.info("execution.concluded arn=%s status=%s", after.arn, after.status)


def _in_end(execution: Resource, status: str, reason: str | None) -> Resource:
    return execution.in_status(status).with_document({"FailureReason": reason})
