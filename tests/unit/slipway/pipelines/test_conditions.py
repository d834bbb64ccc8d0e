"""When conditions hold, and of what form they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.pipelines.conditions import all_hold
from slipway.pipelines.expressions import ExpressionError

from tests.support.pipeline_definitions import Values, get, join, json_get, read, refusal

SCOPE = Values(
    parameters={"Text": "1", "Count": 3, "Deep": True},
    steps={"Gate": {"Outcome": False}},
    files={("Eval", "ev"): {"auc": 0.9, "list": [1], "none": None}},
)


def compared(name: str, left: Any, right: Any) -> dict[str, Any]:
    """A comparison as the SDK's ConditionComparison writes it."""
    return {"Type": name, "LeftValue": left, "RightValue": right}


def member(value: Any, *values: Any, name: str = "In") -> dict[str, Any]:
    """A membership as the SDK's ConditionIn writes it."""
    return {"Type": name, "QueryValue": value, "Values": list(values)}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (compared("Equals", 1, 1.0), True),
        (compared("Equals", "a", "a"), True),
        (compared("Equals", "a", "A"), False),
        (compared("Equals", True, get("Parameters.Deep")), True),
        (compared("Equals", get("Steps.Gate.Outcome"), True), False),
        (compared("NotEquals", 1, 2), True),
        (compared("NotEquals", "a", "a"), False),
        (compared("GreaterThan", 2, 1.5), True),
        (compared("GreaterThan", 2, 2), False),
        (compared("GreaterThanOrEqualTo", 2, 2.0), True),
        (compared("LessThan", 1, 2), True),
        (compared("LessThan", 2, 2), False),
        (compared("LessThanOrEqualTo", 2, 2), True),
        (compared("LessThanOrEqualTo", json_get("Eval", "ev", "auc"), 0.8), False),
        # Beyond the digits that a float has, integers are still told apart.
        (compared("GreaterThan", 2**53 + 1, 2.0**53), True),
        # sagemaker-python-sdk, test_ppl_var_to_string_and_add: AWS's own answers for "1" > "3" and "1" > "0".
        (compared("GreaterThan", get("Parameters.Text"), join("", get("Parameters.Count"))), False),
        (compared("GreaterThan", get("Parameters.Text"), join("", 0)), True),
        # Texts are compared as texts: "10" comes before "9".
        (compared("LessThan", "10", "9"), True),
        (member("b", "a", "b"), True),
        (member("c", "a", "b"), False),
        (member(get("Parameters.Count"), 1, 3.0), True),
        (member("a"), False),
        (member("c", "a", "b", name="NotIn"), True),
        # The published schema's names.
        ({"Type": "In", "Value": 1, "In": [1, 2]}, True),
        ({"Type": "NotIn", "Value": 1, "In": [1, 2]}, False),
        ({"Type": "Not", "Condition": compared("Equals", 1, 1)}, False),
        ({"Type": "Not", "Condition": {"Type": "Not", "Condition": compared("Equals", 1, 1)}}, True),
        ({"Type": "Or", "Conditions": [compared("Equals", 1, 2), compared("Equals", 1, 1)]}, True),
        ({"Type": "Or", "Conditions": [compared("Equals", 1, 2)]}, False),
        ({"Type": "Not", "Condition": {"Type": "Or", "Conditions": [member(1, 2), member(1, 3)]}}, True),
    ],
)
def test_a_condition_holds(condition: Any, holds: bool) -> None:
    assert all_hold([condition], SCOPE) is holds


def test_all_of_several_conditions_must_hold() -> None:
    good, bad = compared("Equals", 1, 1), compared("Equals", 1, 2)

    assert all_hold([good, good], SCOPE)
    assert not all_hold([good, bad], SCOPE)
    assert not all_hold([bad, good], SCOPE)


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        (compared("Equals", 1, "1"), "the number 1 cannot be compared with the text '1'"),
        (compared("GreaterThan", "0.9", 0.8), "the text '0.9' with the number 0.8"),
        (compared("Equals", True, 1), "the boolean True"),
        (compared("Equals", True, "true"), "the boolean True"),
        (compared("LessThan", False, True), "the boolean False"),
        (compared("Equals", json_get("Eval", "ev", "list"), 1), "not [1]"),
        (compared("Equals", json_get("Eval", "ev", "none"), 1), "not None"),
        (member("1", 1), "the text '1' cannot be compared with the number 1"),
        (compared("Equals", get("Parameters.Nope"), 1), "Nope"),
    ],
)
def test_values_of_two_types_are_not_compared(condition: Any, named: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        all_hold([condition], SCOPE)

    assert named in str(refused.value)


NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False))


@given(NUMBERS, NUMBERS)
def test_comparisons_agree_with_each_other(left: float, right: float) -> None:
    def holds(name: str) -> bool:
        return all_hold([compared(name, left, right)], SCOPE)

    assert holds("GreaterThan") is not holds("LessThanOrEqualTo")
    assert holds("LessThan") is not holds("GreaterThanOrEqualTo")
    assert holds("Equals") is not holds("NotEquals")
    assert [holds("LessThan"), holds("Equals"), holds("GreaterThan")].count(True) == 1


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("x", "is an object, not 'x'"),
        ({}, "Type is one of"),
        (compared("Between", 1, 2), "not 'Between'"),
        ({"Type": ["Equals"], "LeftValue": 1, "RightValue": 2}, "Type is one of"),
        ({"Type": "Equals", "LeftValue": 1}, "has LeftValue and RightValue, not LeftValue"),
        ({**compared("Equals", 1, 2), "Expression": 3}, "not LeftValue and RightValue and Expression"),
        (compared("Equals", [1], 1), "LeftValue of the condition Equals is a number"),
        (compared("Equals", 1, None), "RightValue of the condition Equals is a number"),
        ({"Type": "In", "QueryValue": 1}, "has QueryValue and Values, not QueryValue"),
        ({"Type": "In", "QueryValue": 1, "Values": 1}, "Values of the condition In is a list"),
        ({"Type": "In", "Value": 1, "In": "x"}, "In of the condition In is a list"),
        # What SDK 2 wrote until 2.70, and AWS refused (sagemaker-python-sdk, issue 2746).
        ({"Type": "Not", "Expression": compared("Equals", 1, 1)}, "has Condition, not Expression"),
        ({"Type": "Not", "Condition": compared("Between", 1, 2)}, "not 'Between'"),
        ({"Type": "Or", "Conditions": [compared("Between", 1, 2)]}, "not 'Between'"),
        ({"Type": "Or", "Conditions": []}, "at least one"),
        ({"Type": "Or", "Conditions": {}}, "Conditions are a list"),
    ],
)
def test_a_condition_of_another_form_is_refused(condition: Any, reason: str) -> None:
    message = refusal({"Name": "Gate", "Type": "Condition", "Arguments": {"Conditions": [condition]}})

    assert reason in message
    assert "'Gate'" in message


def test_conditions_of_every_form_are_read() -> None:
    conditions = [
        *[compared(name, 1, "x") for name in ("Equals", "NotEquals", "GreaterThan", "GreaterThanOrEqualTo")],
        *[compared(name, 0.5, True) for name in ("LessThan", "LessThanOrEqualTo")],
        *[member(1, 2), member(1, 2, name="NotIn"), {"Type": "In", "Value": 1, "In": []}],
        {"Type": "Not", "Condition": {"Type": "Or", "Conditions": [member(1, 2)]}},
    ]

    step = read({"Name": "Gate", "Type": "Condition", "Arguments": {"Conditions": conditions}}).steps["Gate"]

    assert step.arguments["Conditions"] == conditions
