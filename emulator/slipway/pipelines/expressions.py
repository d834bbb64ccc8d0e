"""References and functions inside a definition: Get, Std:Join, Std:JsonGet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from slipway.pipelines.paths import Part, PathError, parse_path, walk

PROPERTY_FILES = "PropertyFiles"
# A property file may be called anything; what follows is its whole name.
_PROPERTY_FILE = re.compile(rf"Steps\.(?P<step>[A-Za-z0-9_-]+)\.{PROPERTY_FILES}\.(?P<file>.+)", re.DOTALL)


class ExpressionError(Exception):
    """A reference that leads nowhere; the message names it."""


class Scope(Protocol):
    """What references may name. Every method raises ExpressionError."""

    def parameter(self, name: str) -> object:
        """The value of {"Get": "Parameters.<name>"}."""

    def execution_variable(self, name: str) -> object:
        """The value of {"Get": "Execution.<name>"}."""

    def properties(self, step: str) -> object:
        """The document below {"Get": "Steps.<step>."}: what the kind's Describe call answers.

        A condition's is {"Outcome": True or False}, which Std:Join writes in
        small letters; a Lambda's or a callback's has its outputs as a map,
        {"OutputParameters": {name: value}}.
        """

    def property_file(self, step: str, name: str) -> object:
        """The parsed JSON of a property file."""

    def json_at(self, s3_uri: str) -> object:
        """The parsed JSON of an object."""


class Root(StrEnum):
    """What a reference begins with."""

    PARAMETERS = "Parameters"
    EXECUTION = "Execution"
    STEPS = "Steps"
    EXPERIMENT = "PipelineExperimentConfig"


@dataclass(frozen=True, slots=True)
class Reference:
    """The target of a Get: `name` below `root`, and for a step the path below that."""

    text: str
    root: Root
    name: str
    path: tuple[Part, ...] = ()


def parse_reference(text: object) -> Reference:
    """Read the target of a Get. Raises ExpressionError."""
    if not isinstance(text, str):
        raise ExpressionError(f"Get takes a text such as 'Parameters.X', not {text!r}")
    if (found := _PROPERTY_FILE.fullmatch(text)) is not None:
        return Reference(text, Root.STEPS, found["step"], (PROPERTY_FILES, found["file"]))
    try:
        parts = parse_path(text)
        root = Root(str(parts[0]))
    except (PathError, ValueError):
        roots = ", ".join(f"'{root}.…'" for root in Root)
        raise ExpressionError(f"the reference '{text}' is none of {roots}") from None
    if len(parts) < 2 or not isinstance(parts[1], str):
        raise ExpressionError(f"the reference '{text}' names nothing below '{root}'")
    if root is Root.STEPS and len(parts) == 2:
        raise ExpressionError(f"the reference '{text}' names a step, but none of its properties")
    if root is not Root.STEPS and len(parts) > 2:
        raise ExpressionError(f"the reference '{text}' goes on below '{parts[1]}', which has no members")
    return Reference(text, root, parts[1], parts[2:])


@dataclass(frozen=True, slots=True)
class Join:
    """Std:Join: the values' texts with `on` between them."""

    on: str
    values: list[object]


@dataclass(frozen=True, slots=True)
class JsonGet:
    """Std:JsonGet: what stands at `path` in a step's property file, or in the object at `s3_uri`."""

    path: tuple[Part, ...]
    written: str
    file: Reference | None = None
    s3_uri: object = None


Function = Reference | Join | JsonGet


def function_of(value: dict[str, object]) -> Function | None:
    """The function that an object stands for; None where it is an ordinary one. Raises ExpressionError."""
    names = [name for name in value if name == "Get" or name.startswith("Std:")]
    if not names or (names == ["Get"] and len(value) > 1):
        return None
    if len(value) > 1:
        raise ExpressionError(f"{names[0]} stands alone in its object, not beside other members")
    match names[0]:
        case "Get":
            return parse_reference(value["Get"])
        case "Std:Join":
            return _join(value["Std:Join"])
        case "Std:JsonGet":
            return _json_get(value["Std:JsonGet"])
        case other:
            raise ExpressionError(f"the function {other} is not known; Std:Join and Std:JsonGet are")


def _join(body: object) -> Join:
    if not isinstance(body, dict) or not body.keys() <= {"On", "Values"}:
        raise ExpressionError("Std:Join takes an object of On and Values")
    on, values = body.get("On", ""), body.get("Values")
    if not isinstance(on, str):
        raise ExpressionError("Std:Join's On is a text")
    if not isinstance(values, list):
        raise ExpressionError("Std:Join's Values are a list")
    return Join(on, values)


