"""The values that an execution is given, checked and cast to the definition's types."""

from collections.abc import Mapping, Sequence

from slipway.pipelines.definition import Definition

Value = str | int | float | bool


class ParameterError(Exception):
    """A value that the pipeline does not take; the message names it and what is taken."""


def parameter_values(definition: Definition, given: Sequence[Mapping[str, str]]) -> dict[str, Value]:
    """Every parameter's value by name: what is `given` ({"Name", "Value"} each), or its default.

    Raises ParameterError: an unknown name, one given twice, none given and no default, a value of
    another type, one that is not among EnumValues.
    """
    raise NotImplementedError


def as_listed(values: Mapping[str, Value]) -> list[dict[str, str]]:
    """The same as ListPipelineParametersForExecution has them: {"Name", "Value"}, values as text."""
    raise NotImplementedError
