"""Does the exported pipeline definition fit SageMaker's format and its job APIs?

The format is contracts §6.1 (`Version` 2020-12-01); the bodies of the jobs are
checked against botocore's models of the requests that the service makes of them.
"""

import json
import re
import socket
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from orchestration.clients import boto_session
from orchestration.names import DATA_PARAMETERS
from orchestration.project_file import load_project
from orchestration.settings import Settings

Definition = dict[str, Any]
Define = Callable[..., Definition]
IMAGES = {name: f"registry.example/{name}:1" for name in ("preprocess", "train_xgb", "monitor")}
# Step name in the API: contracts §6.1.
STEP_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
INLINE_LIMIT_BYTES = 1024 * 1024
REQUESTS = {
    "Processing": ("CreateProcessingJob", {"ProcessingJobName": "pipelines-abc-step"}),
    "Training": ("CreateTrainingJob", {"TrainingJobName": "pipelines-abc-step"}),
    "Model": ("CreateModel", {"ModelName": "pipelines-abc-step"}),
    "RegisterModel": ("CreateModelPackage", {}),
}
PYTHON_TYPES = {"String": str, "Integer": int, "Float": float, "Boolean": bool}


class OfflineError(AssertionError):
    """Something tried to use the network."""


@pytest.fixture(scope="module")
def define() -> Iterator[Define]:
    """Builds the definition of bank, with overrides, in a process whose sockets are closed."""
    settings = Settings.from_environ({})
    patch = pytest.MonkeyPatch()
    for name, value in settings.for_sdk().items():
        patch.setenv(name, value)

    def refuse(_socket: socket.socket, address: object) -> None:
        raise OfflineError(f"defining a pipeline connects to {address!r}")

    patch.setattr(socket.socket, "connect", refuse)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the SDK
        from orchestration.pipelines.training import Keep, capture_session, training_pipeline

    def build(*overrides: str, keep: str = "register") -> Definition:
        session = capture_session(boto_session(settings), "slipway-bank")
        training = training_pipeline(
            load_project("bank", overrides), session, "slipway-bank", settings.role_arn, IMAGES, Keep(keep)
        )
        text: str = training.pipeline.definition()
        assert len(text.encode()) < INLINE_LIMIT_BYTES
        document: Definition = json.loads(text)
        return document

    yield build
    patch.undo()


@pytest.fixture(scope="module")
def definition(define: Define) -> Definition:
    return define()


def steps_of(definition: Definition) -> dict[str, dict[str, Any]]:
    """Every step by name, those inside a condition too."""
    found: dict[str, dict[str, Any]] = {}

    def add(steps: list[dict[str, Any]]) -> None:
        for step in steps:
            assert step["Name"] not in found, f"two steps are called {step['Name']}"
            found[step["Name"]] = step
            if step["Type"] == "Condition":
                add(step["Arguments"]["IfSteps"])
                add(step["Arguments"]["ElseSteps"])

    add(definition["Steps"])
    return found


def references_in(value: Any) -> Iterator[str]:
    """The target of every Get below `value`."""
    if isinstance(value, dict):
        if set(value) == {"Get"}:
            yield value["Get"]
        else:
            for inner in value.values():
                yield from references_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references_in(inner)


def resolved(value: Any, parameters: dict[str, Any]) -> Any:
    """`value` as the service would send it: parameters by their default, the rest by a text."""
    if isinstance(value, dict):
        if set(value) == {"Get"}:
            kind, _, name = value["Get"].partition(".")
            return parameters[name] if kind == "Parameters" else "s3://bucket/made/by/a/step"
        if set(value) == {"Std:JsonGet"}:
            return "read from a file"
        if set(value) == {"Std:Join"}:
            join = value["Std:Join"]
            return join["On"].join(str(resolved(item, parameters)) for item in join["Values"])
        return {key: resolved(inner, parameters) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolved(inner, parameters) for inner in value]
    return value


def defaults(definition: Definition) -> dict[str, Any]:
    """Every parameter by name; those without a default are texts that an execution is started with."""
    return {
        parameter["Name"]: parameter.get("DefaultValue", "given") for parameter in definition["Parameters"]
    }