def _json_get(body: object) -> JsonGet:
    if not isinstance(body, dict) or not body.keys() <= {"PropertyFile", "S3Uri", "Path"}:
        raise ExpressionError("Std:JsonGet takes an object of Path and one of PropertyFile and S3Uri")
    if (body.get("PropertyFile") is None) == (body.get("S3Uri") is None):
        raise ExpressionError("Std:JsonGet takes one of PropertyFile and S3Uri")
    written = body.get("Path")
    if not isinstance(written, str):
        raise ExpressionError("Std:JsonGet's Path is a text such as a.b[0]")
    path = _json_path(written)
    if body.get("S3Uri") is not None:
        return JsonGet(path, written, s3_uri=body["S3Uri"])
    return JsonGet(path, written, file=_property_file(body["PropertyFile"]))


def _json_path(written: str) -> tuple[Part, ...]:
    # JSONPath writes the document itself as $; the SDK's examples leave it out.
    below = written.removeprefix("$").removeprefix(".") if written.startswith(("$.", "$[")) else written
    try:
        return parse_path(below)
    except PathError as error:
        raise ExpressionError(f"Std:JsonGet: {error}") from None


def _property_file(value: object) -> Reference:
    reference = function_of(value) if isinstance(value, dict) else None
    if not isinstance(reference, Reference) or not is_property_file(reference) or len(reference.path) != 2:
        raise ExpressionError(
            f"Std:JsonGet's PropertyFile is a Get of Steps.<step>.PropertyFiles.<name>, not {value!r:.200}"
        )
    return reference


def is_property_file(reference: Reference) -> bool:
    """Whether a reference names a property file, which Std:JsonGet alone can read."""
    return reference.root is Root.STEPS and reference.path[0] == PROPERTY_FILES


def resolve(value: object, scope: Scope) -> object:
    """`value` with every reference and function in it replaced by what it stands for.

    A reference that is the whole value keeps its type; Std:Join gives text.
    Raises ExpressionError.
    """
    if isinstance(value, list):
        return [resolve(item, scope) for item in value]
    if not isinstance(value, dict):
        return value
    match function_of(value):
        case Reference() as reference:
            return _referred(reference, scope)
        case Join(on, values):
            return on.join(as_text(resolve(item, scope)) for item in values)
        case JsonGet() as json_get:
            return _json_value(json_get, scope)
        case None:
            return {name: resolve(member, scope) for name, member in value.items()}


def _referred(reference: Reference, scope: Scope) -> object:
    match reference.root:
        case Root.PARAMETERS:
            return scope.parameter(reference.name)
        case Root.EXECUTION:
            return scope.execution_variable(reference.name)
        case Root.EXPERIMENT:
            raise ExpressionError(f"the pipeline has no {reference.text}")
        case Root.STEPS:
            if is_property_file(reference):
                raise ExpressionError(f"'{reference.text}' is a property file, which Std:JsonGet reads")
            try:
                return walk(scope.properties(reference.name), reference.path, by_name=True)
            except PathError as error:
                raise ExpressionError(f"the reference '{reference.text}' leads nowhere: {error}") from None


def _json_value(json_get: JsonGet, scope: Scope) -> object:
    if json_get.file is not None:
        source = json_get.file.text
        document = scope.property_file(json_get.file.name, str(json_get.file.path[1]))
    else:
        source = as_text(resolve(json_get.s3_uri, scope))
        document = scope.json_at(source)
    try:
        return walk(document, json_get.path)
    except PathError as error:
        raise ExpressionError(
            f"Std:JsonGet finds nothing at '{json_get.written}' of '{source}': {error}"
        ) from None


def as_text(value: object) -> str:
    """A text, number or boolean as Std:Join writes it. Raises ExpressionError for anything else.

    Booleans are 'true' and 'false' (the SDK's integration tests have a
    condition's outcome so from AWS). Floats have all their digits, as
    Python's repr and JSON write them; AWS's own form is not documented.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case _:
            raise ExpressionError(f"texts, numbers and booleans can be joined, not {value!r:.200}")


def with_experiment(value: object, experiment: dict[str, object] | None) -> object:
    """`value` with what `experiment` has in place of references to PipelineExperimentConfig."""
    if isinstance(value, list):
        return [with_experiment(item, experiment) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Get": str(text)} if len(value) == 1 and text.startswith(f"{Root.EXPERIMENT}."):
            return (experiment or {}).get(text.removeprefix(f"{Root.EXPERIMENT}."), value)
    return {name: with_experiment(member, experiment) for name, member in value.items()}


def references_in(value: object) -> Iterator[Reference]:
    """Every reference anywhere in `value`, those of property files too. Raises ExpressionError."""
    if isinstance(value, list):
        for item in value:
            yield from references_in(item)
    elif isinstance(value, dict):
        match function_of(value):
            case Reference() as reference:
                yield reference
            case Join(_, values):
                yield from references_in(values)
            case JsonGet(file=Reference() as file):
                yield file
            case JsonGet(s3_uri=s3_uri):
                yield from references_in(s3_uri)
            case None:
                yield from references_in(list(value.values()))


def referenced_steps(value: object) -> frozenset[str]:
    """The steps that `value` refers to, anywhere in it. Raises ExpressionError."""
    return frozenset(reference.name for reference in references_in(value) if reference.root is Root.STEPS)
