"""The Parameters of a definition, read and checked."""

import re
from collections.abc import Sequence

from slipway.pipelines.members import Members, refuse, shown
from slipway.pipelines.parts import Parameter

# PipelineParameterName of the API.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
TYPES = ("String", "Integer", "Float", "Boolean")

Default = str | int | float | bool


def read_parameters(documents: Sequence[object]) -> dict[str, Parameter]:
    """The parameters by name. Raises DefinitionError."""
    parameters: dict[str, Parameter] = {}
    for number, document in enumerate(documents):
        parameter = _read(Members(f"Parameters[{number}]", document))
        if parameter.name in parameters:
            refuse(f"two parameters are called '{parameter.name}'")
        parameters[parameter.name] = parameter
    return parameters


def _read(members: Members) -> Parameter:
    name = members.text("Name")
    if _NAME.fullmatch(name) is None:
        refuse(f"{members.place}: Name is 1 to 256 of A-Z, a-z, 0-9, _ and -, not {shown(name)}")
    members.place = f"the parameter '{name}'"
    members.allow("Name", "Type", "Description", "DefaultValue", "EnumValues")
    members.text("Description", "")
    type_name = members.text("Type", "String")
    if type_name not in TYPES:
        refuse(f"{members.place}: Type is one of {', '.join(TYPES)}, not {shown(type_name)}")
    enum_values = _enum_values(members, type_name)
    default = None if members.absent("DefaultValue") else _default(members, type_name)
    if enum_values and default is not None and default not in enum_values:
        refuse(f"{members.place}: DefaultValue {shown(default)} is none of its EnumValues")
    return Parameter(name, type_name, default, enum_values)


def _enum_values(members: Members, type_name: str) -> tuple[str, ...]:
    values = members.items("EnumValues")
    if values and type_name != "String":
        refuse(f"{members.place}: EnumValues are for parameters of type String")
    texts = tuple(value for value in values if isinstance(value, str))
    if len(texts) < len(values):
        refuse(f"{members.place}: EnumValues are texts, not {shown(values)}")
    return texts


def _default(members: Members, type_name: str) -> Default:
    value = members.document["DefaultValue"]
    match type_name, value:
        case ("String", str()) | ("Boolean", bool()):
            taken: Default = value
        case ("Integer" | "Float", bool()):
            refuse(f"{members.place} is of type {type_name}; its DefaultValue {value!r} is not")
        case "Integer", int():
            taken = value
        case "Float", int() | float():
            taken = _as_float(members, value)
        case _:
            refuse(f"{members.place} is of type {type_name}; its DefaultValue {shown(value)} is not")
    return taken


def _as_float(members: Members, value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        refuse(f"{members.place}: DefaultValue is larger than a float can be")
