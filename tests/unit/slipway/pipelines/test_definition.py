"""A definition's head and size, and an example read whole."""

import json
from itertools import pairwise
from typing import Any

import pytest
from slipway.pipelines.definition import DefinitionError, Parameter, StepType, read_definition

from tests.support.pipeline_definitions import EXAMPLE, callback, document, get, read, refusal, training


def test_an_example_is_read_whole() -> None:
    definition = read_definition(json.dumps(EXAMPLE))

    assert definition.parameters == {
        "Thr": Parameter("Thr", "Float", 0.8),
        "Count": Parameter("Count", "Integer", 3),
        "Mode": Parameter("Mode", "String", "fast", ("fast", "good")),
        "Deep": Parameter("Deep", "Boolean", False),
    }
    assert [(name, step.type) for name, step in definition.steps.items()] == [
        ("Prep", StepType.PROCESSING),
        ("Train", StepType.TRAINING),
        ("Eval", StepType.PROCESSING),
        ("Gate", StepType.CONDITION),
        ("Reg", StepType.REGISTER_MODEL),
        ("Stop", StepType.FAIL),
        ("Double", StepType.LAMBDA),
        ("Ask", StepType.CALLBACK),
    ]
    assert definition.experiment == EXAMPLE["PipelineExperimentConfig"]


@pytest.mark.parametrize("name", ["Metadata", "Parameters", "PipelineExperimentConfig", "MlflowConfig"])
def test_null_at_the_top_is_nothing(name: str) -> None:
    """SDK 3 writes `"MlflowConfig": null`, both write null for no experiment."""
    read(training("T"), **{name: None})


def test_version_and_parameters_may_be_left_out() -> None:
    assert not read_definition(json.dumps({"Steps": [training("T")]})).parameters


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"Version": "2021-01-01"}, "'2020-12-01'"),
        ({"Version": 1}, "Version is a text"),
        ({"Metadata": "x"}, "Metadata is an object"),
        ({"Steps": []}, "at least one"),
        ({"Steps": None}, "lacks Steps"),
        ({"Steps": {}}, "Steps is a list"),
        ({"Steps": ["T"]}, r"Steps\[0\] is an object, not 'T'"),
        ({"Parameters": {}}, "Parameters is a list"),
        ({"MlflowConfig": {"MlflowResourceArn": "arn"}}, "'MlflowConfig' that is not carried out"),
        ({"Stepps": []}, "'Stepps'"),
        ({"PipelineExperimentConfig": {"Name": "x"}}, "'Name'"),
        ({"PipelineExperimentConfig": {"TrialName": 1}}, "TrialName is a text or a reference"),
        ({"PipelineExperimentConfig": {"TrialName": get("Steps.T.TrainingJobName")}}, "before any step"),
        ({"PipelineExperimentConfig": {"TrialName": get("Parameters.X")}}, "'Parameters.X'"),
    ],
)
def test_a_wrong_head_is_refused(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(DefinitionError, match=reason):
        read_definition(json.dumps({**document(training("T")), **members}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[]", "is an object"),
        ("null", "is an object"),
        ('{"Steps": NaN}', "NaN is no number"),
        ('{"Steps": -Infinity}', "-Infinity is no number"),
        ('{"Steps": 1e999}', "larger than a float"),
        ('{"Steps": ' + "9" * 5000 + "}", "no JSON"),
        ('{"Steps": ["\\ud800"]}', "surrogate"),
        ('{"a":' * 101 + "1" + "}" * 101, "deeper than 100"),
        ("[" * 100_000, "deeper than 100"),
        (" " * (1024 * 1024 + 1), "1048576 are the most"),
    ],
)
def test_what_is_no_definition_at_all_is_refused(text: str, reason: str) -> None:
    with pytest.raises(DefinitionError, match=reason):
        read_definition(text)


def test_a_definition_of_one_mebibyte_is_read() -> None:
    """CreatePipeline: PipelineDefinition has at most 1048576 characters."""
    text = json.dumps(document(training("T")))

    assert read_definition(text + " " * (1024 * 1024 - len(text))).steps


def test_a_message_is_short_whatever_it_names() -> None:
    assert len(refusal(training("T", Type="x" * 100_000))) < 1100
    assert len(refusal(training("T", Arguments={"x": get("Parameters." + "x" * 100_000)}))) < 1100


def test_as_many_steps_as_the_sdks_largest_test_has_are_read() -> None:
    """sagemaker-python-sdk, test_large_pipeline: 2000 callback steps; here each waits for the one before."""
    steps = [callback(f"callback-step{number}") for number in range(2000)]
    for before, step in pairwise(steps):
        step["Arguments"] = {"arg1": get(f"Steps.{before['Name']}.OutputParameters['answer']")}

    assert len(read(*steps).steps) == 2000