def test_steps_are_those_of_the_design_in_their_order(definition: Definition) -> None:
    assert [(step["Name"], step["Type"]) for step in definition["Steps"]] == [
        ("preprocess", "Processing"),
        ("ingest", "Processing"),
        ("features", "Processing"),
        ("train", "Training"),
        ("evaluate", "Processing"),
        ("baseline", "Processing"),
        ("model-baseline", "Processing"),
        ("good-enough", "Condition"),
    ]
    branches = definition["Steps"][-1]["Arguments"]
    assert [step["Type"] for step in branches["IfSteps"]] == ["RegisterModel"]
    assert [step["Type"] for step in branches["ElseSteps"]] == ["Fail"]


@pytest.fixture(scope="module")
def without_a_group(define: Define) -> Definition:
    """The definition of a project that keeps nothing in the feature store and that nobody watches."""
    return define("feature_group=null", "monitoring=null")


def test_for_local_mode_the_same_pipeline_ends_in_a_model_without_feature_store_and_baselines(
    define: Define, without_a_group: Definition
) -> None:
    definition, local = without_a_group, define(keep="create-model")

    assert local["Steps"][:-1] == definition["Steps"][:-1]
    assert local["Parameters"] == definition["Parameters"]
    ours, theirs = (item["Steps"][-1]["Arguments"] for item in (definition, local))
    assert [step["Type"] for step in theirs["IfSteps"]] == ["Model"]
    assert {**theirs, "IfSteps": []} == {**ours, "IfSteps": []}
    (container,) = ours["IfSteps"][0]["Arguments"]["InferenceSpecification"]["Containers"]
    assert theirs["IfSteps"][0]["Arguments"]["PrimaryContainer"] == container


def channels(definition: Definition) -> dict[str, Any]:
    """What each channel of the training job is read from."""
    configured = steps_of(definition)["train"]["Arguments"]["InputDataConfig"]
    return {item["ChannelName"]: item["DataSource"]["S3DataSource"]["S3Uri"]["Get"] for item in configured}


def output(step: str, name: str) -> str:
    return f"Steps.{step}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri"


def test_what_is_trained_on_has_the_columns_of_the_feature_store(definition: Definition) -> None:
    assert channels(definition) == {
        "train": output("features", "train"),
        "validation": output("features", "validation"),
        # Numbers are scaled by it, and it comes from preprocess alone.
        "encoder": output("preprocess", "encoder"),
    }


def test_without_a_feature_group_there_is_neither_step_and_preprocess_is_trained_on(
    without_a_group: Definition,
) -> None:
    assert [step["Name"] for step in without_a_group["Steps"]] == [
        "preprocess",
        "train",
        "evaluate",
        "good-enough",
    ]
    assert channels(without_a_group) == {
        name: output("preprocess", name) for name in ("train", "validation", "encoder")
    }
    package = steps_of(without_a_group)["register"]["Arguments"]
    assert set(package["CustomerMetadataProperties"]) == {
        "data-sha256",
        "data-version",
        "pipeline-execution-id",
        "encoder-uri",
    }
    assert "OfflineStoreUri" not in defaults(without_a_group)
    assert "MonitorImageUri" not in defaults(without_a_group)
    assert set(package["ModelMetrics"]) == {"ModelQuality"}
    assert "DriftCheckBaselines" not in package


def test_both_baselines_are_monitoring_jobs_without_a_baseline(definition: Definition) -> None:
    # images/monitor/README.md, "Environment": without baseline_constraints a job makes a baseline.
    jobs = {name: steps_of(definition)[name]["Arguments"] for name in ("baseline", "model-baseline")}

    for arguments in jobs.values():
        assert arguments["AppSpecification"] == {
            "ImageUri": {"Get": "Parameters.MonitorImageUri"},
            "ContainerEntrypoint": ["python", "-m", "monitor", "baseline"],
        }
        (source,) = arguments["ProcessingInputs"]
        assert source["S3Input"]["LocalPath"] == arguments["Environment"]["dataset_source"]
        assert json.loads(arguments["Environment"]["dataset_format"]) == {"csv": {"header": True}}
        (result,) = arguments["ProcessingOutputConfig"]["Outputs"]
        assert result["S3Output"]["LocalPath"] == arguments["Environment"]["output_path"]
    # The rows that were trained on need no model: this step runs beside training.
    assert list(references_in(jobs["baseline"]["ProcessingInputs"])) == [output("preprocess", "baseline")]
    assert list(references_in(jobs["model-baseline"]["ProcessingInputs"])) == [
        output("evaluate", "evaluation")
    ]
    assert "analysis_type" not in jobs["baseline"]["Environment"]
    quality = jobs["model-baseline"]["Environment"]
    assert quality["analysis_type"] == "MODEL_QUALITY"
    # Of images/train_xgb/README.md, "Evaluation": the columns of predictions.csv.
    assert [quality[f"{name}_attribute"] for name in ("ground_truth", "inference", "probability")] == [
        *("ground_truth", "predicted_label", "probability")
    ]
    assert quality["positive_label"] == "yes"


