"""References and functions inside a definition: Get, Std:Join, Std:JsonGet."""

from typing import Protocol


class ExpressionError(Exception):
    """A reference that leads nowhere; the message names it."""


class Scope(Protocol):
    """What references may name. Every method raises ExpressionError."""

    def parameter(self, name: str) -> object:
        """The value of {"Get": "Parameters.<name>"}."""

    def execution_variable(self, name: str) -> object:
        """The value of {"Get": "Execution.<name>"}."""

    def properties(self, step: str) -> object:
        """The document below {"Get": "Steps.<step>."}: what the kind's Describe call answers."""

    def property_file(self, step: str, name: str) -> object:
        """The parsed JSON of a property file."""

    def json_at(self, s3_uri: str) -> object:
        """The parsed JSON of an object."""


def resolve(value: object, scope: Scope) -> object:
    """`value` with every reference and function in it replaced by what it stands for."""
    raise NotImplementedError


def referenced_steps(value: object) -> frozenset[str]:
    """The steps that `value` refers to, anywhere in it."""
    raise NotImplementedError
