"""What the outcome of looking at a step is to its row, and whether there is another attempt."""

from collections.abc import Callable
from dataclasses import dataclass

from slipway.clock import Clock
from slipway.executors.pipeline.failures import no_retry
from slipway.executors.pipeline.task import (
    Executing,
    Failed,
    Result,
    Stopped,
    Stopping,
    Succeeded,
    Task,
    Waiting,
)
from slipway.pipelines.parts import StepType
from slipway.pipelines.retries import pause_before_next
from slipway.resources.pipeline_step import ENDED, ended, tried_again
from slipway.resources.resource import Resource


@dataclass(frozen=True, slots=True)
class Attempts:
    """Decides what becomes of a step's row; stamps go by `clock`, pauses by the time that really passes."""

    clock: Clock
    real_clock: Clock
    # Ten letters and digits that nobody has had.
    new_identity: Callable[[], str]

    def after(self, task: Task, result: Result) -> tuple[Callable[[Resource], Resource], str | None]:
        """How a row changes with `result`, and its label then; None leaves that.

        A row that was changed meanwhile by who may end the step stays as it is.
        """
        if isinstance(result, Failed):
            pause = self._pause(task, result)
            if pause is not None:
                return self._another(task, result, pause)
            result = _final(task, result)
        label = result.label if isinstance(result, Succeeded) else None
        if label is None and isinstance(result, Failed | Stopped):
            label = ""

        def change(row: Resource) -> Resource:
            is_same = row.internal["identity"] == task.identity and row.status not in ENDED
            return self._changed(row, result) if is_same else row

        return change, label

    def _changed(self, row: Resource, result: Result) -> Resource:
        now = self.clock.now()
        match result:
            case Waiting():
                return row
            case Executing(metadata, internal):
                return (
                    row.in_status("Executing").with_document({"Metadata": metadata}).with_internal(internal)
                )
            case Stopping(metadata):
                shown = {} if metadata is None else {"Metadata": metadata}
                return row.in_status("Stopping").with_document(shown)
            case Stopped():
                return ended(row, "Stopped", now, {})
            case Succeeded(metadata, internal, cache_hit):
                shown = {} if metadata is None else {"Metadata": metadata}
                shown |= {"CacheHitResult": cache_hit} if cache_hit else {}
                return ended(row, "Succeeded", now, shown).with_internal(internal)
            case Failed(reason, _, metadata):
                shown = {} if metadata is None else {"Metadata": metadata}
                return ended(row, "Failed", now, {**shown, "FailureReason": reason})

    def _pause(self, task: Task, failed: Failed) -> float | None:
        """Seconds until another attempt; None where there is none."""
        if failed.exception_type is None or task.execution.status != "Executing":
            return None
        now = self.real_clock.now()
        count = task.row.internal.get("failures", {}).get(failed.exception_type.value, 0) + 1
        elapsed = now - task.row.internal.get("first_tried_at", now)
        return pause_before_next(task.step.retry_policies, failed.exception_type, count, elapsed)

    def _another(
        self, task: Task, failed: Failed, pause: float
    ) -> tuple[Callable[[Resource], Resource], str | None]:
        assert failed.exception_type is not None
        identity, name = self.new_identity(), failed.exception_type.value
        failures = dict(task.row.internal.get("failures", {}))
        failures[name] = failures.get(name, 0) + 1
        resume_at = self.real_clock.now() + pause

        def change(row: Resource) -> Resource:
            if row.internal["identity"] != task.identity or row.status in ENDED:
                return row
            return tried_again(row, identity, {"failures": failures, "resume_at": resume_at})

        return change, first_label(task.step.type, identity)


def first_label(step_type: StepType, identity: str) -> str:
    """The label of a step that begins: what a callback's answer names."""
    return identity if step_type is StepType.CALLBACK else ""


def _final(task: Task, failed: Failed) -> Failed:
    """The failure as it is shown: AWS adds where no policy speaks of it."""
    exception_type = failed.exception_type
    if exception_type is None or failed.reason is None:
        return failed
    if any(exception_type.value in policy.exception_types for policy in task.step.retry_policies):
        return failed
    return Failed(
        no_retry(failed.reason, task.execution, task.step.name, exception_type), None, failed.metadata
    )
