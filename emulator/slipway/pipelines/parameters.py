"""The values that an execution is given, checked and cast to the definition's types."""

import math
import re
from collections.abc import Mapping, Sequence

from slipway.pipelines.expressions import as_text
from slipway.pipelines.parts import Definition, Parameter

Value = str | int | float | bool

_INTEGER = re.compile(r"[+-]?[0-9]{1,1024}")
_FLOAT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
# The SDK sends Python's str(True).
_BOOLEANS = {"true": True, "false": False}


class ParameterError(Exception):
    """A value that the pipeline does not take; the message names it and what is taken."""


def parameter_values(definition: Definition, given: Sequence[Mapping[str, str]]) -> dict[str, Value]:
    """Every parameter's value by name: what is `given` ({"Name", "Value"} each), or its default.

    Raises ParameterError: an unknown name, one given twice, none given and no default, a value of
    another type, one that is not among EnumValues.
    """
    texts = _by_name(definition, given)
    return {
        name: _cast(parameter, texts[name]) if name in texts else _default(parameter)
        for name, parameter in definition.parameters.items()
    }


def as_listed(values: Mapping[str, Value]) -> list[dict[str, str]]:
    """The same as ListPipelineParametersForExecution has them: {"Name", "Value"}, values as text."""
    return [{"Name": name, "Value": as_text(value)} for name, value in values.items()]


def _by_name(definition: Definition, given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for item in given:
        name = item["Name"]
        if name not in definition.parameters:
            known = ", ".join(f"'{known}'" for known in definition.parameters) or "none"
            raise ParameterError(f"The pipeline has no parameter '{name}'; its parameters are {known}.")
        if name in texts:
            raise ParameterError(f"The parameter '{name}' is given twice.")
        texts[name] = item["Value"]
    return texts


def _default(parameter: Parameter) -> Value:
    if parameter.default is None:
        raise ParameterError(f"The parameter '{parameter.name}' has no default; give it a value.")
    return parameter.default


def _cast(parameter: Parameter, text: str) -> Value:
    value = cast(parameter.type, text)
    if value is None:
        raise ParameterError(
            f"The parameter '{parameter.name}' takes {_TAKES[parameter.type]}, not '{text:.200}'."
        )
    if parameter.enum_values and value not in parameter.enum_values:
        known = ", ".join(f"'{known}'" for known in parameter.enum_values)
        raise ParameterError(f"The parameter '{parameter.name}' takes one of {known}, not '{text:.200}'.")
    return value


def cast(type_name: str, text: str) -> Value | None:
    """`text` as a value of String, Integer, Float or Boolean; None where it is none."""
    match type_name:
        case "String":
            return text
        case "Integer":
            return int(text) if _INTEGER.fullmatch(text) else None
        case "Float":
            number = float(text) if _FLOAT.fullmatch(text) else math.inf
            return number if math.isfinite(number) else None
        case _:
            return _BOOLEANS.get(text.lower())


_TAKES = {
    "String": "a text",
    "Integer": "a whole number",
    "Float": "a finite number",
    "Boolean": "'true' or 'false'",
}
