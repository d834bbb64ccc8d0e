"""What a definition's parts name exists, and no step waits for itself."""

from typing import Any

import pytest

from tests.support.pipeline_definitions import (
    condition,
    fail,
    function,
    get,
    join,
    json_get,
    processing,
    read,
    refusal,
    training,
)


def test_a_target_may_be_a_reference() -> None:
    definition = read(
        function("L", FunctionArn=get("Parameters.Arn")), Parameters=[{"Name": "Arn", "Type": "String"}]
    )

    assert definition.steps["L"].target == get("Parameters.Arn")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("Parameters.Nope", "does not exist; there are 'Known'"),
        ("Execution.Nope", "'PipelineExecutionId'"),
        ("PipelineExperimentConfig.TrialName", "does not exist; there are none"),
        ("Steps.Nope.ModelArtifacts", "there is no step 'Nope'; the steps are 'P', 'C', 'L', 'F', 'T'"),
        ("Steps.p.ProcessingJobName", "there is no step 'p'"),
        ("Steps.P", "none of its properties"),
        ("Steps", "names nothing below"),
        ("Nope.P", "is none of"),
        ("", "is none of"),
        ("Steps.P.a[x", "is none of"),
        ("Parameters.Known.More", "goes on below 'Known'"),
        ("Steps.C.Result", "it has 'Outcome'"),
        ("Steps.L.OutputParameters['nope']", "it has 'doubled'"),
        ("Steps.L.Outputs['doubled']", "OutputParameters['<name>'] alone"),
        ("Steps.L.OutputParameters", "OutputParameters['<name>'] alone"),
        ("Steps.F.ErrorMessage", "T can not depends on F"),
    ],
)
def test_a_reference_to_what_is_not_there_is_refused_and_named(target: str, reason: str) -> None:
    steps = [processing("P"), condition("C"), function("L"), fail("F")]

    message = refusal(
        *steps, training("T", Arguments={"RoleArn": get(target)}), Parameters=[{"Name": "Known"}]
    )

    assert reason in message
    assert target in message
    assert "'T'" in message


@pytest.mark.parametrize(
    "variable",
    [
        *("StartDateTime", "CurrentDateTime", "PipelineName", "PipelineArn", "PipelineExecutionId"),
        *("PipelineExecutionArn", "TrainingJobName", "ProcessingJobName"),
    ],
)
def test_execution_variables_are_the_sdks(variable: str) -> None:
    read(fail("F", get(f"Execution.{variable}")))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"Get": 1}, "Get takes a text"),
        ({"Std:Nope": {}}, "Std:Nope is not known"),
        ({"Std:Join": {}, "x": 1}, "stands alone"),
        ({"Std:Join": []}, "takes an object"),
        ({"Std:Join": {"On": 1, "Values": []}}, "On is a text"),
        ({"Std:Join": {"On": ""}}, "Values are a list"),
        ({"Std:Join": {"Values": [], "By": ""}}, "takes an object"),
        ({"Std:JsonGet": {"Path": "a"}}, "one of PropertyFile and S3Uri"),
        (
            {
                "Std:JsonGet": {
                    "Path": "a",
                    "S3Uri": "s3://b/k",
                    "PropertyFile": get("Steps.P.PropertyFiles.f"),
                }
            },
            "one of PropertyFile and S3Uri",
        ),
        ({"Std:JsonGet": {"S3Uri": "s3://b/k"}}, "Path is a text"),
        ({"Std:JsonGet": {"S3Uri": "s3://b/k", "Path": "a["}}, "is no path"),
        ({"Std:JsonGet": {"PropertyFile": "f", "Path": "a"}}, "is a Get of"),
        ({"Std:JsonGet": {"PropertyFile": get("Parameters.X"), "Path": "a"}}, "is a Get of"),
        (json_get("P", "nope", "a"), "'P' has no 'nope'; it has 'f'"),
    ],
)
def test_a_function_of_another_form_is_refused(value: Any, reason: str) -> None:
    made = processing(
        "P",
        outputs=["o"],
        PropertyFiles=[{"PropertyFileName": "f", "OutputName": "o", "FilePath": "f.json"}],
    )

    assert reason in refusal(made, training("T", Arguments={"deep": [{"er": value}]}))


