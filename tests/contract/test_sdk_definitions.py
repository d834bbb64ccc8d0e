"""Does the emulator read and resolve what both SageMaker SDKs write?

tests/support/sdk_definitions.py builds one pipeline of every step type, function,
condition and policy in the environment of each SDK, with sockets closed.
"""

import math
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from slipway.pipelines.conditions import all_hold
from slipway.pipelines.definition import Branch, Definition, PropertyFile, RetryPolicy, read_definition
from slipway.pipelines.expressions import resolve
from slipway.pipelines.graph import dependencies, ready
from slipway.pipelines.parameters import parameter_values

from orchestration.settings import Settings
from scripts.commands import ROOT
from tests.support.pipeline_definitions import Values
from tests.support.sdk_client import PYTHONS
from tests.support.sdk_definitions import BUCKET, FUNCTION, QUEUE

PROGRAM_SECONDS = 300
# SDK 2 adds what ModelStep's step does to its name.
MODEL_STEPS = {"v2": ("Create-CreateModel", "Register-RegisterModel"), "v3": ("Create", "Register")}
REQUESTS: dict[str, tuple[str, dict[str, str]]] = {
    "Processing": ("CreateProcessingJob", {"ProcessingJobName": "n"}),
    "QualityCheck": ("CreateProcessingJob", {"ProcessingJobName": "n"}),
    "Training": ("CreateTrainingJob", {"TrainingJobName": "n"}),
    "Model": ("CreateModel", {"ModelName": "n"}),
    "RegisterModel": ("CreateModelPackage", {}),
}
TRAIN_URI = f"s3://{BUCKET}/x/train"
SCOPE = Values(
    variables={
        "PipelineExecutionId": "abc123def456",
        "PipelineName": "everything",
        "StartDateTime": "2024-01-01T00:00:00Z",
    },
    steps={
        "Prepare": {
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "train", "S3Output": {"S3Uri": TRAIN_URI}}]}
        },
        "Train": {
            "ModelArtifacts": {"S3ModelArtifacts": f"s3://{BUCKET}/m/model.tar.gz"},
            "TrainingTimeInSeconds": 7,
        },
        "Double": {"OutputParameters": {"doubled": 2}},
        "Ask": {"OutputParameters": {"answer": "green"}},
        "Gate": {"Outcome": False},
        "Check": {"BaselineUsedForDriftCheckConstraints": f"s3://{BUCKET}/check/constraints.json"},
    },
    files={("Evaluate", "Report"): {"metrics": {"auc": [{"mean value": 0.75}]}}},
    objects={f"{TRAIN_URI}/summary.json": {"rows": 10}},
)


@pytest.fixture(scope="module", params=["v2", "v3"])
def sdk(request: pytest.FixtureRequest) -> str:
    version: str = request.param
    return version


@pytest.fixture(scope="module")
def definition(sdk: str, tmp_path_factory: pytest.TempPathFactory) -> Definition:
    """What an SDK has written, read."""
    file: Path = tmp_path_factory.mktemp("definition") / f"{sdk}.json"
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [str(PYTHONS[sdk]), "-m", "tests.support.sdk_definitions", sdk, str(file)],
        cwd=ROOT,
        env={**theirs, **Settings.from_environ({}).for_sdk()},
        capture_output=True,
        text=True,
        timeout=PROGRAM_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return read_definition(file.read_text(encoding="utf-8"))


@pytest.fixture
def scope(definition: Definition) -> Values:
    """The values of an execution that is given what it must be given."""
    values = parameter_values(definition, [{"Name": "Needed", "Value": f"s3://{BUCKET}/rows"}])
    return Values(values, SCOPE.variables, SCOPE.steps, SCOPE.files, SCOPE.objects)


def test_every_step_is_read(definition: Definition, sdk: str) -> None:
    create, register = MODEL_STEPS[sdk]

    assert [(name, step.type.value, step.branch) for name, step in definition.steps.items()] == [
        ("Prepare", "Processing", None),
        ("Train", "Training", None),
        ("Evaluate", "Processing", None),
        ("Double", "Lambda", None),
        ("Ask", "Callback", None),
        ("Gate", "Condition", None),
        (create, "Model", Branch("Gate", outcome=True)),
        (register, "RegisterModel", Branch("Gate", outcome=True)),
        ("Refuse", "Fail", Branch("Gate", outcome=False)),
        ("Check", "QualityCheck", None),
        ("Use", "Fail", None),
        ("Tell", "Fail", None),
    ]


