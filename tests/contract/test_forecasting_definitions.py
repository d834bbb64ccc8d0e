"""Do the pipelines of a forecasting project fit the job APIs, and the image's own words?

Training, monitors and retraining are the same modules that a tabular project's are made by
(test_pipeline_definition and its neighbours); here is what differs.
"""

import json
import socket
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from orchestration.clients import boto_session
from orchestration.forecasting_project import ForecastingProject
from orchestration.names import DATA_PARAMETERS, MONITORS
from orchestration.project_file import load_project
from orchestration.settings import Settings
from tests.contract.test_pipeline_definition import (
    REQUESTS,
    OfflineError,
    channels,
    defaults,
    output,
    references_in,
    resolved,
    steps_of,
)

Definition = dict[str, Any]
BUCKET = "slipway-retail"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:slipway-retail-monitor"
IMAGES = {name: f"registry.example/{name}:1" for name in ("preprocess", "train_deepar", "monitor")}
EXTRACT = f"s3://{BUCKET}/places/0123456789abcdef/"


@pytest.fixture(scope="module")
def definitions() -> Iterator[dict[str, Definition]]:
    """Every pipeline of the project, made in a process whose sockets are closed."""
    settings, project = Settings.from_environ({}), load_project("retail")
    assert project.monitoring is not None
    patch = pytest.MonkeyPatch()
    for name, value in settings.for_sdk().items():
        patch.setenv(name, value)

    def refuse(_socket: socket.socket, address: object) -> None:
        raise OfflineError(f"defining a pipeline connects to {address!r}")

    patch.setattr(socket.socket, "connect", refuse)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the SDK
        from orchestration.pipelines.monitoring import monitoring_pipeline
        from orchestration.pipelines.retraining import retraining_pipeline
        from orchestration.pipelines.training import Keep, capture_session, training_pipeline

        session = capture_session(boto_session(settings), BUCKET)
        common = (session, BUCKET, settings.role_arn, IMAGES)
        made = {
            "training": training_pipeline(project, *common, extract_uri=EXTRACT).pipeline,
            "local": training_pipeline(project, *common, Keep.CREATE_MODEL, EXTRACT).pipeline,
            "without places": training_pipeline(
                load_project("retail", ("places=null", "feature_group=null")), *common
            ).pipeline,
            "retraining": retraining_pipeline(project, *common, FUNCTION),
            **{
                name: monitoring_pipeline(project, name, project.monitoring.monitor(name), *common, FUNCTION)
                for name in MONITORS
            },
        }
        yield {name: json.loads(pipeline.definition()) for name, pipeline in made.items()}
    patch.undo()


@pytest.fixture(scope="module")
def training(definitions: dict[str, Definition]) -> Definition:
    return definitions["training"]


def names_of(definition: Definition) -> list[str]:
    return [step["Name"] for step in definition["Steps"]]


def command(step: dict[str, Any]) -> list[Any]:
    specification = step["Arguments"]["AppSpecification"]
    return [*specification["ContainerEntrypoint"][2:], *specification.get("ContainerArguments", [])]


