"""The model's own constraints, refused in AWS's words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

from slipway.errors import ValidationException
from slipway.resources.document import Document


def validate(operation: OperationModel, parameters: Document) -> None:
    """Raise ValidationException where `parameters` break a constraint of the model; all of them are told."""
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return
    complaints = list(_structure_complaints(shape, parameters, ""))
    if complaints:
        errors = "error" if len(complaints) == 1 else "errors"
        raise ValidationException(f"{len(complaints)} validation {errors} detected: {'; '.join(complaints)}")


def _structure_complaints(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        place = f"{path}.{_camel(name)}" if path else _camel(name)
        if name in value:
            yield from _complaints(member, value[name], place)
        elif name in shape.required_members:
            yield f"Value null at '{place}' failed to satisfy constraint: Member must not be null"


def _complaints(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        yield from _structure_complaints(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _length_complaints(shape, value, path)
        for number, item in enumerate(value, start=1):
            yield from _complaints(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        yield from _length_complaints(shape, value, path)
        for key, item in value.items():
            broken = list(_string_constraints(shape.key, key))
            if broken:
                yield (
                    f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: "
                    f"Map keys must satisfy constraint: [{', '.join(broken)}]"
                )
            yield from _complaints(shape.value, item, f"{path}.{key}.member")
    elif isinstance(shape, StringShape):
        for constraint in _string_constraints(shape, value):
            yield f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _range_complaints(shape, value, path)


def _string_constraints(shape: Shape, text: str) -> Iterator[str]:
    """The constraints that a text breaks, each as AWS puts it."""
    enum = getattr(shape, "enum", None) or shape.metadata.get("enum")
    if enum and text not in enum:
        yield f"Member must satisfy enum value set: [{', '.join(enum)}]"
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if most is not None and len(text) > most:
        yield f"Member must have length less than or equal to {most}"
    if least is not None and len(text) < least:
        yield f"Member must have length greater than or equal to {least}"
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, text):
        yield f"Member must satisfy regular expression pattern: {pattern}"


def _length_complaints(shape: Shape, value: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    told = f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: Member must have length"
    if most is not None and len(value) > most:
        yield f"{told} less than or equal to {most}"
    if least is not None and len(value) < least:
        yield f"{told} greater than or equal to {least}"


def _range_complaints(shape: Shape, value: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    told = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have value"
    if most is not None and value > most:
        yield f"{told} less than or equal to {most}"
    if least is not None and value < least:
        yield f"{told} greater than or equal to {least}"


def _matches(pattern: str, text: str) -> bool:
    if r"\p{" in pattern:
        # Unicode classes, which re does not have; they only ever allow more than we could check.
        return True
    return re.fullmatch(pattern, text) is not None


def _shown(value: Any) -> str:
    """A collection as Java prints it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return str(value)


def _camel(name: str) -> str:
    """TrainingJobName as trainingJobName."""
    return name[:1].lower() + name[1:]
