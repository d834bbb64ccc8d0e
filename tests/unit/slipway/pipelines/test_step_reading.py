"""What is read of each type of step, and what is refused."""

import json
from typing import Any

import pytest
from slipway.pipelines.definition import Branch, PropertyFile, RetryPolicy, read_definition

from tests.support.pipeline_definitions import (
    EXAMPLE,
    FUNCTION,
    QUEUE,
    callback,
    condition,
    fail,
    function,
    get,
    read,
    refusal,
    training,
)


def test_a_step_has_its_extra_members() -> None:
    step = read_definition(json.dumps(EXAMPLE)).steps["Eval"]

    assert step.depends_on == ("Prep",)
    assert (step.display_name, step.description) == ("Evaluation", "Compares with the threshold")
    assert step.property_files == {"ev": PropertyFile("ev", "evaluation", "evaluation.json")}
    assert step.cache_seconds == 30 * 24 * 3600
    assert step.retry_policies == (
        RetryPolicy(frozenset({"SageMaker.CAPACITY_ERROR"}), 1.0, 2.0, max_attempts=5),
    )


def test_a_condition_keeps_its_conditions_and_its_branches_say_where_they_belong() -> None:
    steps = read_definition(json.dumps(EXAMPLE)).steps

    assert steps["Gate"].arguments == {"Conditions": EXAMPLE["Steps"][3]["Arguments"]["Conditions"]}
    assert steps["Reg"].branch == Branch("Gate", outcome=True)
    assert steps["Stop"].branch == Branch("Gate", outcome=False)
    assert steps["Gate"].branch is None


def test_lambda_and_callback_have_a_target_and_typed_outputs() -> None:
    steps = read_definition(json.dumps(EXAMPLE)).steps

    assert (steps["Double"].target, steps["Double"].outputs) == (FUNCTION, {"doubled": "Integer"})
    assert (steps["Ask"].target, steps["Ask"].outputs) == (QUEUE, {"answer": "String"})


@pytest.mark.parametrize("name", ["", "a b", "ä", "a" * 65, "a.b", "x\n", None, 1], ids=["empty", *"abcdefg"])
def test_step_names_are_of_the_apis_characters(name: Any) -> None:
    assert "Name" in refusal(training("T", Name=name))


def test_a_step_name_has_up_to_64_characters() -> None:
    assert read(training("aZ09_-" + "x" * 58)).steps


@pytest.mark.parametrize(
    "steps",
    [
        [training("Same"), training("Same")],
        [training("Same"), training("sAME")],
        [training("Same"), condition("C", IfSteps=[fail("same")])],
        [condition("C", IfSteps=[fail("Same")], ElseSteps=[fail("Same")])],
        [condition("Same", IfSteps=[fail("Same")])],
    ],
    ids=["twice", "case", "branch", "both branches", "own branch"],
)
def test_step_names_are_unique_whatever_their_case_and_branch(steps: list[Any]) -> None:
    assert "names that differ" in refusal(*steps)


# Both SDKs' StepTypeEnum but for the types of StepType.
OTHER_TYPES = [
    *("Tuning", "Transform", "AutoML", "ClarifyCheck", "EMR", "EMRServerless"),
    *("EndpointConfig", "Endpoint", "InferenceComponent", "Lineage", "Job", "Cleanup", "ForEach"),
]


@pytest.mark.parametrize("name", OTHER_TYPES)
def test_sagemakers_other_types_are_refused_by_name_with_what_is_carried_out(name: str) -> None:
    message = refusal(training("T", Type=name))

    assert f"'T' is of type {name}, which is not carried out here" in message
    carried_out = (
        "Processing, Training, Model, RegisterModel, Condition, Fail, Lambda, Callback, QualityCheck"
    )
    assert f"{carried_out} are" in message


def test_other_types_are_refused_in_branches_too() -> None:
    assert "Transform" in refusal(condition("C", ElseSteps=[training("T", Type="Transform")]))


@pytest.mark.parametrize("name", ["training", "Trainings", ""])
def test_unknown_types_are_called_unknown(name: str) -> None:
    assert f"unknown type '{name}'" in refusal(training("T", Type=name))


def test_conditions_do_not_nest() -> None:
    assert "do not nest" in refusal(condition("Outer", IfSteps=[condition("Inner")]))


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (training("T", Arguments=None), "lacks Arguments"),
        (training("T", Arguments=[]), "Arguments is an object"),
        (training("T", Arguments=get("Parameters.All")), "whose members may be references"),
        (function("L", Arguments={"Std:Join": {"Values": []}}), "whose members may be references"),
        (training("T", PropertyFiles=[]), "'PropertyFiles' that is not carried out"),
        (training("T", DependsOn="P"), "DependsOn is a list"),
        (training("T", DependsOn=[1]), "DependsOn is an object"),
        (training("T", DependsOn=[{"Trigger": "Completed"}]), "lacks Step"),
        (training("T", DependsOn=[{"Step": "P", "Trigger": "Failed"}]), "Trigger 'Failed', which is not"),
        (training("T", DisplayName=1), "DisplayName is a text"),
        (function("L", FunctionArn=None), "lacks FunctionArn"),
        (function("L", SqsQueueUrl=QUEUE), "'SqsQueueUrl'"),
        (callback("C", SqsQueueUrl=None), "lacks SqsQueueUrl"),
        (callback("C", SqsQueueUrl=["x"]), "SqsQueueUrl is a text or a reference"),
        (function("L", RetryPolicies=[]), "'RetryPolicies'"),
        (function("L", OutputParameters=[{"OutputName": "a", "OutputType": "List"}]), "OutputType is one"),
        (function("L", OutputParameters=[{"OutputName": "a"}] * 2), "two outputs called 'a'"),
        (fail("F", 1), "ErrorMessage is a text or a reference"),
        ({"Name": "F", "Type": "Fail", "Arguments": {"Message": "x"}}, "'Message'"),
        (condition("C", IfSteps={}), "IfSteps is a list"),
        ({"Name": "C", "Type": "Condition", "Arguments": {"IfSteps": []}}, "lacks Conditions"),
        ({"Name": "C", "Type": "Condition", "Arguments": {"Conditions": []}}, "at least one"),
        ({"Name": "C", "Type": "Condition", "Arguments": {"Conditions": [], "Else": []}}, "'Else'"),
    ],
)
def test_a_wrong_step_is_refused(step: Any, reason: str) -> None:
    message = refusal(step)

    assert reason in message
    assert f"'{step['Name']}'" in message


def test_what_the_sdk_leaves_out_may_be_left_out() -> None:
    assert read(fail("F", message="")).steps["F"].arguments == {"ErrorMessage": ""}
    assert read({"Name": "F", "Type": "Fail"}).steps["F"].arguments == {"ErrorMessage": ""}
    assert read({"Name": "L", "Type": "Lambda", "FunctionArn": FUNCTION}).steps["L"].arguments == {}


def test_sdk_3s_completed_dependency_is_the_ordinary_one() -> None:
    """StepDependency of SDK 3 writes other triggers as objects, Completed as a name."""
    step = training("T", DependsOn=[{"Step": "P", "Trigger": "Completed"}, "Q"])

    assert read(training("P"), training("Q"), step).steps["T"].depends_on == ("P", "Q")
