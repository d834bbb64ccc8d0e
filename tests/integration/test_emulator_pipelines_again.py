"""What pipelines do once more and what they do not: caching, retries, RetryPipelineExecution, selections."""

import json
from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests.support.emulator import Emulator
from tests.support.emulator_jobs import Jobs, cluster
from tests.support.emulator_pipelines import WAITS, Document, Execution, Pipelines, condition, fail, get

CACHED = {"Enabled": True, "ExpireAfter": "PT1H"}
ONCE_MORE = {"IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 1}
EVERY_EXCEPTION = [
    "Step.SERVICE_FAULT",
    "Step.THROTTLING",
    "SageMaker.JOB_INTERNAL_ERROR",
    "SageMaker.CAPACITY_ERROR",
    "SageMaker.RESOURCE_LIMIT",
]


@pytest.fixture(scope="module")
def pipelines(emulator: Emulator, preprocess_image: str) -> Pipelines:
    """Pipelines of the session's own emulator."""
    return Pipelines(Jobs(emulator, preprocess_image))


def again(execution: Execution, pipeline: str, parameters: dict[str, str] | None = None) -> Execution:
    """One more execution, which has ended well."""
    after = execution.pipelines.start(pipeline, parameters)
    after.succeeded()
    return after


def advance(emulator: Emulator, duration: str) -> None:
    """Move the control plane's clock."""
    body = json.dumps({"Advance": duration}).encode()
    with urlopen(Request(f"{emulator.endpoint_url}/_slipway/clock", body), timeout=30) as answer:
        assert answer.status == 200


def retried(*exceptions: str, **members: Any) -> Document:
    return {"RetryPolicies": [ONCE_MORE | {"ExceptionType": list(exceptions)} | members]}


# -- caching ------------------------------------------------------------------


def test_the_same_work_is_not_done_again_and_its_outputs_are_those_of_before(pipelines: Pipelines) -> None:
    first_step = pipelines.processing(
        "First", "echo 1 > /opt/ml/processing/out/a", outputs={"out": "cached"}, CacheConfig=CACHED
    )
    result = get("Steps.First.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri")
    train = pipelines.training("Train", "true", CacheConfig=CACHED)
    train["Arguments"]["HyperParameters"] = {"data": result, "depth": get("Parameters.Depth")}
    parameters = [{"Name": "Depth", "Type": "String", "DefaultValue": "3"}]
    pipeline = pipelines.create(first_step, train, parameters=parameters)
    first = pipelines.start(pipeline)
    first.succeeded()

    second = again(first, pipeline)
    third = again(first, pipeline, {"Depth": "4"})

    assert pipelines.starts(first) == {"First": 1, "Train": 1}
    assert pipelines.starts(second) == {}
    assert pipelines.starts(third) == {"Train": 1}
    hit = {"SourcePipelineExecutionArn": first.arn}
    assert [step["CacheHitResult"] for step in second.steps().values()] == [hit, hit]
    assert {name: "CacheHitResult" in step for name, step in third.steps().items()} == {
        "First": True,
        "Train": False,
    }
    assert second.steps()["First"]["Metadata"] == first.steps()["First"]["Metadata"]


def test_another_pipeline_or_step_or_a_failure_is_no_cached_result(pipelines: Pipelines) -> None:
    flag = pipelines.jobs.uri("flag/")
    pipelines.jobs.put({"flag/x": ""})
    inputs = {"ProcessingInputs": [pipelines.jobs.processing_input("flag", "flag/")]}
    step = pipelines.processing(
        "Step", "test -e /opt/ml/processing/flag/go", arguments=inputs, CacheConfig=CACHED
    )
    pipeline = pipelines.create(step)
    failed = pipelines.start(pipeline)
    assert failed.ended() == "Failed"

    pipelines.jobs.put({"flag/go": ""})
    succeeded = again(failed, pipeline)
    elsewhere = pipelines.run(step)
    renamed = pipelines.run(step | {"Name": "Other"})

    assert flag in str(step)
    assert [pipelines.starts(each) for each in (failed, succeeded, elsewhere)] == [{"Step": 1}] * 3
    assert pipelines.starts(renamed) == {"Other": 1}


def test_a_result_that_is_too_old_is_not_taken(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    emulator = emulator_with(SLIPWAY_ALLOW_RESET="1")
    pipelines = Pipelines(Jobs(emulator, preprocess_image))
    pipeline = pipelines.create(pipelines.processing("Step", "true", CacheConfig=CACHED))
    first = pipelines.start(pipeline)
    first.succeeded()

    advance(emulator, "3500s")
    young = again(first, pipeline)
    advance(emulator, "200s")
    old = again(first, pipeline)

    assert [pipelines.starts(each) for each in (first, young, old)] == [{"Step": 1}, {}, {"Step": 1}]


# -- retries ------------------------------------------------------------------


def test_a_job_that_aws_lost_is_started_again_where_a_policy_says_so(
    emulator_with: Callable[..., Emulator], preprocess_image: str
) -> None:
    pipelines = Pipelines(Jobs(emulator_with(), preprocess_image))
    with_policy = pipelines.processing("With", WAITS, **retried("SageMaker.JOB_INTERNAL_ERROR"))
    without = pipelines.processing("Without", WAITS)
    execution = pipelines.start(pipelines.create(with_policy, without))
    containers = [execution.running(step) for step in ("With", "Without")]

    # While nobody looks: one who does may see it end before it is gone.
    pipelines.emulator.kill()
    for container in containers:
        container.remove(force=True)
    pipelines.emulator.restart()
    execution.let_go("With")

    assert execution.ended() == "Failed"
    steps = execution.steps()
    assert execution.statuses() == {"With": "Succeeded", "Without": "Failed"}
    assert pipelines.starts(execution) == {"With": 2, "Without": 1}
    assert [steps[name]["AttemptCount"] for name in ("With", "Without")] == [2, 1]
    assert steps["Without"]["FailureReason"].startswith("ClientError: InternalServerError: ")
    # As recorded executions have it.
    assert steps["Without"]["FailureReason"].endswith(
        f"\nRetry not appropriate on execution of step with PipelineExecutionArn {execution.arn} and StepId "
        "Without. No retry policy configured for the exception type SAGEMAKER_JOB_INTERNAL_ERROR."
    )


def test_what_a_program_does_wrong_is_never_tried_again(pipelines: Pipelines) -> None:
    execution = pipelines.run(pipelines.processing("Step", "exit 7", **retried(*EVERY_EXCEPTION)))

    assert execution.statuses() == {"Step": "Failed"}
    assert pipelines.starts(execution) == {"Step": 1}
    assert execution.steps()["Step"]["AttemptCount"] == 1


def test_a_limit_is_met_as_often_as_the_policy_says(pipelines: Pipelines) -> None:
    too_many = {"ProcessingResources": {"ClusterConfig": cluster(21)}}
    policies = retried("SageMaker.RESOURCE_LIMIT", MaxAttempts=2)

    execution = pipelines.run(pipelines.processing("Step", "true", arguments=too_many, **policies))

    (step,) = execution.steps().values()
    assert step["AttemptCount"] == 3
    assert step["FailureReason"].startswith(
        "ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details: "
        "The account-level service limit 'ml.m5.large for processing job usage' is 20 Instances"
    )
    assert step["Metadata"] == {}
    assert pipelines.starts(execution) == {}


# -- RetryPipelineExecution ---------------------------------------------------


def test_an_execution_that_is_retried_does_only_what_is_left(pipelines: Pipelines) -> None:
    key = f"retried-{uuid4().hex[:8]}/"
    pipelines.jobs.put({f"{key}x": ""})
    inputs = {"ProcessingInputs": [pipelines.jobs.processing_input("in", key)]}
    done = pipelines.processing("Done", "true")
    broken = pipelines.processing("Broken", "test -e /opt/ml/processing/in/go", "Done", arguments=inputs)
    execution = pipelines.run(done, broken, pipelines.processing("Last", "true", "Broken"))
    assert execution.statuses() == {"Done": "Succeeded", "Broken": "Failed"}

    pipelines.jobs.put({f"{key}go": ""})
    execution.retry()

    steps = execution.succeeded()
    assert pipelines.starts(execution) == {"Done": 1, "Broken": 2, "Last": 1}
    assert steps["Broken"]["AttemptCount"] == 2
    assert "FailureReason" not in steps["Broken"]
    assert "FailureReason" not in execution.describe()


# -- selective execution ------------------------------------------------------


def test_a_selection_takes_from_its_source_what_it_does_not_do(pipelines: Pipelines) -> None:
    make = pipelines.processing("Make", "true", outputs={"out": "selected"})
    made = get("Steps.Make.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri")
    use = pipelines.processing("Use", "true", arguments={"Environment": {"MADE": made}})
    after = condition("After", get("Steps.Use.ProcessingJobStatus"), "Completed", [], [fail("Never")])
    pipeline = pipelines.create(make, use, after)
    source = pipelines.start(pipeline)
    source.succeeded()

    config = {"SourcePipelineExecutionArn": source.arn, "SelectedSteps": [{"StepName": "Use"}]}
    selective = pipelines.start(pipeline, SelectiveExecutionConfig=config)

    steps = selective.succeeded()
    assert list(steps) == ["Make", "Use"]
    assert steps["Make"]["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": source.arn}
    assert "SelectiveExecutionResult" not in steps["Use"]
    assert pipelines.starts(selective) == {"Use": 1}
    used = pipelines.sagemaker.describe_processing_job(ProcessingJobName=selective.job("Use"))
    assert used["Environment"] == {"MADE": pipelines.jobs.uri("selected")}


def test_what_was_selected_can_be_selected_from(pipelines: Pipelines) -> None:
    make = pipelines.processing("Make", "true", outputs={"out": "selected"})
    made = get("Steps.Make.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri")
    use = pipelines.processing("Use", "true", arguments={"Environment": {"MADE": made}})
    pipeline = pipelines.create(make, use)
    execution = pipelines.start(pipeline)
    for _ in range(2):
        execution.succeeded()
        config = {"SourcePipelineExecutionArn": execution.arn, "SelectedSteps": [{"StepName": "Use"}]}
        execution = pipelines.start(pipeline, SelectiveExecutionConfig=config)

    execution.succeeded()

    assert pipelines.starts(execution) == {"Use": 1}
