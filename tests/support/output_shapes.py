"""Whether an answer, as botocore has parsed it, is what the service's model promises."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from slipway.protocol.service_model import ServiceModels
from slipway.protocol.validation import broken_constraints

TYPES: Mapping[str, tuple[type, ...]] = {
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (float, int),
    "double": (float, int),
    "boolean": (bool,),
    "timestamp": (datetime,),
}
# AWS's own answers differ from its own model here. A version's ModelPackageName "follows the format
# ModelPackageGroupName/ModelPackageVersion" (the model's text), which the model's pattern forbids.
UNTRUE_PATTERNS = frozenset({"DescribeModelPackageOutput.ModelPackageName"})
# Until a training job's model is stored there is no place to name, though the model requires one.
NOT_YET_THERE: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "DescribeTrainingJobResponse.ModelArtifacts": lambda job: job.get("TrainingJobStatus") != "Completed",
}
MODELS = ServiceModels()


def complaints(service: str, operation: str, answer: Mapping[str, Any]) -> list[str]:
    """What is wrong with an answer of an operation; nothing, where it keeps the model's promises."""
    model = MODELS.operation(service, operation)
    assert model is not None, f"{service} has no {operation}"
    body = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    if model.output_shape is None:
        return [f"{name} is not promised" for name in body]
    return list(_complaints(model.output_shape, body, model.output_shape.name))


def _never(_answer: Mapping[str, Any]) -> bool:
    return False


def _is_of_type(shape: Shape, value: object) -> bool:
    allowed = (bool,) if isinstance(value, bool) else TYPES[shape.type_name]
    return isinstance(value, allowed) and (shape.type_name == "boolean") == isinstance(value, bool)


def _complaints(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "blob" or shape.serialization.get("eventstream"):
        return
    if not _is_of_type(shape, value):
        yield f"{path} is {value!r}, no {shape.type_name}"
        return
    if isinstance(shape, StructureShape):
        yield from (f"{path}.{name} is not promised" for name in value if name not in shape.members)
        missing = [f"{path}.{name}" for name in shape.required_members if name not in value]
        yield from (f"{one} is missing" for one in missing if not NOT_YET_THERE.get(one, _never)(value))
        for name, member in shape.members.items():
            if name in value:
                yield from _complaints(member, value[name], f"{path}.{name}")
        return
    if path not in UNTRUE_PATTERNS:
        yield from (f"{path} = {value!r}: {text}" for text in broken_constraints(shape, value))
    if isinstance(shape, ListShape):
        for number, item in enumerate(value):
            yield from _complaints(shape.member, item, f"{path}[{number}]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _complaints(shape.value, item, f"{path}[{key!r}]")
