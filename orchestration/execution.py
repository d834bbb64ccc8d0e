"""A pipeline execution and how it went, whoever ran it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was reached."""

    name: str
    step_type: str
    status: str
    seconds: float
    failure_reason: str | None
    properties: Mapping[str, Any] = field(default_factory=dict)
    is_cached: bool = False

    @property
    def has_container(self) -> bool:
        """Whether a job stands for it."""
        return self.step_type in ("Processing", "Training")


@dataclass(frozen=True, slots=True)
class Execution:
    """How a pipeline execution ended."""

    execution_id: str
    status: str
    steps: tuple[Step, ...]

    @property
    def succeeded(self) -> bool:
        """Whether every step did, the condition's own failure branch included."""
        return self.status == "Succeeded"

    @property
    def failed_step(self) -> Step | None:
        """The step that ended the execution."""
        return next((step for step in self.steps if step.status == "Failed"), None)

    def step(self, name: str) -> Step:
        """The step of that name. Raises KeyError where it was not reached."""
        return {step.name: step for step in self.steps}[name]
