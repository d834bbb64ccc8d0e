"""Which steps may begin, given how far the others are."""

from collections.abc import Iterable, Mapping

from slipway.pipelines.definition import Definition


def dependencies(definition: Definition) -> Mapping[str, frozenset[str]]:
    """The steps that each step waits for: by reference, by DependsOn, by belonging to a branch."""
    raise NotImplementedError


def ready(definition: Definition, succeeded: Mapping[str, bool | None], begun: Iterable[str]) -> list[str]:
    """The steps that may begin now, in the definition's order.

    `succeeded` has the steps that have ended well, a condition with its
    outcome and any other with None; `begun` every step that has a status.
    """
    raise NotImplementedError


def unreachable(definition: Definition, succeeded: Mapping[str, bool | None]) -> frozenset[str]:
    """The steps that will never begin: those of the branches not taken, and those that wait for them."""
    raise NotImplementedError


def selected(definition: Definition, names: Iterable[str]) -> frozenset[str]:
    """The steps whose results a selective execution takes from its source: all that `names` refer to.

    Raises DefinitionError where one of `names` is no step.
    """
    raise NotImplementedError
