"""References and functions, resolved."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.pipelines.expressions import ExpressionError, as_text, referenced_steps, resolve

from tests.support.pipeline_definitions import Values, get, join, json_get

SCOPE = Values(
    parameters={"Text": "t", "Count": 3, "Share": 0.1, "Deep": True, "Nothing": None, "List": [1]},
    variables={"PipelineExecutionId": "abc123"},
    steps={
        "Prep": {
            "ProcessingOutputConfig": {
                "Outputs": [{"OutputName": "train", "S3Output": {"S3Uri": "s3://b/train"}}]
            },
            "Environment": {"Mode": "fast"},
        },
        "Gate": {"Outcome": False},
        "Double": {"OutputParameters": {"doubled": 6}},
    },
    files={("Eval", "my.report"): {"m": {"auc": {"value": 0.9}}, "list": [{"a b": "x"}]}},
    objects={"s3://b/run/results.json": {"Result": [10, 20]}},
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (get("Parameters.Text"), "t"),
        (get("Parameters.Count"), 3),
        (get("Parameters.Deep"), True),
        (get("Execution.PipelineExecutionId"), "abc123"),
        (get("Steps.Prep.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"), "s3://b/train"),
        (get("Steps.Prep.ProcessingOutputConfig.Outputs[0].OutputName"), "train"),
        (get("Steps.Prep.Environment['Mode']"), "fast"),
        (get("Steps.Prep.Environment"), {"Mode": "fast"}),
        (get("Steps.Gate.Outcome"), False),
        (get("Steps.Double.OutputParameters['doubled']"), 6),
        (json_get("Eval", "my.report", "m.auc.value"), 0.9),
        (json_get("Eval", "my.report", "$.m.auc.value"), 0.9),
        (json_get("Eval", "my.report", "$['m'].auc['value']"), 0.9),
        (json_get("Eval", "my.report", "list[0]['a b']"), "x"),
        # What SDK 2 and 3 make of a value that a function under @step returned.
        (
            {"Std:JsonGet": {"S3Uri": join("/", "s3://b", "run", "results.json"), "Path": "Result[1]"}},
            20,
        ),
        ({"Std:JsonGet": {"S3Uri": "s3://b/run/results.json", "Path": "Result"}}, [10, 20]),
    ],
)
def test_a_reference_that_is_the_whole_value_keeps_its_type(value: Any, expected: object) -> None:
    found = resolve(value, SCOPE)

    assert (found, type(found)) == (expected, type(expected))


def test_references_are_replaced_wherever_they_stand() -> None:
    value = {"a": [get("Parameters.Count"), {"b": get("Parameters.Text")}], "c": None, "d": 1.5, "e": "Get"}

    assert resolve(value, SCOPE) == {"a": [3, {"b": "t"}], "c": None, "d": 1.5, "e": "Get"}


def test_what_is_resolved_stays_as_it_was() -> None:
    value = {"a": get("Parameters.Text")}

    resolve(value, SCOPE)

    assert value == {"a": get("Parameters.Text")}


def test_a_value_that_looks_like_a_reference_is_not_resolved_again() -> None:
    scope = Values(parameters={"P": {"Get": "Parameters.Q"}})

    assert resolve(get("Parameters.P"), scope) == {"Get": "Parameters.Q"}


def test_a_map_with_a_key_called_get_beside_others_is_a_map() -> None:
    assert resolve({"Get": "x", "Put": get("Parameters.Count")}, SCOPE) == {"Get": "x", "Put": 3}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (join("", get("Parameters.Count")), "3"),
        (join("/", "s3:/", "b", get("Execution.PipelineExecutionId")), "s3://b/abc123"),
        (join(" ", get("Parameters.Share"), 1, 2.0, "x"), "0.1 1 2.0 x"),
        (join("-", "a", join("+", "b", get("Parameters.Text"))), "a-b+t"),
        ({"Std:Join": {"Values": ["a", "b"]}}, "ab"),
        (join(","), ""),
        # sagemaker-python-sdk, test_two_step_fail_pipeline_with_join_fn: AWS's own answer.
        (
            join(": ", "Failed due to xxx == yyy returns", get("Steps.Gate.Outcome")),
            "Failed due to xxx == yyy returns: false",
        ),
        (join("", get("Parameters.Deep"), True), "truetrue"),
    ],
)
def test_join_gives_text(value: Any, expected: str) -> None:
    assert resolve(value, SCOPE) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_joined_without_losing_digits(number: float) -> None:
    text = as_text(number)

    assert math.copysign(1, float(text)) == math.copysign(1, number)
    assert float(text) == number


@pytest.mark.parametrize("value", [None, [1], {"a": 1}])
def test_join_takes_no_objects_lists_and_nulls(value: Any) -> None:
    with pytest.raises(ExpressionError, match="can be joined"):
        resolve(join("", value), SCOPE)


@pytest.mark.parametrize(
    "target",
    [
        *("Parameters.Nope", "Execution.Nope", "Steps.Nope.a", "Steps.Prep.Nope", "Steps.Prep"),
        *("Steps.Prep.ProcessingOutputConfig.Outputs['nope'].S3Output", "Steps.Gate.Outcome.more"),
        *("Steps.Eval.PropertyFiles.my.report", "PipelineExperimentConfig.TrialName", "Nope.x", "x"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named_in_full(target: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        resolve({"deep": [get(target)]}, SCOPE)

    # A scope names what it lacks by itself.
    assert target in str(refused.value) or target.split(".")[1] in str(refused.value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (json_get("Eval", "my.report", "m.f1"), "nothing at 'm.f1' of 'Steps.Eval.PropertyFiles.my.report'"),
        (json_get("Eval", "my.report", "list['x']"), "is a list"),
        (json_get("Eval", "nope", "a"), "nope"),
        ({"Std:JsonGet": {"S3Uri": "s3://b/nope", "Path": "a"}}, "s3://b/nope"),
        ({"Std:JsonGet": {"S3Uri": get("Parameters.List"), "Path": "a"}}, "can be joined"),
    ],
)
def test_a_json_path_that_leads_nowhere_is_named(value: Any, reason: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        resolve(value, SCOPE)

    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("value", "steps"),
    [
        ("Steps.A.b", set()),
        (get("Parameters.A"), set()),
        (get("Steps.A.b"), {"A"}),
        ({"x": [{"y": get("Steps.A.b")}, get("Steps.B.c[0]")]}, {"A", "B"}),
        (join("/", "x", get("Steps.A.b"), join("", get("Steps.B.c"))), {"A", "B"}),
        (json_get("A", "file", "path"), {"A"}),
        (
            {"Std:JsonGet": {"S3Uri": join("/", get("Steps.A.OutputDataConfig.S3OutputPath")), "Path": "R"}},
            {"A"},
        ),
    ],
)
def test_steps_are_found_wherever_they_are_referred_to(value: Any, steps: set[str]) -> None:
    assert referenced_steps(value) == steps


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
LITERALS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=4).filter(lambda key: key != "Get" and not key.startswith("Std:")),
            inner,
            max_size=3,
        )
    ),
)


@given(LITERALS)
def test_what_has_no_reference_is_itself(value: object) -> None:
    assert resolve(value, Values()) == value
    assert not referenced_steps(value)
