"""What references stand for: an execution's own variables, what steps left, and files."""

import re

import pytest
from slipway.executors.pipeline.task import made_name
from slipway.resources.document import Document
from slipway.resources.resource import Key

from tests.support.control_plane import ACCOUNT, REGION
from tests.support.emulator_pipelines import condition, fail, get, join
from tests.support.pipeline_ticks import Ticking, processing

FILE = {"PropertyFileName": "metrics", "OutputName": "report", "FilePath": "deep/metrics.json"}


def said(ticking: Ticking, message: object) -> tuple[Key, str]:
    """An execution of one Fail step, and what its message came to."""
    execution = ticking.start(fail("Say", message))
    ticking.tick(execution)
    reason: str = ticking.steps(execution)["Say"].document["FailureReason"]
    return execution, reason


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("PipelineName", r"pipeline-\w+"),
        ("PipelineExecutionId", "[a-z0-9]{12}"),
        ("PipelineArn", rf"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/pipeline-\w+"),
    ],
)
def test_an_execution_knows_what_it_is_called(ticking: Ticking, name: str, form: str) -> None:
    execution, reason = said(ticking, get(f"Execution.{name}"))

    assert re.fullmatch(form, reason)
    assert reason in execution.arn


def test_an_execution_knows_its_arn(ticking: Ticking) -> None:
    execution, reason = said(ticking, get("Execution.PipelineExecutionArn"))

    assert reason == execution.arn


def test_an_execution_knows_when_it_began_and_what_time_it_is(ticking: Ticking) -> None:
    ticking.clock.seconds = 1_700_000_000.25
    step = processing("A")
    execution = ticking.start(
        step,
        fail("Say", join(get("Execution.StartDateTime"), get("Execution.CurrentDateTime"), on=" "))
        | {"DependsOn": ["A"]},
    )
    ticking.tick(execution)
    ticking.end_job(execution, "A")
    ticking.clock.move(90)
    ticking.tick(execution)

    reason = ticking.steps(execution)["Say"].document["FailureReason"]
    assert reason == "2023-11-14T22:13:20.250Z 2023-11-14T22:14:50.250Z"


def evaluated(ticking: Ticking, file: Document) -> Key:
    """An execution that reads a property file of a job which has ended."""
    output = {
        "OutputName": "report",
        "S3Output": {
            "S3Uri": "s3://bucket/reports/",
            "LocalPath": "/opt/ml/processing/report",
            "S3UploadMode": "EndOfJob",
        },
    }
    step = processing("Evaluate", PropertyFiles=[file])
    step["Arguments"]["ProcessingOutputConfig"] = {"Outputs": [output]}
    measured = {"Std:JsonGet": {"PropertyFile": get("Steps.Evaluate.PropertyFiles.metrics"), "Path": "m[1]"}}
    execution = ticking.start(step, condition("IsGood", measured, 0.5))
    ticking.tick(execution)
    ticking.end_job(execution, "Evaluate")
    return execution


def test_a_property_file_lies_below_its_output(ticking: Ticking) -> None:
    ticking.objects["s3://bucket/reports/deep/metrics.json"] = {"m": [0, 0.5]}

    execution = evaluated(ticking, FILE)

    assert ticking.tick(execution) == "Succeeded"
    assert ticking.steps(execution)["IsGood"].document["Metadata"] == {"Condition": {"Outcome": "True"}}


def test_properties_that_are_gone_fail_the_step_that_asks(ticking: Ticking) -> None:
    first, second = processing("A"), processing("B")
    use = processing("C", "B", environment={"STATUS": get("Steps.A.ProcessingJobStatus")})
    execution = ticking.start(first, second, use)
    ticking.tick(execution)
    ticking.end_job(execution, "A")
    ticking.tick(execution)
    ticking.client.delete_processing_job(ProcessingJobName=ticking.job(execution, "A").name)
    ticking.end_job(execution, "B")

    assert ticking.tick(execution) == "Failed"
    assert "the properties of step 'A' are gone" in ticking.steps(execution)["C"].document["FailureReason"]


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("Train", "pipelines-abcdefghijkl-Train-0123456789"),
        ("a_b", "pipelines-abcdefghijkl-a-b-0123456789"),
        ("x" * 64, f"pipelines-abcdefghijkl-{'x' * 29}-0123456789"),
        # Cut where a hyphen stands: two in a row are in no name.
        (f"{'x' * 28}-yz", f"pipelines-abcdefghijkl-{'x' * 28}-0123456789"),
    ],
)
def test_what_a_step_makes_is_named_after_it_in_63_characters(step: str, name: str) -> None:
    assert made_name("pipeline/execution/abcdefghijkl", step, "0123456789") == name
    assert len(name) <= 63


def test_a_name_of_ones_own_is_what_each_job_begins_with(ticking: Ticking) -> None:
    step = processing("Step")
    step["Arguments"]["ProcessingJobName"] = "nightly"
    execution = ticking.start(step)

    ticking.tick(execution)

    identity = execution.name.rpartition("/")[2]
    assert ticking.job(execution, "Step").name.startswith(f"nightly-{identity}-")