def test_the_version_names_what_its_monitors_compare_with(definition: Definition) -> None:
    package = steps_of(definition)["register"]["Arguments"]

    def files(step: str, output_name: str, *names: str) -> list[tuple[str, str]]:
        return [(output(step, output_name), name) for name in names]

    def sources(section: dict[str, Any]) -> list[tuple[str, str]]:
        joins = [section[name]["S3Uri"]["Std:Join"]["Values"] for name in ("Statistics", "Constraints")]
        return [(values[0]["Get"], values[1]) for values in joins]

    both = ("monitoring_output", "statistics.json", "constraints.json")
    assert sources(package["DriftCheckBaselines"]["ModelDataQuality"]) == files("baseline", *both)
    assert sources(package["DriftCheckBaselines"]["ModelQuality"]) == files("model-baseline", *both)
    assert sources(package["ModelMetrics"]["ModelDataQuality"]) == files("baseline", *both)
    assert sources(package["ModelMetrics"]["ModelQuality"]) == [
        *files("evaluate", "evaluation", "evaluation.json"),
        *files("model-baseline", "monitoring_output", "constraints.json"),
    ]


def test_ingest_waits_for_no_other_step_and_features_waits_for_it(definition: Definition) -> None:
    steps = steps_of(definition)
    referred = {
        name: {
            target.split(".")[1]
            for target in references_in(steps[name]["Arguments"])
            if target.startswith("Steps.")
        }
        for name in ("ingest", "features")
    }

    assert referred == {"ingest": set(), "features": {"preprocess", "ingest"}}


def test_the_commands_of_both_steps_are_those_of_the_image(definition: Definition) -> None:
    # images/preprocess/README.md, "ingest" and "features".
    run = {
        name: steps_of(definition)[name]["Arguments"]["AppSpecification"] for name in ("ingest", "features")
    }

    assert run["ingest"]["ContainerEntrypoint"] == ["python", "-m", "preprocess", "ingest"]
    assert run["ingest"]["ContainerArguments"] == [
        *("--feature-group-prefix", "bank-encodings"),
        *("--offline-store-uri", {"Get": "Parameters.OfflineStoreUri"}),
        *("--role-arn", Settings.from_environ({}).role_arn),
    ]
    assert run["features"]["ContainerEntrypoint"] == ["python", "-m", "preprocess", "features"]
    assert run["features"]["ContainerArguments"] == [
        "--feature-group-name",
        {
            "Std:JsonGet": {
                "PropertyFile": {"Get": "Steps.ingest.PropertyFiles.ingest"},
                "Path": "feature_group_name",
            }
        },
    ]
    assert defaults(definition)["OfflineStoreUri"] == "s3://slipway-bank/feature-store"


def test_head_and_step_names_are_legal(definition: Definition) -> None:
    assert definition["Version"] == "2020-12-01"
    assert all(STEP_NAME.match(name) for name in steps_of(definition))


def test_parameters_have_a_type_and_a_default_of_it(definition: Definition) -> None:
    names = [parameter["Name"] for parameter in definition["Parameters"]]

    assert len(set(names)) == len(names) <= 200  # StartPipelineExecution's limit
    for parameter in definition["Parameters"]:
        if parameter["Name"] not in DATA_PARAMETERS:
            assert type(parameter["DefaultValue"]) is PYTHON_TYPES[parameter["Type"]], parameter
        # EventBridge's pipeline target allows no underscore in a parameter's name.
        assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", parameter["Name"])


