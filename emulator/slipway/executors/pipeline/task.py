"""One step of an execution at work, and what may come of looking at it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from slipway.api import Api
from slipway.pipelines.expressions import Scope
from slipway.pipelines.parts import Step
from slipway.pipelines.retries import ExceptionType
from slipway.resources.document import Document
from slipway.resources.resource import Owner, Resource

LONGEST_NAME = 63  # of a job and of a model (API reference)
# Of what a step makes, in its arguments.
NAMES = ("ProcessingJobName", "TrainingJobName", "ModelName")


@dataclass(frozen=True, slots=True)
class Task:
    """A step that has begun and not ended, as its row and the definition have it."""

    execution: Resource
    step: Step
    row: Resource
    scope: Scope
    # As the execution's owner.
    call: Callable[[str, str, Document], Document]

    @property
    def owner(self) -> Owner:
        """Whose it is."""
        return self.row.key.owner

    @property
    def identity(self) -> str:
        """What tells this attempt from every other: written down before anything is done."""
        identity: str = self.row.internal["identity"]
        return identity

    @property
    def made_name(self) -> str:
        """The name of the job or model that this attempt makes."""
        return name_of_attempt(self.execution, self.step, self.identity)

    @property
    def is_starting(self) -> bool:
        """Whether what the step stands for has not begun, as far as the row knows."""
        return self.row.status == "Starting"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing can be done now: somebody will say when."""


@dataclass(frozen=True, slots=True)
class Executing:
    """The step goes on by itself; `internal` is what must be found again."""

    metadata: Document = field(default_factory=dict)
    internal: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stopping:
    """The step has been told to stop, and has not stopped yet."""

    # None leaves what is there.
    metadata: Document | None = None


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The step has ended well."""

    # None leaves what is there.
    metadata: Document | None = None
    internal: Document = field(default_factory=dict)
    # Where its result was found, and under what it can be found.
    cache_hit: Document | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """This attempt of the step has failed; `exception_type` says whether there may be another."""

    reason: str | None
    exception_type: ExceptionType | None = None
    metadata: Document | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """The step was stopped."""


Result = Waiting | Executing | Stopping | Succeeded | Failed | Stopped


class Runner(Protocol):
    """How the steps of a type are carried out.

    Both methods may be called any number of times, after a crash too, and do
    what is left to do. They raise PendingError where that waits for an errand,
    ExpressionError where the definition refers to what there is not, and
    ServiceError where a call that they had to make was refused.
    """

    def advance(self, task: Task) -> Result:
        """Bring the step on."""

    def stop(self, task: Task) -> Result:
        """Bring the step to its end: the execution is to stop."""


def name_of_attempt(execution: Resource, step: Step, identity: str) -> str:
    """The name of what an attempt of a step makes."""
    given = (step.arguments.get(member) for member in NAMES)
    prefix = next((name for name in given if isinstance(name, str)), None)
    return made_name(execution.name, step.name, identity, prefix)


def made_name(execution_name: str, step_name: str, identity: str, prefix: str | None = None) -> str:
    """`pipelines-<execution>-<step>-<identity>` (contracts, 6.2), cut where that is too long.

    A definition's own name of a job is what it shall begin with (the SDK's
    use_custom_job_prefix); AWS does not say what follows it.
    """
    execution = execution_name.rpartition("/")[2]
    beginning = f"{prefix}-{execution}" if prefix else f"pipelines-{execution}-{step_name}"
    ending = f"-{identity}"
    # Names of jobs have no underscore, those of steps may.
    return beginning.replace("_", "-")[: LONGEST_NAME - len(ending)].rstrip("-") + ending


def caller(api: Api, owner: Owner) -> Callable[[str, str, Document], Document]:
    """`api` as its client `owner` calls it: service, operation, document."""
    return lambda service, name, document: api(owner, service, name, document)
