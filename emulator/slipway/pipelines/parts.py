"""What a pipeline's definition is made of, once it has been read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from slipway.resources.document import Document


class DefinitionError(Exception):
    """A definition that cannot be carried out; the message names the place and the way out."""


class StepType(StrEnum):
    """The steps that are carried out here; the value is the definition's."""

    PROCESSING = "Processing"
    TRAINING = "Training"
    MODEL = "Model"
    REGISTER_MODEL = "RegisterModel"
    CONDITION = "Condition"
    FAIL = "Fail"
    LAMBDA = "Lambda"
    CALLBACK = "Callback"
    QUALITY_CHECK = "QualityCheck"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What an execution may be given; `default` is of the parameter's type, None where there is none."""

    name: str
    type: str
    default: str | int | float | bool | None = None
    enum_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try a step again, and how often; one of `max_attempts` and `expire_after_minutes`."""

    exception_types: frozenset[str]
    interval_seconds: float = 1.0
    backoff_rate: float = 2.0
    max_attempts: int | None = None
    expire_after_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class PropertyFile:
    """A JSON file among a processing step's outputs."""

    name: str
    output_name: str
    path: str


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a step belongs to a condition: it runs if the condition's outcome is `outcome`."""

    condition: str
    outcome: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `arguments` still hold their references.

    A condition's arguments are its Conditions alone: the steps of its branches
    stand in the definition and say by `branch` where they belong.
    """

    name: str
    type: StepType
    arguments: Document
    depends_on: tuple[str, ...] = ()
    display_name: str | None = None
    description: str | None = None
    branch: Branch | None = None
    property_files: Mapping[str, PropertyFile] = field(default_factory=dict)
    # None where the step's results are not looked up; infinity where they never grow too old.
    cache_seconds: float | None = None
    retry_policies: tuple[RetryPolicy, ...] = ()
    # Lambda: the function's ARN. Callback: the queue's URL. QualityCheck: what is checked, an object
    # of its members beside Arguments. Each may hold references.
    target: object = None
    # Lambda and Callback: the type (String, Integer, Boolean, Float) of each output by its name.
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole pipeline; the steps of conditions' branches stand beside the others, in the JSON's order."""

    parameters: Mapping[str, Parameter]
    steps: Mapping[str, Step]
    # {"ExperimentName": …, "TrialName": …} with references; None where the JSON has none.
    experiment: Document | None = None