def test_no_execution_starts_without_saying_which_rows(definition: Definition) -> None:
    required = [item["Name"] for item in definition["Parameters"] if "DefaultValue" not in item]

    assert required == list(DATA_PARAMETERS)


def test_every_parameter_is_used_and_every_used_one_exists(definition: Definition) -> None:
    used = {
        target.removeprefix("Parameters.")
        for target in references_in(definition["Steps"])
        if target.startswith("Parameters.")
    }

    assert used == set(defaults(definition))


def test_what_a_run_may_want_to_change_is_a_parameter(definition: Definition) -> None:
    wanted = {
        *("DataBucket", "DataKey", "SchemaUri", "OutputUri", "PreprocessImageUri", "TrainingImageUri"),
        *("ProcessingInstanceType", "TrainingInstanceType", "SplitSeed", "OnBadRows", "MetricThreshold"),
        "HyperparameterNumRound",
    }

    assert wanted <= set(defaults(definition))


def test_references_lead_to_steps_outputs_and_property_files_that_exist(definition: Definition) -> None:
    steps = steps_of(definition)
    for target in references_in(definition["Steps"]):
        if not target.startswith("Steps."):
            continue
        name, _, path = target.removeprefix("Steps.").partition(".")
        step = steps[name]
        if path.startswith("ProcessingOutputConfig"):
            outputs = [
                output["OutputName"] for output in step["Arguments"]["ProcessingOutputConfig"]["Outputs"]
            ]
            assert re.fullmatch(r"ProcessingOutputConfig\.Outputs\['(\w+)'\]\.S3Output\.S3Uri", path)
            assert path.split("'")[1] in outputs
        elif path.startswith("PropertyFiles."):
            assert path.removeprefix("PropertyFiles.") in [
                file["PropertyFileName"] for file in step["PropertyFiles"]
            ]
        else:
            assert (step["Type"], path) == ("Training", "ModelArtifacts.S3ModelArtifacts")


def test_a_step_refers_to_steps_before_it_alone(definition: Definition) -> None:
    before: set[str] = set()
    for name, step in steps_of(definition).items():
        referred = {
            target.split(".")[1]
            for target in references_in(step["Arguments"])
            if target.startswith("Steps.") and step["Type"] != "Condition"
        }
        assert referred <= before, name
        before.add(name)


def test_property_files_lie_in_an_output_of_their_step(definition: Definition) -> None:
    for step in steps_of(definition).values():
        for file in step.get("PropertyFiles", []):
            outputs = [
                output["OutputName"] for output in step["Arguments"]["ProcessingOutputConfig"]["Outputs"]
            ]
            assert file["OutputName"] in outputs


def test_job_bodies_are_what_the_api_takes(definition: Definition) -> None:
    service = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    parameters = defaults(definition)
    for step in steps_of(definition).values():
        if step["Type"] not in REQUESTS:
            continue
        operation, name = REQUESTS[step["Type"]]
        body = {**name, **resolved(step["Arguments"], parameters)}

        report = ParamValidator().validate(body, service.operation_model(operation).input_shape)

        assert not report.has_errors(), f"{step['Name']}: {report.generate_report()}"


def test_no_input_of_a_job_is_called_as_an_output_is(definition: Definition) -> None:
    # CreateProcessingJob: "Input and Output names must be globally unique".
    for step in steps_of(definition).values():
        if step["Type"] == "Processing":
            arguments = step["Arguments"]
            names = [item["InputName"] for item in arguments["ProcessingInputs"]]
            names += [item["OutputName"] for item in arguments["ProcessingOutputConfig"]["Outputs"]]
            assert sorted(set(names)) == sorted(names), step["Name"]


def test_hyperparameters_reach_the_job_as_texts(definition: Definition) -> None:
    parameters = defaults(definition)
    body = resolved(steps_of(definition)["train"]["Arguments"], parameters)

    expected = {name: str(value) for name, value in load_project("bank").hyperparameters.items()}
    assert body["HyperParameters"] == expected


