"""The answers that a Callback step waits for."""

from typing import Any

import pytest
from slipway.resources.resource import Key, Kind

from tests.support.control_plane import ControlPlane
from tests.support.pipeline_plane import PipelinePlane, callback_step, create, definition, key, start
from tests.support.registry import refused

CALLBACK_TOKEN, OTHER_CALLBACK_TOKEN = "abcdefghi1", "abcdefghi2"
TOKEN = "t" * 32
OUTPUTS = [{"Name": "out", "Value": "7"}]


@pytest.fixture
def execution(sagemaker: Any, pipelines: PipelinePlane) -> str:
    """An execution whose step `Wait` waits with CALLBACK_TOKEN."""
    create(sagemaker, PipelineDefinition=definition(callback_step("Wait")))
    arn = start(sagemaker)
    callback = {"CallbackToken": CALLBACK_TOKEN, "SqsQueueUrl": "http://queue"}
    pipelines.step(arn, "Wait", "Executing", CALLBACK_TOKEN, Metadata={"Callback": callback})
    pipelines.submitted.clear()
    return arn


def step_of(sagemaker: Any, execution: str) -> Any:
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution)
    return steps["PipelineExecutionSteps"][0]


def test_success_ends_the_step_with_its_outputs(
    sagemaker: Any, pipelines: PipelinePlane, plane: ControlPlane, execution: str
) -> None:
    plane.clock.move(60)

    answer = sagemaker.send_pipeline_execution_step_success(
        CallbackToken=CALLBACK_TOKEN, OutputParameters=OUTPUTS
    )

    step = step_of(sagemaker, execution)
    assert answer["PipelineExecutionArn"] == execution
    assert step["StepStatus"] == "Succeeded"
    assert step["Metadata"]["Callback"] == {
        "CallbackToken": CALLBACK_TOKEN,
        "SqsQueueUrl": "http://queue",
        "OutputParameters": OUTPUTS,
    }
    assert (step["EndTime"] - step["StartTime"]).total_seconds() == 60
    assert pipelines.submitted == [key(execution)]


def test_failure_ends_the_step_with_its_reason(
    sagemaker: Any, pipelines: PipelinePlane, execution: str
) -> None:
    sagemaker.send_pipeline_execution_step_failure(CallbackToken=CALLBACK_TOKEN, FailureReason="no rows")

    step = step_of(sagemaker, execution)
    assert (step["StepStatus"], step["FailureReason"]) == ("Failed", "no rows")
    assert "EndTime" in step
    assert pipelines.submitted == [key(execution)]


def test_a_callback_is_answered_while_its_execution_stops(
    sagemaker: Any, pipelines: PipelinePlane, plane: ControlPlane, execution: str
) -> None:
    sagemaker.stop_pipeline_execution(PipelineExecutionArn=execution)
    owner, name = key(execution).owner, key(execution).name
    step = Key(owner, Kind.PIPELINE_STEP, f"{name}/Wait")
    plane.store.transition(step, lambda present: present.in_status("Stopping"))

    # StopPipelineExecution: "Only when SageMaker Pipelines receives one of these calls will it stop".
    sagemaker.send_pipeline_execution_step_success(CallbackToken=CALLBACK_TOKEN)

    assert step_of(sagemaker, execution)["StepStatus"] == "Succeeded"


@pytest.mark.parametrize(
    "name", ["send_pipeline_execution_step_success", "send_pipeline_execution_step_failure"]
)
def test_a_callback_is_answered_once(
    sagemaker: Any, pipelines: PipelinePlane, execution: str, name: str
) -> None:
    sagemaker.send_pipeline_execution_step_success(CallbackToken=CALLBACK_TOKEN, OutputParameters=OUTPUTS)

    for token in (CALLBACK_TOKEN, OTHER_CALLBACK_TOKEN):
        code, message = refused(getattr(sagemaker, name), CallbackToken=token)
        assert code == "ResourceNotFound"
        assert token in message
    assert step_of(sagemaker, execution)["Metadata"]["Callback"]["OutputParameters"] == OUTPUTS


def test_the_repetition_of_an_answer_is_answered(
    sagemaker: Any, pipelines: PipelinePlane, execution: str
) -> None:
    def succeed(**parameters: Any) -> Any:
        return sagemaker.send_pipeline_execution_step_success(
            CallbackToken=CALLBACK_TOKEN, ClientRequestToken=TOKEN, **parameters
        )

    succeed(OutputParameters=OUTPUTS)

    assert succeed(OutputParameters=OUTPUTS)["PipelineExecutionArn"] == execution
    assert refused(succeed, OutputParameters=[])[0] == "ConflictException"
