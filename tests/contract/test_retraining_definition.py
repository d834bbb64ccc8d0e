"""Does the retraining pipeline's definition fit the job API, and the function and commands behind it?"""

import json
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
from tests.support.preprocess_readme import README

Definition = dict[str, Any]
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:slipway-bank-retrain"
IMAGES = {name: f"registry.example/{name}:1" for name in ("preprocess", "train_xgb", "monitor")}
EXECUTION_ID = {"Get": "Execution.PipelineExecutionId"}


@pytest.fixture(scope="module")
def definition() -> Iterator[Definition]:
    settings, project = Settings.from_environ({}), load_project("bank")
    assert project.monitoring is not None
    assert project.monitoring.retraining is not None
    patch = pytest.MonkeyPatch()
    for name, value in settings.for_sdk().items():
        patch.setenv(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the SDK
        from orchestration.pipelines.retraining import retraining_pipeline
        from orchestration.pipelines.training import capture_session

        text = retraining_pipeline(
            project,
            capture_session(boto_session(settings), "slipway-bank"),
            "slipway-bank",
            settings.role_arn,
            IMAGES,
            FUNCTION,
        ).definition()
    yield json.loads(text)
    patch.undo()


@pytest.fixture(scope="module")
def steps(definition: Definition) -> dict[str, dict[str, Any]]:
    return {step["Name"]: step for step in definition["Steps"]}


def resolved(value: Any) -> Any:
    """`value` with a text in the place of everything that an execution fills in."""
    if isinstance(value, dict):
        if set(value) in ({"Get"}, {"Std:Join"}):
            return "s3://bucket/filled-in"
        return {key: resolved(inner) for key, inner in value.items()}
    return [resolved(inner) for inner in value] if isinstance(value, list) else value


def inputs_of(step: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Where each input comes from, and as what, by the path at which it lands."""
    given = [item["S3Input"] for item in step["Arguments"]["ProcessingInputs"]]
    return {each["LocalPath"]: (each["S3Uri"], each["S3DataType"]) for each in given}


def test_no_execution_starts_without_the_moment_up_to_which_rows_are_taken(definition: Definition) -> None:
    defaults = {item["Name"]: item.get("DefaultValue") for item in definition["Parameters"]}

    assert [name for name, value in defaults.items() if value is None] == ["WindowEnd"]
    # projects/bank/project.yaml.
    assert defaults["MinimumRows"] == 50


def test_the_function_is_asked_to_collect_up_to_that_moment(steps: dict[str, dict[str, Any]]) -> None:
    collect = steps["collect"]

    assert (collect["Type"], collect["FunctionArn"]) == ("Lambda", FUNCTION)
    assert collect["Arguments"] == {
        "action": "collect",
        "execution_id": EXECUTION_ID,
        "window_end": {"Get": "Parameters.WindowEnd"},
    }


def test_what_the_function_collects_lands_where_merge_and_training_set_read(
    steps: dict[str, dict[str, Any]],
) -> None:
    def said(name: str) -> dict[str, str]:
        return {"Get": f"Steps.collect.OutputParameters['{name}']"}

    environment = steps["merge"]["Arguments"]["Environment"]
    assert inputs_of(steps["merge"]) == {
        environment["dataset_source"]: (said("captured"), "ManifestFile"),
        environment["ground_truth_source"]: (said("labels"), "ManifestFile"),
    }
    merged = "Steps.merge.ProcessingOutputConfig.Outputs['merged'].S3Output.S3Uri"
    # The command's own defaults, by the image's README.
    readme = README.read_text(encoding="utf-8")
    folders = {name: f"/opt/ml/processing/input/{name}" for name in ("base", "merged", "encoder", "schema")}
    assert all(f"| `--{name}` | `{folder}` |" in readme for name, folder in folders.items())
    assert inputs_of(steps["training-set"]) == {
        folders["base"]: (said("base"), "S3Prefix"),
        folders["merged"]: ({"Get": merged}, "S3Prefix"),
        folders["encoder"]: (said("encoders"), "ManifestFile"),
        folders["schema"]: ({"Get": "Parameters.SchemaUri"}, "S3Prefix"),
    }


def test_nothing_but_the_rows_comes_to_where_each_object_starts_a_training(
    steps: dict[str, dict[str, Any]],
) -> None:
    outputs = {
        item["OutputName"]: item["S3Output"]
        for step in ("merge", "training-set")
        for item in steps[step]["Arguments"]["ProcessingOutputConfig"]["Outputs"]
    }

    starting = {name for name, output in outputs.items() if "incoming" in json.dumps(output["S3Uri"])}
    assert starting == {"rows"}
    # The command leaves one file there (images/preprocess/README.md).
    assert outputs["rows"]["LocalPath"] == "/opt/ml/processing/output/rows"
    assert outputs["rows"]["S3UploadMode"] == "EndOfJob"
    assert outputs["rows"]["S3Uri"]["Std:Join"]["Values"] == [
        "s3://slipway-bank/incoming/retraining-",
        EXECUTION_ID,
    ]


@pytest.mark.parametrize("name", ["merge", "training-set"])
def test_jobs_are_what_the_api_takes(steps: dict[str, dict[str, Any]], name: str) -> None:
    service = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    shape = service.operation_model("CreateProcessingJob").input_shape
    body = {"ProcessingJobName": "pipelines-abc-step", **resolved(steps[name]["Arguments"])}

    report = ParamValidator().validate(body, shape)

    assert not report.has_errors(), report.generate_report()