def test_outputs_of_two_executions_do_not_meet(definition: Definition) -> None:
    for step in steps_of(definition).values():
        if step["Type"] in ("Processing", "Training"):
            assert "Execution.PipelineExecutionId" in set(references_in(step["Arguments"])), step["Name"]


def test_the_condition_compares_the_projects_metric_with_its_threshold(definition: Definition) -> None:
    (condition,) = definition["Steps"][-1]["Arguments"]["Conditions"]

    assert condition == {
        "Type": "GreaterThanOrEqualTo",
        "LeftValue": {
            "Std:JsonGet": {
                "PropertyFile": {"Get": "Steps.evaluate.PropertyFiles.evaluation"},
                "Path": "binary_classification_metrics.accuracy.value",
            }
        },
        "RightValue": {"Get": "Parameters.MetricThreshold"},
    }


def test_the_fail_step_names_metric_value_and_threshold(definition: Definition) -> None:
    message = steps_of(definition)["not-good-enough"]["Arguments"]["ErrorMessage"]["Std:Join"]["Values"]

    assert message[0] == "accuracy"
    assert "Std:JsonGet" in message[1]
    assert list(references_in(message[3])) == ["Parameters.MetricThreshold"]


def test_another_metric_changes_condition_and_message(define: Define) -> None:
    definition = define("metric.name=auc")

    (condition,) = definition["Steps"][-1]["Arguments"]["Conditions"]
    path = condition["LeftValue"]["Std:JsonGet"]["Path"]
    message = steps_of(definition)["not-good-enough"]["Arguments"]["ErrorMessage"]["Std:Join"]["Values"]
    assert path == "binary_classification_metrics.auc.value"
    assert message[0] == "auc"


def test_the_same_project_gives_the_same_definition(define: Define, definition: Definition) -> None:
    assert define() == definition


def test_another_version_of_the_same_object_is_another_input_of_the_cache(definition: Definition) -> None:
    # Developer guide, "Caching pipeline steps": AppSpecification, Environment and ProcessingInputs
    # are a processing step's key; the bytes behind a URI are not.
    arguments = steps_of(definition)["preprocess"]["Arguments"]

    assert list(references_in(arguments["Environment"])) == ["Parameters.DataVersion"]
    uris = [item["S3Input"]["S3Uri"] for item in arguments["ProcessingInputs"]]
    assert list(references_in(uris[0])) == ["Parameters.DataBucket", "Parameters.DataKey"]


def test_every_job_but_ingest_may_be_taken_from_an_earlier_execution(definition: Definition) -> None:
    for step in steps_of(definition).values():
        if step["Name"] == "ingest":
            # A store may have been emptied since; it is asked each time.
            assert "CacheConfig" not in step
        elif step["Type"] in ("Processing", "Training"):
            assert step["CacheConfig"] == {"Enabled": True, "ExpireAfter": "P30D"}, step["Name"]


def test_another_schema_is_at_another_place(define: Define, definition: Definition) -> None:
    changed = define("features.poutcome.use=true")

    assert defaults(changed)["SchemaUri"] != defaults(definition)["SchemaUri"]


def test_a_version_says_how_good_it_is_and_from_which_bytes_it_came(definition: Definition) -> None:
    package = steps_of(definition)["register"]["Arguments"]

    assert package["ModelPackageGroupName"] == "slipway-bank"
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    statistics = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]["Std:Join"]
    assert statistics["Values"][-1] == "evaluation.json"
    assert package["CustomerMetadataProperties"] == {
        "data-sha256": {
            "Std:JsonGet": {
                "PropertyFile": {"Get": "Steps.preprocess.PropertyFiles.report"},
                "Path": "files[0].sha256",
            }
        },
        "data-version": {"Get": "Parameters.DataVersion"},
        "pipeline-execution-id": {"Get": "Execution.PipelineExecutionId"},
        "feature-group-name": {
            "Std:JsonGet": {
                "PropertyFile": {"Get": "Steps.ingest.PropertyFiles.ingest"},
                "Path": "feature_group_name",
            }
        },
        "encoder-uri": {
            "Std:Join": {"On": "/", "Values": [{"Get": output("preprocess", "encoder")}, "encoder.json"]}
        },
    }
