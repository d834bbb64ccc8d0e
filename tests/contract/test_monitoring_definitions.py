"""Do the monitors' pipeline definitions fit SageMaker's format, and the job API and function behind them?"""

import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from orchestration.clients import boto_session
from orchestration.project_file import load_project
from orchestration.settings import Settings

Definition = dict[str, Any]
MONITORS = ("data-quality", "model-quality")
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:slipway-bank-monitor"
IMAGES = {name: f"registry.example/{name}:1" for name in ("preprocess", "train_xgb", "monitor")}


@pytest.fixture(scope="module")
def definitions() -> Iterator[dict[str, Definition]]:
    """Each monitor's definition."""
    settings, project = Settings.from_environ({}), load_project("bank")
    assert project.monitoring is not None
    patch = pytest.MonkeyPatch()
    for name, value in settings.for_sdk().items():
        patch.setenv(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the SDK
        from orchestration.pipelines.monitoring import monitoring_pipeline
        from orchestration.pipelines.training import capture_session

        session = capture_session(boto_session(settings), "slipway-bank")
        texts = {
            name: monitoring_pipeline(
                *(project, name, project.monitoring.monitor(name), session),
                *("slipway-bank", settings.role_arn, IMAGES, FUNCTION),
            ).definition()
            for name in MONITORS
        }
    yield {name: json.loads(text) for name, text in texts.items()}
    patch.undo()


@pytest.fixture(params=MONITORS)
def definition(definitions: dict[str, Definition], request: pytest.FixtureRequest) -> Definition:
    return definitions[request.param]


def steps_of(definition: Definition) -> dict[str, dict[str, Any]]:
    """Every step by name, those of the condition too."""
    steps = {step["Name"]: step for step in definition["Steps"]}
    return steps | {step["Name"]: step for step in steps["violated"]["Arguments"]["IfSteps"]}


def references_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {value["Get"]} if set(value) == {"Get"} else references_in(list(value.values()))
    if isinstance(value, list):
        return set().union(*(references_in(inner) for inner in value))
    return set()


def resolved(value: Any) -> Any:
    """`value` with a text in the place of everything that an execution fills in."""
    if isinstance(value, dict):
        if set(value) in ({"Get"}, {"Std:Join"}):
            return "s3://bucket/filled-in"
        return {key: resolved(inner) for key, inner in value.items()}
    return [resolved(inner) for inner in value] if isinstance(value, list) else value


def test_answers_are_merged_with_their_labels_first_and_columns_need_none(
    definitions: dict[str, Definition],
) -> None:
    names = {name: [step["Name"] for step in each["Steps"]] for name, each in definitions.items()}

    assert names == {
        "data-quality": ["window", "analyse", "publish", "violated"],
        "model-quality": ["window", "merge", "analyse", "publish", "violated"],
    }


def test_no_execution_starts_without_the_time_it_is_for(definition: Definition) -> None:
    parameters = {item["Name"]: item.get("DefaultValue") for item in definition["Parameters"]}

    assert [name for name, value in parameters.items() if value is None] == ["ScheduledTime"]
    assert (parameters["StartOffset"], parameters["EndOffset"]) == ("-PT1H", "-PT0H")
    used = {name for name in references_in(definition["Steps"]) if name.startswith("Parameters.")}
    assert used == {f"Parameters.{name}" for name in parameters}


def test_what_steps_refer_to_is_what_the_function_says(definition: Definition) -> None:
    steps = steps_of(definition)

    said = {
        f"Steps.{name}.OutputParameters['{output['OutputName']}']"
        for name, step in steps.items()
        for output in step.get("OutputParameters", [])
    }
    asked = {name for name in references_in(list(steps.values())) if ".OutputParameters" in name}
    assert asked <= said
    assert all(step["FunctionArn"] == FUNCTION for step in steps.values() if step["Type"] == "Lambda")
    # What `publish` reads is there only once the job has ended.
    assert steps["publish"]["DependsOn"] == ["analyse"]


def test_jobs_are_what_the_api_takes_and_find_what_their_environment_names(definition: Definition) -> None:
    service = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    shape = service.operation_model("CreateProcessingJob").input_shape
    for step in steps_of(definition).values():
        if step["Type"] != "Processing":
            continue
        arguments = step["Arguments"]
        body = {"ProcessingJobName": "pipelines-abc-step", **resolved(arguments)}
        report = ParamValidator().validate(body, shape)
        assert not report.has_errors(), f"{step['Name']}: {report.generate_report()}"
        names = [item["InputName"] for item in arguments["ProcessingInputs"]]
        names += [item["OutputName"] for item in arguments["ProcessingOutputConfig"]["Outputs"]]
        assert len(set(names)) == len(names)
        mounted = {item["S3Input"]["LocalPath"] for item in arguments["ProcessingInputs"]}
        folders = {
            re.sub(r"/(statistics|constraints)\.json$", "", value)
            for name, value in arguments["Environment"].items()
            if isinstance(value, str) and value.startswith("/opt/ml/processing/input")
        }
        assert folders == mounted


def test_calls_outside_the_window_do_not_count_and_calls_of_another_form_are_left_out(
    definition: Definition,
) -> None:
    for step in steps_of(definition).values():
        if step["Type"] == "Processing":
            environment = step["Arguments"]["Environment"]
            assert references_in([environment["start_time"], environment["end_time"]]) == {
                f"Steps.window.OutputParameters['window_{name}']" for name in ("start", "end")
            }
    assert steps_of(definition)["analyse"]["Arguments"]["Environment"]["other_records"] == "leave_out"


def test_only_violations_are_told_of(definition: Definition) -> None:
    violated = steps_of(definition)["violated"]["Arguments"]

    assert violated["Conditions"] == [
        {
            "Type": "GreaterThan",
            "LeftValue": {"Get": "Steps.publish.OutputParameters['violations']"},
            "RightValue": 0,
        }
    ]
    assert [step["Name"] for step in violated["IfSteps"]] == ["notify"]
    assert violated["ElseSteps"] == []