def test_what_stands_beside_the_arguments_is_read(definition: Definition) -> None:
    prepare, evaluate = definition.steps["Prepare"], definition.steps["Evaluate"]

    assert (prepare.display_name, prepare.description) == ("Preparation", "Rows to channels")
    assert prepare.cache_seconds == 30 * 86400
    assert evaluate.cache_seconds == math.inf
    assert definition.steps["Train"].cache_seconds is None
    assert evaluate.property_files == {"Report": PropertyFile("Report", "evaluation", "evaluation.json")}
    assert definition.steps["Double"].target == FUNCTION
    assert definition.steps["Double"].outputs == {"doubled": "Integer"}
    assert definition.steps["Ask"].target == QUEUE
    assert definition.steps["Ask"].outputs == {"answer": "String"}
    assert definition.steps["Check"].target == {
        **{"CheckType": "DATA_QUALITY", "SkipCheck": {"Get": "Parameters.Deep"}, "FailOnViolation": True},
        **{"RegisterNewBaseline": False, "ModelPackageGroupName": "group"},
    }


def test_retry_policies_are_read(definition: Definition, sdk: str) -> None:
    assert definition.steps["Prepare"].retry_policies == (
        RetryPolicy(
            frozenset({"Step.SERVICE_FAULT", "Step.THROTTLING"}), 10.0, 1.5, expire_after_minutes=5.0
        ),
        RetryPolicy(
            frozenset(
                {"SageMaker.RESOURCE_LIMIT", "SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR"}
            ),
            max_attempts=10,
        ),
    )
    register = definition.steps[MODEL_STEPS[sdk][1]]
    assert register.retry_policies == (RetryPolicy(frozenset({"Step.THROTTLING"}), max_attempts=2),)


def test_steps_wait_for_what_they_need(definition: Definition, sdk: str) -> None:
    create, register = MODEL_STEPS[sdk]

    assert dependencies(definition) == {
        "Prepare": frozenset(),
        "Train": {"Prepare"},
        "Evaluate": {"Prepare", "Train"},
        "Double": {"Train"},
        "Ask": {"Double", "Evaluate"},
        "Gate": {"Evaluate", "Prepare", "Ask"},
        create: {"Gate", "Train"},
        register: {"Gate", "Train"},
        "Refuse": {"Gate", "Evaluate"},
        "Check": {"Prepare"},
        "Use": {"Check"},
        "Tell": {"Gate", "Double"},
    }
    done = ("Prepare", "Train", "Evaluate", "Double", "Ask", "Check", "Use")
    ended = {**dict.fromkeys(done), "Gate": True}
    assert ready(definition, ended, ended) == [create, register, "Tell"]


def test_parameters_have_their_types(scope: Values) -> None:
    assert scope.parameters == {
        "Image": "image:1",
        "Mode": "fast",
        "Count": 1,
        "Threshold": 0.75,
        "Deep": False,
        "Needed": f"s3://{BUCKET}/rows",
    }


def test_resolved_arguments_are_what_the_api_takes(definition: Definition, scope: Values) -> None:
    service = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    checked = 0
    for step in definition.steps.values():
        if step.type.value not in REQUESTS:
            continue
        operation, name = REQUESTS[step.type.value]
        arguments: Any = resolve(step.arguments, scope)

        report = ParamValidator().validate(
            {**name, **arguments}, service.operation_model(operation).input_shape
        )

        assert not report.has_errors(), f"{step.name}: {report.generate_report()}"
        checked += 1
    assert checked == 6


def test_references_are_resolved_to_their_values(definition: Definition, scope: Values) -> None:
    def arguments(name: str) -> Any:
        return resolve(definition.steps[name].arguments, scope)

    prepare = arguments("Prepare")
    assert prepare["AppSpecification"]["ContainerEntrypoint"] == [
        *("prepare", "--count", "1", "--deep", "false", "--mode", "fast"),
    ]
    assert prepare["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1
    assert prepare["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] == (
        f"s3://{BUCKET}/abc123def456/train"
    )
    assert prepare["Environment"] == {"RUN": "abc123def456"}
    train = arguments("Train")
    assert train["HyperParameters"]["eta"] == "0.75"
    assert train["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == TRAIN_URI
    assert arguments("Double") == {"count": 1, "seconds": 7}
    assert arguments("Ask") == {"doubled": 2, "auc": 0.75}
    assert arguments("Refuse") == {"ErrorMessage": "auc 0.75 is below 0.75 1 true"}
    assert arguments("Tell") == {"ErrorMessage": "false"}
    assert resolve(definition.experiment, scope) == {
        "ExperimentName": "everything",
        "TrialName": "trial-fast",
    }


def test_every_condition_is_decided(definition: Definition, scope: Values) -> None:
    conditions = definition.steps["Gate"].arguments["Conditions"]

    assert [condition["Type"] for condition in conditions] == [
        *("GreaterThanOrEqualTo", "GreaterThan", "LessThan", "LessThanOrEqualTo"),
        *("Equals", "In", "Not", "Or"),
    ]
    assert [all_hold([condition], scope) for condition in conditions] == [True] * 8
