"""Which steps may begin, and which never will."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.pipelines.definition import Definition, DefinitionError
from slipway.pipelines.graph import dependencies, in_order, ready, selected, unreachable

from tests.support.pipeline_definitions import (
    condition,
    fail,
    function,
    get,
    join,
    json_get,
    processing,
    read,
    training,
)

REPORT = [{"PropertyFileName": "ev", "OutputName": "o", "FilePath": "ev.json"}]


def after(name: str, *steps: str) -> dict[str, Any]:
    """A step that waits for others by name."""
    return training(name, DependsOn=list(steps))


def diamond() -> Definition:
    """A, then B and C, then D."""
    return read(after("A"), after("B", "A"), after("C", "A"), after("D", "B", "C"))


def test_references_anywhere_are_dependencies() -> None:
    definition = read(
        processing("A", outputs=["o"], PropertyFiles=REPORT),
        training("B", Arguments={"x": [{"y": join("/", "s3://b", get("Steps.A.ProcessingJobName"))}]}),
        fail("C", json_get("A", "ev", "a.b")),
        function("D", FunctionArn=get("Steps.B.TrainingJobArn")),
        condition("E", when=get("Steps.D.OutputParameters['doubled']"), DependsOn=["B"]),
    )

    assert dependencies(definition) == {
        "A": frozenset(),
        "B": {"A"},
        "C": {"A"},
        "D": {"B"},
        "E": {"D", "B"},
    }


def test_a_step_of_a_branch_waits_for_its_condition_and_the_condition_not_for_its_branches() -> None:
    definition = read(training("A"), condition("C", IfSteps=[training("I", DependsOn=["A"])]))

    assert dependencies(definition) == {"A": frozenset(), "C": frozenset(), "I": {"A", "C"}}


def test_steps_that_wait_for_nothing_begin_at_once_in_the_definitions_order() -> None:
    assert ready(read(training("B"), training("A"), after("C", "A")), {}, []) == ["B", "A"]


def test_what_has_begun_does_not_begin_again() -> None:
    assert ready(diamond(), {}, ["A"]) == []
    assert ready(diamond(), {"A": None}, ["A", "C"]) == ["B"]


def test_a_step_begins_when_all_that_it_waits_for_has_ended_well() -> None:
    assert ready(diamond(), {"A": None, "B": None}, "ABC") == []
    assert ready(diamond(), {"A": None, "B": None, "C": None}, "ABC") == ["D"]


BRANCHED = (
    training("A"),
    condition("C", DependsOn=["A"], IfSteps=[training("If"), after("If2", "If")], ElseSteps=[fail("Else")]),
    after("AfterIf2", "If2"),
    after("AfterC", "C"),
)


@pytest.mark.parametrize(
    ("outcome", "begin", "never"),
    [
        (True, ["If", "AfterC"], {"Else"}),
        (False, ["Else", "AfterC"], {"If", "If2", "AfterIf2"}),
    ],
)
def test_one_branch_of_a_condition_is_taken(outcome: bool, begin: list[str], never: set[str]) -> None:
    definition = read(*BRANCHED)
    succeeded = {"A": None, "C": outcome}

    assert ready(definition, succeeded, ["A", "C"]) == begin
    assert unreachable(definition, succeeded) == never


def test_before_its_condition_nothing_of_a_branch_begins_or_is_lost() -> None:
    definition = read(*BRANCHED)

    assert ready(definition, {"A": None}, ["A"]) == ["C"]
    assert unreachable(definition, {"A": None}) == frozenset()


def test_a_step_that_needs_both_branches_is_lost_either_way() -> None:
    definition = read(
        condition("C", IfSteps=[training("I")], ElseSteps=[training("E")]), after("Both", "I", "E")
    )

    assert unreachable(definition, {"C": True}) == {"E", "Both"}
    assert unreachable(definition, {"C": False}) == {"I", "Both"}


def test_a_reference_to_a_conditions_outcome_waits_for_it() -> None:
    """As sagemaker-python-sdk's test_two_step_fail_pipeline_with_join_fn has it."""
    definition = read(condition("CondStep"), fail("FailStep", get("Steps.CondStep.Outcome")))

    assert ready(definition, {}, []) == ["CondStep"]
    assert ready(definition, {"CondStep": False}, ["CondStep"]) == ["FailStep"]


def test_a_selection_takes_over_the_results_that_it_refers_to() -> None:
    definition = read(
        training("A"),
        training("B", Arguments={"x": get("Steps.A.y")}),
        training("C", Arguments={"x": get("Steps.B.y")}),
        training("D", Arguments={"x": get("Steps.C.y"), "z": get("Steps.A.y")}),
    )

    assert selected(definition, ["C"]) == {"B"}
    assert selected(definition, ["C", "D"]) == {"B", "A"}
    assert selected(definition, ["A"]) == frozenset()


def test_a_selection_needs_no_results_of_steps_that_it_only_comes_after() -> None:
    assert selected(diamond(), ["D"]) == frozenset()


def test_a_selection_of_what_is_no_step_is_refused() -> None:
    with pytest.raises(
        DefinitionError, match="'X' is no step of the pipeline; its steps are 'A', 'B', 'C', 'D'"
    ):
        selected(diamond(), ["A", "X"])


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """For each of some steps, earlier ones that it waits for."""
    size = draw(st.integers(1, 12))
    return [
        draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        for number in range(size)
    ]


@given(graphs(), st.randoms(use_true_random=False))
def test_any_graph_runs_to_its_end_whatever_ends_first(graph: list[list[int]], random: Any) -> None:
    steps = [after(f"S{number}", *(f"S{other}" for other in waits)) for number, waits in enumerate(graph)]
    random.shuffle(steps)
    definition = read(*steps)
    begun: list[str] = []
    running: list[str] = []
    succeeded: dict[str, bool | None] = {}

    while new := ready(definition, succeeded, begun) or running:
        if new is not running:
            begun += new
            running += new
            continue
        succeeded[running.pop(random.randrange(len(running)))] = None

    assert sorted(begun) == sorted(definition.steps)
    waits_for = dependencies(definition)
    for place, name in enumerate(begun):
        assert waits_for[name] <= set(begun[:place])


@given(graphs())
def test_the_order_has_each_step_after_those_that_it_waits_for(graph: list[list[int]]) -> None:
    waits_for = {str(number): frozenset(map(str, waits)) for number, waits in enumerate(graph)}

    order = in_order(waits_for)

    assert sorted(order) == sorted(waits_for)
    assert all(waits_for[name] <= set(order[:place]) for place, name in enumerate(order))
