"""Arguments of steps are checked by the models of the calls they are sent to, before anything runs."""

import json
from typing import Any

import pytest
from slipway.errors import ValidationException
from slipway.operations.step_arguments import StepArguments
from slipway.pipelines.definition import read_definition

from tests.support.control_plane import MODELS

PROCESSING: dict[str, Any] = {
    "AppSpecification": {"ImageUri": "image"},
    "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1}},
}
BEGINNING = "Unable to parse pipeline definition. "


def problem(step_type: str, arguments: Any) -> str | None:
    """What a definition of one step is refused with."""
    step = {"Name": "S", "Type": step_type, "Arguments": arguments}
    parameter = {"Name": "P", "Type": "String", "DefaultValue": "p"}
    try:
        StepArguments(MODELS).check(read_definition(json.dumps({"Parameters": [parameter], "Steps": [step]})))
    except ValidationException as error:
        return str(error)
    return None


def s3_input(**members: Any) -> dict[str, Any]:
    """Arguments with one input."""
    return PROCESSING | {
        "ProcessingInputs": [{"InputName": "i", "S3Input": {"S3Uri": "s3://b/k", **members}}]
    }


@pytest.mark.parametrize(
    ("step_type", "arguments", "text"),
    [
        # Recorded: sagemaker-python-sdk, pull request 3472 and issue 4994.
        ("RegisterModel", {"ModelPackageName": "m"}, "Unknown Argument member 'ModelPackageName'."),
        ("Model", {"PrimaryContainer": {"More": "m"}}, "Unknown Argument member 'More'."),
        ("Training", {"ProcessingInputs": []}, "Unknown Argument member 'ProcessingInputs'."),
        ("Processing", PROCESSING | {"Colour": "red"}, "Unknown Argument member 'Colour'."),
        # Recorded: a note in a public program; the shape's name, not the member's.
        (
            "Processing",
            s3_input(S3InputMode="FastFile"),
            "Model Validation failed: Value 'FastFile' for 'ProcessingS3InputMode' "
            "failed to satisfy enum value set: [Pipe, File]",
        ),
        # Recorded: sagemaker-python-sdk, issues 2345 and 3908.
        (
            "Processing",
            PROCESSING | {"NetworkConfig": {"VpcConfig": {"Subnets": {"Get": "Parameters.P"}}}},
            "Expecting start of Json Array.",
        ),
        ("Processing", PROCESSING | {"AppSpecification": "image"}, "Expecting start of Json Object."),
        ("Processing", PROCESSING | {"Environment": ["A"]}, "Expecting start of Json Object."),
    ],
)
def test_arguments_that_are_none_are_refused_in_the_words_that_were_recorded(
    step_type: str, arguments: Any, text: str
) -> None:
    refusal = problem(step_type, arguments)

    assert refusal is not None
    assert refusal.startswith(BEGINNING + text)
    assert refusal.endswith(" It stands in the step 'S'.")


@pytest.mark.parametrize("value", [{"a": 1}, ["a"]])
def test_nothing_but_a_plain_value_or_a_reference_stands_where_the_call_has_a_plain_one(value: Any) -> None:
    assert "S3Uri is a plain value" in str(problem("Processing", s3_input(S3Uri=value)))


@pytest.mark.parametrize(
    "arguments",
    [
        s3_input(S3InputMode={"Get": "Parameters.P"}),
        s3_input(S3Uri={"Std:Join": {"On": "/", "Values": ["s3:/", {"Get": "Parameters.P"}]}}),
        PROCESSING | {"NetworkConfig": {"VpcConfig": {"Subnets": [{"Get": "Parameters.P"}]}}},
        PROCESSING | {"Environment": {"A": {"Get": "Parameters.P"}, "Get": "B"}},
        # The SDK writes some numbers as texts and leaves others as they are; the call sorts that out.
        PROCESSING | {"StoppingCondition": {"MaxRuntimeInSeconds": "60"}, "RoleArn": None},
        # With the SDK's use_custom_job_prefix.
        PROCESSING | {"ProcessingJobName": "mine"},
    ],
)
def test_references_and_what_the_sdks_write_are_let_through(arguments: Any) -> None:
    assert problem("Processing", arguments) is None


def test_steps_that_are_no_call_of_sagemakers_have_arguments_of_their_own() -> None:
    assert problem("Fail", {"ErrorMessage": "no"}) is None