def test_a_map_may_have_a_key_called_get_beside_others() -> None:
    environment = {"Get": "1", "Put": "2"}

    assert read(training("T", Arguments={"Environment": environment})).steps["T"].arguments == {
        "Environment": environment
    }


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([{"PropertyFileName": "f", "OutputName": "o"}], "lacks FilePath"),
        ([{"PropertyFileName": "f", "OutputName": "x", "FilePath": "f"}], "output 'x'"),
        ([{"PropertyFileName": "f", "OutputName": "o", "FilePath": "f"}] * 2, "two property files"),
        (["f"], "is an object"),
    ],
)
def test_wrong_property_files_are_refused(files: list[Any], reason: str) -> None:
    assert reason in refusal(processing("P", outputs=["o"], PropertyFiles=files))


def test_a_property_file_of_a_step_without_outputs_is_refused() -> None:
    files = [{"PropertyFileName": "f", "OutputName": "o", "FilePath": "f"}]

    assert "it has none" in refusal(processing("P", PropertyFiles=files))


def test_an_output_whose_name_is_a_reference_may_be_a_property_files() -> None:
    files = [{"PropertyFileName": "f", "OutputName": "o", "FilePath": "f"}]
    outputs = {"ProcessingOutputConfig": {"Outputs": [{"OutputName": get("Parameters.X")}]}}

    read(processing("P", Arguments=outputs, PropertyFiles=files), Parameters=[{"Name": "X"}])


def test_a_dependency_that_does_not_exist_is_refused() -> None:
    message = refusal(training("A", DependsOn=["B"]))

    assert "'A'" in message
    assert "there is no step 'B'" in message


def test_nothing_can_wait_for_a_fail_step() -> None:
    """The words that sagemaker-python-sdk's test_invalid_pipeline_depended_on_fail_step has from AWS."""
    message = refusal(condition("CondStep", DependsOn=["FailStep"]), fail("FailStep"))

    assert "CondStep can not depends on FailStep" in message


def test_a_dependency_may_lie_in_a_branch() -> None:
    steps = [training("Inner"), fail("Else")]
    branches = {"IfSteps": steps[:1], "ElseSteps": steps[1:]}

    definition = read(condition("C", **branches), training("After", DependsOn=["Inner"]))

    assert definition.steps["After"].depends_on == ("Inner",)


@pytest.mark.parametrize(
    ("steps", "circle"),
    [
        ([training("A", DependsOn=["A"])], {"A"}),
        ([training("A", DependsOn=["B"]), training("B", Arguments={"x": get("Steps.A.y")})], {"A", "B"}),
        (
            [
                training("Start"),
                training("A", DependsOn=["Start", "C"]),
                training("B", DependsOn=["A"]),
                training("C", DependsOn=["B"]),
                training("End", DependsOn=["C"]),
            ],
            {"A", "B", "C"},
        ),
        ([condition("C", DependsOn=["In"], IfSteps=[training("In")])], {"C", "In"}),
        ([condition("C", when=get("Steps.In.x"), IfSteps=[training("In")])], {"C", "In"}),
    ],
    ids=["self", "two", "three", "branch by name", "branch by reference"],
)
def test_steps_that_wait_for_each_other_are_refused_and_named(steps: list[Any], circle: set[str]) -> None:
    message = refusal(*steps)

    assert "in a circle" in message
    assert {part.strip("' ") for part in message.partition(":")[2].split("→")} == circle


def test_references_to_the_experiment_are_those_of_its_config() -> None:
    """PipelineExperimentConfigProperties of the SDK."""
    names = {
        "ExperimentName": get("PipelineExperimentConfig.ExperimentName"),
        "TrialName": join("-", "of", get("PipelineExperimentConfig.TrialName")),
    }
    config = {"ExperimentName": "mine", "TrialName": get("Execution.PipelineExecutionId")}

    step = read(training("T", Arguments={"ExperimentConfig": names}), PipelineExperimentConfig=config).steps[
        "T"
    ]

    assert step.arguments["ExperimentConfig"] == {
        "ExperimentName": "mine",
        "TrialName": join("-", "of", get("Execution.PipelineExecutionId")),
    }