def places_of(step: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Where a job's inputs and outputs are, below /opt/ml/processing."""
    arguments = step["Arguments"]
    inputs = {each["InputName"]: each["S3Input"]["LocalPath"] for each in arguments["ProcessingInputs"]}
    outputs = {
        each["OutputName"]: each["S3Output"]["LocalPath"]
        for each in arguments["ProcessingOutputConfig"]["Outputs"]
    }
    return (
        {name: path.removeprefix("/opt/ml/processing/") for name, path in inputs.items()},
        {name: path.removeprefix("/opt/ml/processing/") for name, path in outputs.items()},
    )


def test_the_pipeline_is_the_one_that_other_projects_have(training: Definition) -> None:
    assert names_of(training) == [
        *("preprocess", "ingest", "train", "evaluate", "baseline", "model-baseline", "good-enough")
    ]
    branches = training["Steps"][-1]["Arguments"]
    assert [step["Type"] for step in branches["IfSteps"]] == ["RegisterModel"]
    assert [step["Type"] for step in branches["ElseSteps"]] == ["Fail"]


def test_local_mode_has_neither_feature_store_nor_baselines(definitions: dict[str, Definition]) -> None:
    local = definitions["local"]

    assert names_of(local) == ["preprocess", "train", "evaluate", "good-enough"]
    (kept,) = local["Steps"][-1]["Arguments"]["IfSteps"]
    assert kept["Type"] == "Model"


def test_job_bodies_are_what_the_api_takes(definitions: dict[str, Definition]) -> None:
    service = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    for title, definition in definitions.items():
        for step in steps_of(definition).values():
            if step["Type"] not in REQUESTS:
                continue
            operation, name = REQUESTS[step["Type"]]
            body = {**name, **resolved(step["Arguments"], defaults(definition))}

            report = ParamValidator().validate(body, service.operation_model(operation).input_shape)

            assert not report.has_errors(), f"{title}, {step['Name']}: {report.generate_report()}"
            if step["Type"] == "Processing":
                inputs, outputs = places_of(step)
                assert not set(inputs) & set(outputs), f"{title}, {step['Name']}"


def test_no_execution_starts_without_its_rows_and_every_parameter_is_used(
    definitions: dict[str, Definition],
) -> None:
    required = {"training": set(DATA_PARAMETERS), "retraining": {"WindowEnd"}}
    for title in ("training", "retraining", *MONITORS):
        definition = definitions[title]
        used = {
            target.removeprefix("Parameters.")
            for target in references_in(definition["Steps"])
            if target.startswith("Parameters.")
        }
        assert used == set(defaults(definition)), title
        without = {each["Name"] for each in definition["Parameters"] if "DefaultValue" not in each}
        assert without == required.get(title, {"ScheduledTime"})


def test_rows_and_the_map_become_what_training_reads(training: Definition) -> None:
    steps = steps_of(training)
    inputs, outputs = places_of(steps["preprocess"])

    # images/preprocess/README.md, "Forecasting" and its outputs.
    assert inputs == {"data": "input/data", "input-schema": "input/schema", "input-places": "input/places"}
    assert outputs == {
        name: f"output/{name}"
        for name in (
            *("train", "validation", "test", "live"),
            *("encoder", "places", "baseline", "schema", "report"),
        )
    }
    assert command(steps["preprocess"]) == ["preprocess", "--on-bad-rows", {"Get": "Parameters.OnBadRows"}]
    assert defaults(training)["ExtractUri"] == EXTRACT
    # images/train_deepar/README.md: what was sold until now is kept with the model, as `history`.
    assert channels(training) == {
        "train": output("preprocess", "train"),
        "validation": output("preprocess", "validation"),
        "history": output("preprocess", "test"),
        "encoder": output("preprocess", "encoder"),
    }


def test_a_project_that_counts_no_places_has_no_map_and_keeps_nothing(
    definitions: dict[str, Definition],
) -> None:
    definition = definitions["without places"]
    inputs, outputs = places_of(steps_of(definition)["preprocess"])

    assert "ingest" not in names_of(definition)
    assert "ExtractUri" not in defaults(definition)
    assert "OfflineStoreUri" not in defaults(definition)
    assert (set(inputs), "places" in outputs) == ({"data", "input-schema"}, False)


def test_what_is_counted_around_places_goes_into_a_group_that_the_version_names(training: Definition) -> None:
    steps = steps_of(training)

    assert command(steps["ingest"])[:4] == [
        "preprocess",
        "ingest-places",
        "--feature-group-prefix",
        "retail-places",
    ]
    assert places_of(steps["ingest"])[0] == {"input-places": "input/places"}
    metadata = steps["register"]["Arguments"]["CustomerMetadataProperties"]
    assert metadata["feature-group-name"] == {
        "Std:JsonGet": {
            "PropertyFile": {"Get": "Steps.ingest.PropertyFiles.ingest"},
            "Path": "feature_group_name",
        }
    }
    encoder = metadata["encoder-uri"]["Std:Join"]["Values"]
    assert (encoder[0]["Get"], encoder[1]) == (output("preprocess", "encoder"), "panel.json")


def test_a_model_is_kept_whose_loss_is_at_most_the_threshold(training: Definition) -> None:
    (condition,) = training["Steps"][-1]["Arguments"]["Conditions"]

    assert condition == {
        "Type": "LessThanOrEqualTo",
        "LeftValue": {
            "Std:JsonGet": {
                "PropertyFile": {"Get": "Steps.evaluate.PropertyFiles.evaluation"},
                "Path": "forecast_metrics.relative_mean_weighted_quantile_loss.value",
            }
        },
        "RightValue": {"Get": "Parameters.MetricThreshold"},
    }


def test_the_version_says_what_its_container_takes(training: Definition) -> None:
    specification = steps_of(training)["register"]["Arguments"]["InferenceSpecification"]

    # images/train_deepar/README.md, "Serving".
    assert specification["SupportedContentTypes"] == ["application/json", "application/jsonlines"]
    (container,) = specification["Containers"]
    assert container["Environment"] == {}


def test_the_model_s_baseline_is_of_the_levels_that_answers_have(
    definitions: dict[str, Definition],
) -> None:
    baseline = steps_of(definitions["training"])["model-baseline"]["Arguments"]["Environment"]
    analyse = steps_of(definitions["model-quality"])["analyse"]["Arguments"]["Environment"]
    measured = ("analysis_type", "inference_attribute", "quantile_attributes", "ground_truth_attribute")

    # images/monitor/README.md, "Model quality and forecast accuracy".
    assert [baseline[name] for name in measured] == [
        *("FORECAST_ACCURACY", "mean", "0.1:q0.1,0.5:q0.5,0.9:q0.9", "actual")
    ]
    assert [analyse[name] for name in measured] == [baseline[name] for name in measured]
    project = load_project("retail")
    assert isinstance(project, ForecastingProject)
    assert project.monitoring is not None
    assert float(analyse["model_quality_tolerance"]) == project.monitoring.model_quality.tolerance


def test_forecasts_are_joined_with_the_rows_of_the_window_before_they_are_measured(
    definitions: dict[str, Definition],
) -> None:
    definition = definitions["model-quality"]
    steps = steps_of(definition)

    assert names_of(definition) == ["window", "forecast-actuals", "analyse", "publish", "violated"]
    joined = steps["forecast-actuals"]
    assert command(joined) == ["preprocess", "forecast-actuals", "--on-bad-rows", "fail"]
    inputs, outputs = places_of(joined)
    assert inputs == {
        "captured": "input/captured",
        "actuals": "input/actuals",
        "input-schema": "input/schema",
    }
    assert outputs == {"forecasts": "output/forecasts", "report": "output/report"}
    assert references_of(joined["Arguments"]["Environment"]) == {
        "window_start": "Steps.window.OutputParameters['window_start']",
        "window_end": "Steps.window.OutputParameters['window_end']",
    }
    data = steps["analyse"]["Arguments"]["ProcessingInputs"][0]["S3Input"]
    assert data["S3Uri"]["Get"] == output("forecast-actuals", "forecasts")


def test_rows_are_read_in_whichever_form_they_come_and_their_day_and_target_are_no_drift(
    definitions: dict[str, Definition],
) -> None:
    definition = definitions["data-quality"]
    steps = steps_of(definition)

    assert names_of(definition) == ["window", "rows", "analyse", "publish", "violated"]
    assert command(steps["rows"]) == [
        *("preprocess", "append", "--data", "/opt/ml/processing/input/actuals", "--on-bad-rows", "fail")
    ]
    environment = steps["analyse"]["Arguments"]["Environment"]
    assert environment["exclude_features_attribute"] == "date,quantity"
    assert json.loads(environment["dataset_format"]) == {"csv": {"header": True}}
    data = steps["analyse"]["Arguments"]["ProcessingInputs"][0]["S3Input"]
    assert data["S3Uri"]["Get"] == output("rows", "data")


def test_a_retraining_appends_what_came_to_what_was_trained_on_where_new_rows_start_the_training(
    definitions: dict[str, Definition],
) -> None:
    steps = steps_of(definitions["retraining"])

    assert list(steps) == ["collect", "append"]
    assert [each["OutputName"] for each in steps["collect"]["OutputParameters"]] == ["base", "actuals"]
    assert command(steps["append"]) == ["preprocess", "append", "--on-bad-rows", "fail"]
    assert places_of(steps["append"])[1] == {"data": "output/data", "report": "output/report"}
    data = steps["append"]["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]
    assert data["S3Uri"]["Std:Join"]["Values"] == [
        f"s3://{BUCKET}/incoming/retraining-",
        {"Get": "Execution.PipelineExecutionId"},
    ]


def references_of(environment: dict[str, Any]) -> dict[str, str]:
    return {name: value["Get"] for name, value in environment.items()}
