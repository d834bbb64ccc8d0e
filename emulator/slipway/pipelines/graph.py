"""Which steps may begin, given how far the others are."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from slipway.pipelines.expressions import referenced_steps
from slipway.pipelines.parts import Definition, DefinitionError, Step


def dependencies(definition: Definition) -> Mapping[str, frozenset[str]]:
    """The steps that each step waits for: by reference, by DependsOn, by belonging to a branch.

    To depend on a condition is to wait for its outcome, not for the steps of
    its branches. AWS documents this for references to Steps.<condition>.Outcome
    only by the SDK's integration tests (`test_fail_steps.py`), and for DependsOn
    not at all: in 2023 CreatePipeline refused it (sagemaker-python-sdk, issue 3565).
    """
    return {name: _waits_for(step) for name, step in definition.steps.items()}


def _waits_for(step: Step) -> frozenset[str]:
    condition = [step.branch.condition] if step.branch else []
    return referenced_steps([step.arguments, step.target]).union(step.depends_on, condition)


def in_order(waits_for: Mapping[str, frozenset[str]]) -> list[str]:
    """The steps, each after those that it waits for. Raises DefinitionError where steps wait in a circle."""
    try:
        return list(TopologicalSorter({name: sorted(waits_for[name]) for name in waits_for}).static_order())
    except CycleError as error:
        circle = " → ".join(f"'{name}'" for name in error.args[1])
        raise DefinitionError(f"steps wait for each other in a circle: {circle}") from None


def ready(definition: Definition, succeeded: Mapping[str, bool | None], begun: Iterable[str]) -> list[str]:
    """The steps that may begin now, in the definition's order.

    `succeeded` has the steps that have ended well, a condition with its
    outcome and any other with None; `begun` every step that has a status.
    """
    waits_for = dependencies(definition)
    started = frozenset(begun)
    return [
        name
        for name, step in definition.steps.items()
        if name not in started
        and waits_for[name] <= succeeded.keys()
        and not _is_passed_over(step, succeeded)
    ]


def _is_passed_over(step: Step, succeeded: Mapping[str, bool | None]) -> bool:
    """Whether the step's condition has come out the other way."""
    if step.branch is None or step.branch.condition not in succeeded:
        return False
    return succeeded[step.branch.condition] is not step.branch.outcome


def unreachable(definition: Definition, succeeded: Mapping[str, bool | None]) -> frozenset[str]:
    """The steps that will never begin: those of the branches not taken, and those that wait for them."""
    waits_for = dependencies(definition)
    lost: set[str] = set()
    for name in in_order(waits_for):
        if waits_for[name] & lost or _is_passed_over(definition.steps[name], succeeded):
            lost.add(name)
    return frozenset(lost)


def selected(definition: Definition, names: Iterable[str]) -> frozenset[str]:
    """The steps whose results a selective execution takes from its source: all that `names` refer to.

    A step that they only depend on (DependsOn) has no results that they need.
    Raises DefinitionError where one of `names` is no step.
    """
    wanted = frozenset(names)
    for name in sorted(wanted - definition.steps.keys()):
        raise DefinitionError(f"'{name}' is no step of the pipeline; its steps are {_names(definition)}")
    steps = [definition.steps[name] for name in wanted]
    return referenced_steps([[step.arguments, step.target] for step in steps]) - wanted


def _names(definition: Definition) -> str:
    return ", ".join(f"'{name}'" for name in definition.steps)
