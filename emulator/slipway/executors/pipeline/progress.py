"""How far an execution is, and what its turn has come for: pure functions of the definition and the rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from slipway.pipelines.graph import ready, selected
from slipway.pipelines.parts import Definition, Step, StepType
from slipway.resources.document import Document
from slipway.resources.pipeline_step import ENDED
from slipway.resources.resource import Resource

# AWS's words (recorded executions; the SDK's integration tests).
FAILURE_REASON = "Step failure: One or multiple steps failed."
# What runs at once where nobody says how much: a pipeline of AWS has no more steps than that (quotas).
DEFAULT_PARALLEL_STEPS = 50


@dataclass(frozen=True, slots=True)
class Progress:
    """An execution's definition, cut to what this execution carries out, and its steps' rows by name."""

    execution: Resource
    definition: Definition
    rows: Mapping[str, Resource]

    @property
    def unfinished(self) -> list[Resource]:
        """The steps that have begun and not ended."""
        return [row for row in self.rows.values() if row.status not in ENDED]

    @property
    def failed(self) -> list[Resource]:
        """The steps that failed since the execution was last taken up."""
        return [row for row in self.rows.values() if row.status == "Failed" and not self._is_of_before(row)]

    def may_begin(self) -> bool:
        """Whether anything new may begin at all."""
        return self.execution.status == "Executing" and not self.failed

    def to_restart(self) -> list[Resource]:
        """The steps that RetryPipelineExecution has given another chance."""
        return [
            row
            for row in self.rows.values()
            if row.status in ("Failed", "Stopped") and self._is_of_before(row)
        ]

    def to_begin(self) -> list[Step]:
        """The steps whose turn has come, in the definition's order."""
        return [self.definition.steps[name] for name in ready(self.definition, self._succeeded(), self.rows)]

    def last_end(self) -> float:
        """When the last of the steps ended that have; 0 where none has."""
        return max(
            (row.document["EndTime"] for row in self.rows.values() if row.status in ENDED), default=0.0
        )

    def room(self) -> int:
        """How many steps more may be at work."""
        config = self.execution.document.get("ParallelismConfiguration", {})
        limit: int = config.get("MaxParallelExecutionSteps", DEFAULT_PARALLEL_STEPS)
        return max(0, limit - len(self.unfinished))

    def conclusion(self) -> str:
        """The status in which the execution ends, once nothing is at work and nothing is left to begin."""
        if self.execution.status == "Stopping":
            # StopPipelineExecution: a function that is not done in time makes the execution Failed.
            is_late = any(row.internal["type"] == StepType.LAMBDA.value for row in self.failed)
            return "Failed" if is_late else "Stopped"
        return "Failed" if self.failed else "Succeeded"

    def _is_of_before(self, row: Resource) -> bool:
        return bool(row.internal.get("round", 0) < self.execution.internal.get("round", 0))

    def _succeeded(self) -> dict[str, bool | None]:
        return {name: _outcome(row) for name, row in self.rows.items() if row.status == "Succeeded"}


def _outcome(row: Resource) -> bool | None:
    condition = row.document.get("Metadata", {}).get("Condition")
    return None if condition is None else condition["Outcome"] == "True"


def selection_of(execution: Resource) -> tuple[str, ...] | None:
    """The steps that a selective execution is for; None for any other."""
    config: Document | None = execution.document.get("SelectiveExecutionConfig")
    return tuple(step["StepName"] for step in config["SelectedSteps"]) if config else None


def adopted(definition: Definition, selection: Iterable[str]) -> frozenset[str]:
    """The steps whose results a selective execution takes from its source."""
    return selected(definition, selection)


def cut(definition: Definition, selection: Iterable[str]) -> Definition:
    """The definition of a selective execution: those steps, which wait for one another alone."""
    names = frozenset(selection)
    kept = names | adopted(definition, names)
    return replace(
        definition, steps={name: _cut(step, kept) for name, step in definition.steps.items() if name in kept}
    )


def _cut(step: Step, kept: frozenset[str]) -> Step:
    waits_for = tuple(name for name in step.depends_on if name in kept)
    branch = step.branch if step.branch and step.branch.condition in kept else None
    return replace(step, depends_on=waits_for, branch=branch)
