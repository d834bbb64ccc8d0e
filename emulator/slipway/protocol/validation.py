"""The model's own constraints, refused in AWS's words."""

from collections.abc import Iterator, Mapping, Sized
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from slipway.errors import ValidationException
from slipway.protocol.patterns import java_pattern
from slipway.resources.document import Document

COLLECTIONS = (StructureShape, ListShape, MapShape)
NUMBERS = ("integer", "long", "float", "double")


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
        return
    for constraint in broken_constraints(shape, value):
        yield f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: {constraint}"
    if isinstance(shape, ListShape):
        yield from _item_complaints(shape, value, path)
    elif isinstance(shape, MapShape):
        yield from _entry_complaints(shape, value, path)


def _item_complaints(shape: ListShape, items: list[Any], path: str) -> Iterator[str]:
    """Structures are told one by one, plain values all at once with every constraint that they have."""
    if isinstance(shape.member, COLLECTIONS):
        for number, item in enumerate(items, start=1):
            yield from _complaints(shape.member, item, f"{path}.{number}.member")
    elif any(broken_constraints(shape.member, item) for item in items):
        yield _of_all("Member must", items, path, shape.member)


def _entry_complaints(shape: MapShape, entries: Mapping[str, Any], path: str) -> Iterator[str]:
    if any(broken_constraints(shape.key, key) for key in entries):
        yield _of_all("Map keys must", entries, path, shape.key)
    if isinstance(shape.value, COLLECTIONS):
        for key, item in entries.items():
            yield from _complaints(shape.value, item, f"{path}.{key}.member")
    elif any(broken_constraints(shape.value, item) for item in entries.values()):
        yield _of_all("Map value must", entries, path, shape.value)


def _of_all(subject: str, value: Any, path: str, shape: Shape) -> str:
    # CreateTrainingJob answers: "... at 'hyperParameters' failed to satisfy constraint: Map value must
    # satisfy constraint: [Member must have length less than or equal to 2500, Member must have length
    # greater than or equal to 0, Member must satisfy regular expression pattern: .*]".
    constraints = ", ".join(text for text, _holds in _constraints(shape, None))
    return (
        f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: "
        f"{subject} satisfy constraint: [{constraints}]"
    )


def broken_constraints(shape: Shape, value: Any) -> list[str]:
    """The constraints of its own that a value breaks, each as AWS puts it."""
    return [text for text, holds in _constraints(shape, value) if not holds]


def _constraints(shape: Shape, value: Any) -> Iterator[tuple[str, bool]]:
    """What a shape asks, and whether `value` has it; None has everything."""
    told = value is not None
    enum = shape.metadata.get("enum")
    if enum:
        yield f"Member must satisfy enum value set: [{', '.join(enum)}]", not told or value in enum
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    is_number = shape.type_name in NUMBERS
    measure = "value" if is_number else "length"
    # Only what has a length, or is a number, has bounds in a model.
    size = value if is_number else len(value) if isinstance(value, Sized) else 0
    if most is not None:
        yield f"Member must have {measure} less than or equal to {most}", not told or size <= most
    if least is not None:
        yield f"Member must have {measure} greater than or equal to {least}", not told or size >= least
    pattern = shape.metadata.get("pattern")
    if pattern:
        fits = not told or java_pattern(pattern).fullmatch(value) is not None
        yield f"Member must satisfy regular expression pattern: {pattern}", fits


def _shown(value: Any) -> str:
    """A value as Java prints it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _camel(name: str) -> str:
    """TrainingJobName as trainingJobName."""
    return name[:1].lower() + name[1:]
