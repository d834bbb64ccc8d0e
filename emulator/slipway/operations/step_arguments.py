"""Whether a step's Arguments could be the request that it stands for, as CreatePipeline checks it.

AWS parses them by the models of the calls: what the model does not know, an
object or a list that is something else, and a plain text outside of an enum
are refused, wherever they stand (sagemaker-python-sdk, issues 2345, 3472, 3908
and 4994, and a public program's note on ProcessingS3InputMode). What else it
looks at is not documented; everything else is left to the call itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from slipway.errors import ValidationException
from slipway.pipelines.expressions import function_of
from slipway.pipelines.members import shown
from slipway.pipelines.parts import Definition, Step, StepType
from slipway.protocol.service_model import SAGEMAKER, ServiceModels

CALLS = {
    StepType.PROCESSING: "CreateProcessingJob",
    StepType.QUALITY_CHECK: "CreateProcessingJob",
    StepType.TRAINING: "CreateTrainingJob",
    StepType.MODEL: "CreateModel",
    StepType.REGISTER_MODEL: "CreateModelPackage",
}
# What the call knows and the step does not (sagemaker-python-sdk, pull request 3472).
NOT_OF_THE_STEP = {StepType.REGISTER_MODEL: frozenset({"ModelPackageName"})}


class StepArguments:
    """Checks arguments by the models of what they are sent to."""

    def __init__(self, models: ServiceModels) -> None:
        self._models = models

    def check(self, definition: Definition) -> None:
        """Raise ValidationException, in AWS's words, for the first step whose arguments are none."""
        for step in definition.steps.values():
            for problem in self._problems(step):
                raise ValidationException(
                    f"Unable to parse pipeline definition. {problem} It stands in the step '{step.name}'."
                )

    def _problems(self, step: Step) -> Iterator[str]:
        name = CALLS.get(step.type)
        operation = self._models.operation(SAGEMAKER, name) if name else None
        if operation is None or operation.input_shape is None:
            return
        for member in NOT_OF_THE_STEP.get(step.type, ()):
            if member in step.arguments:
                yield _unknown(member)
        yield from _problems_of(operation.input_shape, step.arguments)


def _problems_of(shape: Shape, value: object) -> Iterator[str]:
    """What is wrong with a value in the place of `shape`; null is as if it were not there."""
    if value is None:
        return
    match shape:
        case ListShape():
            if not isinstance(value, list):
                yield _expecting("Array", value)
                return
            for item in value:
                yield from _problems_of(shape.member, item)
        case StructureShape() | MapShape():
            if not isinstance(value, dict):
                yield _expecting("Object", value)
            elif function_of(value) is None:
                yield from _problems_of_members(shape, value)
        case _:
            yield from _problems_of_scalar(shape, value)


def _problems_of_members(shape: StructureShape | MapShape, members: Mapping[str, Any]) -> Iterator[str]:
    for name, value in members.items():
        if isinstance(shape, MapShape):
            yield from _problems_of(shape.value, value)
        elif name in shape.members:
            yield from _problems_of(shape.members[name], value)
        else:
            yield _unknown(name)


def _problems_of_scalar(shape: Shape, value: object) -> Iterator[str]:
    known = shape.metadata.get("enum")
    if isinstance(value, list) or (isinstance(value, dict) and function_of(value) is None):
        kind = "a list" if isinstance(value, list) else "an object"
        yield f"{shape.name} is a plain value, not {kind}."
    elif known and isinstance(value, str) and value not in known:
        yield (
            f"Model Validation failed: Value '{value:.200}' for '{shape.name}' "
            f"failed to satisfy enum value set: [{', '.join(known)}]."
        )


def _expecting(kind: str, value: object) -> str:
    way_out = " A list's items may be references, a list may not." if isinstance(value, dict) else ""
    return f"Expecting start of Json {kind}. There is {shown(value)}.{way_out}"


def _unknown(name: str) -> str:
    return f"Unknown Argument member '{name:.200}'."
