"""What a pipeline execution comes to when the control plane dies in the middle of it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ConnectionError, HTTPClientError
from slipway.faults import FaultPoint

from tests.support.emulator import Emulator, running_emulator
from tests.support.emulator_jobs import Jobs
from tests.support.emulator_pipelines import WAITS, Execution, Pipelines, condition, get, token

GROUP = "models"
POINTS = [point for point in FaultPoint if "step" in point]


def pipeline_of(pipelines: Pipelines) -> str:
    """A pipeline of everything that leaves something: two jobs and what is written down of them."""
    prepare = pipelines.processing(
        "Prepare", "echo 1 > /opt/ml/processing/out/rows", outputs={"out": "prepared"}
    )
    train = pipelines.training("Train", "cp /opt/ml/input/data/rows/rows /opt/ml/model/weights")
    rows = get("Steps.Prepare.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": rows}}
    train["Arguments"]["InputDataConfig"] = [{"ChannelName": "rows", "DataSource": source}]
    artifact = get("Steps.Train.ModelArtifacts.S3ModelArtifacts")
    model = pipelines.model("Model", artifact)
    register = pipelines.register("Register", GROUP, artifact)
    done = condition("Done", get("Steps.Train.TrainingTimeInSeconds"), 0, [model, register])
    return pipelines.create(prepare, train, done)


def result(pipelines: Pipelines, execution: Execution) -> dict[str, Any]:
    """What an execution has come to and left, comparable between emulators."""
    steps = execution.succeeded()
    versions = pipelines.sagemaker.list_model_packages(ModelPackageGroupName=GROUP)
    jobs = pipelines.sagemaker.list_processing_jobs()["ProcessingJobSummaries"]
    jobs += pipelines.sagemaker.list_training_jobs()["TrainingJobSummaries"]
    return {
        "steps": {name: (step["StepStatus"], step["AttemptCount"]) for name, step in steps.items()},
        "starts": pipelines.starts(execution),
        "versions": len(versions["ModelPackageSummaryList"]),
        "models": len(pipelines.sagemaker.list_models()["Models"]),
        "jobs": len(jobs),
        "prepared": pipelines.jobs.objects("prepared/"),
    }


@pytest.fixture(scope="module")
def undisturbed(emulator_image: str, localstack: Any, preprocess_image: str) -> dict[str, Any]:
    """What the execution comes to when nothing happens."""
    with running_emulator(emulator_image, localstack, name="emulator-undisturbed") as emulator:
        pipelines = Pipelines(Jobs(emulator, preprocess_image))
        found = result(pipelines, pipelines.start(pipeline_of(pipelines)))
    assert found["starts"] == {"Prepare": 1, "Train": 1}
    assert (found["versions"], found["models"], found["jobs"]) == (1, 1, 2)
    return found


@pytest.mark.parametrize("point", POINTS)
def test_a_control_plane_that_is_killed_does_nothing_twice_and_leaves_nothing_out(
    point: FaultPoint,
    emulator_with: Callable[..., Emulator],
    preprocess_image: str,
    undisturbed: dict[str, Any],
) -> None:
    pipelines = Pipelines(Jobs(emulator_with(SLIPWAY_FAULT=point.value), preprocess_image))

    pipeline, same = pipeline_of(pipelines), token()

    # The answer may be lost; whoever asks again with the same token is told of the same execution.
    with suppress(ConnectionError, HTTPClientError):
        pipelines.start(pipeline, ClientRequestToken=same)
    died = pipelines.emulator.container.wait()["StatusCode"]
    pipelines.emulator.restart()
    execution = pipelines.start(pipeline, ClientRequestToken=same)

    assert died == 137
    assert result(pipelines, execution) == undisturbed


def test_a_control_plane_that_is_killed_at_work_goes_on(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    pipelines = Pipelines(Jobs(emulator_with(), preprocess_image))
    steps = [pipelines.processing(f"Step{number}", WAITS) for number in range(2)]
    execution = pipelines.start(
        pipelines.create(*steps, pipelines.processing("Last", "true", "Step0", "Step1"))
    )
    for step in ("Step0", "Step1"):
        execution.running(step)

    pipelines.emulator.kill()
    pipelines.emulator.restart()
    for step in ("Step0", "Step1"):
        execution.let_go(step)

    execution.succeeded()
    assert pipelines.starts(execution) == {"Step0": 1, "Step1": 1, "Last": 1}
