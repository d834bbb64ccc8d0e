"""Expected shapes: developer guide, "Events that Amazon SageMaker AI sends to Amazon EventBridge"."""

from typing import Any

import pytest
from slipway.events.state_change import event_of, events_of, resources_of
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.store.store import Event

OWNER = Owner("123456789012", "us-east-1")
PIPELINE = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/myPipeline-123"
EXECUTION = f"{PIPELINE}/execution/p4jn9xou8a8s"
EXECUTION_NAME = "myPipeline-123/execution/p4jn9xou8a8s"
# 2021-03-15T16:03:13Z and 16:10:10Z, the guide's.
START, END = 1615824193.0, 1615824610.0


def execution(status: str, **more: Any) -> Resource:
    document = {
        "PipelineArn": PIPELINE,
        "PipelineExecutionArn": EXECUTION,
        "PipelineExecutionDisplayName": "SomeDisplayName",
        "PipelineExecutionDescription": "SomeDescription",
        "PipelineExecutionStatus": status,
        "CreationTime": START,
        "LastModifiedTime": END,
        **more,
    }
    return Resource(Key(OWNER, Kind.PIPELINE_EXECUTION, EXECUTION_NAME), START, END, status, document)


def step(status: str, **more: Any) -> Resource:
    document = {"StepName": "myprocessingstep1", "StepStatus": status, "StartTime": START + 1, **more}
    key = Key(OWNER, Kind.PIPELINE_STEP, f"{EXECUTION_NAME}/myprocessingstep1")
    return Resource(key, START, END, status, document, {"type": "Processing"})


def told(before: Resource | None, after: Resource) -> Event:
    event = event_of(before, after)
    assert event is not None
    return event


def test_an_execution_that_has_ended_is_told_as_the_guide_shows_it() -> None:
    event = told(execution("Executing"), execution("Succeeded"))

    assert event.source == "aws.sagemaker"
    assert event.detail_type == "SageMaker Model Building Pipeline Execution Status Change"
    assert event.detail == {
        "pipelineExecutionDisplayName": "SomeDisplayName",
        "currentPipelineExecutionStatus": "Succeeded",
        "previousPipelineExecutionStatus": "Executing",
        "executionStartTime": "2021-03-15T16:03:13Z",
        "executionEndTime": "2021-03-15T16:10:10Z",
        "pipelineExecutionDescription": "SomeDescription",
        "pipelineArn": PIPELINE,
        "pipelineExecutionArn": EXECUTION,
    }


def test_an_execution_that_runs_has_no_end_and_a_new_one_nothing_before() -> None:
    begun = told(None, execution("Executing")).detail
    stopping = told(execution("Executing"), execution("Stopping")).detail

    assert {"executionEndTime", "previousPipelineExecutionStatus"} & begun.keys() == set()
    assert "executionEndTime" not in stopping
    assert stopping["previousPipelineExecutionStatus"] == "Executing"


def test_an_execution_that_is_renamed_is_not_told() -> None:
    assert events_of(execution("Failed"), execution("Failed", PipelineExecutionDescription="x")) == ()


def test_a_step_is_told_as_the_guide_shows_it_from_its_row_alone() -> None:
    job = "arn:aws:sagemaker:us-east-1:123456789012:processing-job/pipelines-p4jn9xou8a8s-x"
    after = step("Succeeded", EndTime=END - 1, Metadata={"ProcessingJob": {"Arn": job}})

    event = told(step("Executing"), after)

    assert event.detail_type == "SageMaker Model Building Pipeline Execution Step Status Change"
    assert event.detail == {
        "metadata": {"processingJob": {"arn": job}},
        "stepStartTime": "2021-03-15T16:03:14Z",
        "stepEndTime": "2021-03-15T16:10:09Z",
        "stepName": "myprocessingstep1",
        "stepType": "Processing",
        "previousStepStatus": "Executing",
        "currentStepStatus": "Succeeded",
        "pipelineArn": PIPELINE,
        "pipelineExecutionArn": EXECUTION,
    }


def test_a_steps_reason_cache_hit_and_lists_are_told_in_camel_case() -> None:
    failed = told(step("Executing"), step("Failed", FailureReason="no rows")).detail
    hit = told(step("Starting"), step("Succeeded", CacheHitResult={"SourcePipelineExecutionArn": EXECUTION}))
    outputs = [{"Name": "Out", "Value": "Seven"}]
    answered = told(
        step("Executing"), step("Succeeded", Metadata={"Callback": {"OutputParameters": outputs}})
    )

    assert failed["failureReason"] == "no rows"
    assert hit.detail["cacheHitResult"] == {"sourcePipelineExecutionArn": EXECUTION}
    assert answered.detail["metadata"] == {
        "callback": {"outputParameters": [{"name": "Out", "value": "Seven"}]}
    }


@pytest.mark.parametrize("after", [execution("Succeeded"), step("Succeeded")])
def test_both_list_the_pipeline_and_the_execution(after: Resource) -> None:
    detail = told(None, after).detail

    assert resources_of(after.arn, detail) == [PIPELINE, EXECUTION]


def test_other_events_list_their_resource() -> None:
    assert resources_of("arn:x", {"TrainingJobArn": "arn:x"}) == ["arn:x"]
