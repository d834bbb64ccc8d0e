"""Executions: started, described, listed, stopped, retried, updated, in SageMaker's own texts."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.control_plane import ControlPlane
from tests.support.pipeline_plane import PipelinePlane, callback_step, create, definition, key, start
from tests.support.registry import PREFIX, refused

ARN = f"{PREFIX}:pipeline/Bank"
MISSING = f"{ARN}/execution/000000000000"
TOKEN = "t" * 32
PARAMETERS = [
    {"Name": "Rows", "Type": "Integer", "DefaultValue": 10},
    {"Name": "Input", "Type": "String"},
    {"Name": "Full", "Type": "Boolean", "DefaultValue": True},
]


@pytest.fixture
def bank(sagemaker: Any, pipelines: PipelinePlane) -> Any:
    """The client, once there is a pipeline whose parameter `Input` must be given."""
    create(
        sagemaker,
        PipelineDefinition=definition(callback_step("Wait"), parameters=PARAMETERS),
        ParallelismConfiguration={"MaxParallelExecutionSteps": 4},
    )
    return sagemaker


def begin(sagemaker: Any, **parameters: Any) -> str:
    """An execution with the one value that must be given, by the pipeline's ARN."""
    given = {"PipelineParameters": [{"Name": "Input", "Value": "s3://b/rows"}], **parameters}
    return start(sagemaker, ARN, **given)


def moment(plane: ControlPlane) -> datetime:
    return datetime.fromtimestamp(plane.clock.seconds, UTC)


def test_an_execution_is_at_work_once_it_has_been_started(
    bank: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    plane.clock.move(0.25)
    arn = begin(bank)

    # Ids of AWS's executions are twelve letters and digits (developer guide, events: p4jn9xou8a8s).
    assert re.fullmatch(rf"{ARN}/execution/[a-z0-9]{{12}}", arn)
    assert pipelines.submitted == [key(arn)]
    described = bank.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineArn"] == ARN
    assert described["PipelineExecutionStatus"] == "Executing"
    # What AWS calls an execution without a name: execution- and the milliseconds of its start.
    assert described["PipelineExecutionDisplayName"] == "execution-1700000000250"
    assert described["CreationTime"] == described["LastModifiedTime"] == moment(plane)
    assert described["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 4}
    assert {"PipelineExecutionDescription", "FailureReason", "SelectiveExecutionConfig"} & {
        *described
    } == set()
    assert bank.describe_pipeline(PipelineName="Bank")["LastRunTime"] == moment(plane)
    # To run a pipeline is not to modify it.
    pipeline = bank.list_pipelines()["PipelineSummaries"][0]
    assert pipeline["LastExecutionTime"] == moment(plane)
    assert pipeline["LastModifiedTime"] < moment(plane)


def test_a_request_names_describes_and_limits_its_execution(bank: Any) -> None:
    arn = begin(
        bank,
        PipelineExecutionDisplayName="nightly",
        PipelineExecutionDescription="of the night",
        ParallelismConfiguration={"MaxParallelExecutionSteps": 1},
    )

    described = bank.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineExecutionDisplayName"] == "nightly"
    assert described["PipelineExecutionDescription"] == "of the night"
    assert described["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 1}


def test_all_that_an_executor_needs_stays_with_the_execution(
    bank: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    arn = begin(bank)

    bank.update_pipeline(
        PipelineName="Bank",
        PipelineDefinition=definition(),
        RoleArn="arn:aws:iam::123456789012:role/another",
    )

    execution = plane.store.get(key(arn))
    assert execution is not None
    assert execution.internal["role_arn"].endswith("role/pipelines")
    assert execution.internal["definition"] == definition(callback_step("Wait"), parameters=PARAMETERS)
    answer = bank.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    assert answer["PipelineDefinition"] == execution.internal["definition"]
    assert answer["CreationTime"] == bank.describe_pipeline(PipelineName="Bank")["CreationTime"]


def test_parameters_are_listed_with_their_defaults_as_texts(bank: Any) -> None:
    arn = begin(
        bank,
        PipelineParameters=[{"Name": "Full", "Value": "false"}, {"Name": "Input", "Value": "s3://b/rows"}],
    )

    def listed(**parameters: Any) -> Any:
        return bank.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn, **parameters)

    values = [(one["Name"], one["Value"]) for one in listed()["PipelineParameters"]]
    assert values == [("Rows", "10"), ("Input", "s3://b/rows"), ("Full", "false")]
    first = listed(MaxResults=2)
    rest = listed(MaxResults=2, NextToken=first["NextToken"])
    assert first["PipelineParameters"] + rest["PipelineParameters"] == listed()["PipelineParameters"]
    assert "NextToken" not in rest


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"PipelineParameters": []}, "'Input' has no default"),
        ({"PipelineParameters": [{"Name": "Imput", "Value": "x"}]}, "no parameter 'Imput'"),
        (
            {"PipelineParameters": [{"Name": "Input", "Value": "x"}, {"Name": "Rows", "Value": "many"}]},
            "'Rows' takes a whole number",
        ),
        # The model's text: "You can't specify it for a pipeline that you create".
        ({"RoleArn": "arn:aws:iam::123456789012:role/other"}, "RoleArn cannot be given"),
        ({"MlflowExperimentName": "rows"}, "MlflowExperimentName is not implemented"),
    ],
)
def test_an_execution_that_could_not_run_is_not_started(
    bank: Any, pipelines: PipelinePlane, parameters: dict[str, Any], told: str
) -> None:
    given = {"PipelineParameters": [{"Name": "Input", "Value": "x"}], **parameters}

    code, message = refused(bank.start_pipeline_execution, PipelineName="Bank", **given)

    assert code == "ValidationException"
    assert told in message
    assert pipelines.submitted == []
    assert bank.list_pipeline_executions(PipelineName="Bank")["PipelineExecutionSummaries"] == []
    assert "LastRunTime" not in bank.describe_pipeline(PipelineName="Bank")


def test_a_token_starts_one_execution_however_often_it_is_sent(bank: Any, plane: ControlPlane) -> None:
    arn = begin(bank, ClientRequestToken=TOKEN)
    plane.clock.move(60)
    # What has come since does not make the repetition another request.
    bank.update_pipeline(PipelineName="Bank", PipelineDefinition=definition())

    assert begin(bank, ClientRequestToken=TOKEN) == arn
    assert len(bank.list_pipeline_executions(PipelineName="Bank")["PipelineExecutionSummaries"]) == 1
    code, message = refused(
        bank.start_pipeline_execution, PipelineName="Bank", ClientRequestToken=TOKEN, PipelineParameters=[]
    )
    assert code == "ConflictException"
    assert TOKEN in message


def test_an_execution_that_is_not_there(bank: Any) -> None:
    for name in (
        "describe_pipeline_execution",
        "describe_pipeline_definition_for_execution",
        "list_pipeline_execution_steps",
        "list_pipeline_parameters_for_execution",
        "stop_pipeline_execution",
        "retry_pipeline_execution",
        "update_pipeline_execution",
    ):
        assert refused(getattr(bank, name), PipelineExecutionArn=MISSING) == (
            "ResourceNotFound",
            f"Pipeline execution '{MISSING}' does not exist.",
        )
    assert refused(bank.list_pipeline_execution_steps) == (
        "ValidationException",
        "1 validation error detected: Value null at 'pipelineExecutionArn' failed to satisfy constraint: "
        "Member must not be null",
    )


def test_stopping_waits_for_whoever_is_at_work(bank: Any, pipelines: PipelinePlane) -> None:
    arn = begin(bank)

    answer = bank.stop_pipeline_execution(PipelineExecutionArn=arn)

    assert answer["PipelineExecutionArn"] == arn

    assert bank.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"] == "Stopping"
    assert pipelines.submitted == [key(arn)] * 2


@pytest.mark.parametrize("status", ["Stopping", "Stopped", "Failed", "Succeeded"])
def test_what_is_not_at_work_cannot_be_stopped(bank: Any, pipelines: PipelinePlane, status: str) -> None:
    arn = begin(bank)
    bank.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    pipelines.end(arn, status)

    code, message = refused(bank.stop_pipeline_execution, PipelineExecutionArn=arn)

    # Apache Airflow's SageMakerHook.stop_pipeline asks for the code and this sentence.
    assert code == "ValidationException"
    assert message.endswith(f"status '{status}'. Only pipelines with 'Executing' status can be stopped.")
    # The repetition of the request that stopped it is no new one.
    bank.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    assert bank.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"] == status


@pytest.mark.parametrize("status", ["Failed", "Stopped", "CompletedWithFailures"])
def test_a_retry_puts_an_execution_to_work_again_in_another_round(
    bank: Any, pipelines: PipelinePlane, plane: ControlPlane, status: str
) -> None:
    arn = begin(bank)
    pipelines.end(arn, status, FailureReason="Step failure: Wait")
    pipelines.submitted.clear()

    for _ in range(2):
        bank.retry_pipeline_execution(
            PipelineExecutionArn=arn,
            ParallelismConfiguration={"MaxParallelExecutionSteps": 2},
            ClientRequestToken=TOKEN,
        )

    described = bank.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineExecutionStatus"] == "Executing"
    assert described["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 2}
    assert "FailureReason" not in described
    execution = plane.store.get(key(arn))
    assert execution is not None
    assert execution.internal["round"] == 1
    assert set(pipelines.submitted) == {key(arn)}


@pytest.mark.parametrize("status", ["Executing", "Succeeded"])
def test_what_has_not_failed_is_not_retried(bank: Any, pipelines: PipelinePlane, status: str) -> None:
    arn = begin(bank)
    pipelines.end(arn, status)

    code, message = refused(bank.retry_pipeline_execution, PipelineExecutionArn=arn)

    assert code == "ValidationException"
    assert f"status '{status}'" in message


def test_what_a_fail_step_has_ended_is_not_retried(
    bank: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    arn = begin(bank)
    step = pipelines.step(arn, "Stop", "Failed")
    plane.store.transition(step, lambda present: present.with_internal({"type": "Fail"}))
    pipelines.end(arn, "Failed")

    code, message = refused(bank.retry_pipeline_execution, PipelineExecutionArn=arn)

    # Developer guide, "Fail step".
    assert code == "ValidationException"
    assert "Fail step 'Stop'" in message


def test_an_execution_is_renamed_and_widened_while_it_runs(
    bank: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    arn = begin(bank)
    plane.clock.move(60)

    bank.update_pipeline_execution(
        PipelineExecutionArn=arn,
        PipelineExecutionDisplayName="renamed",
        PipelineExecutionDescription="described",
        ParallelismConfiguration={"MaxParallelExecutionSteps": 9},
    )

    described = bank.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineExecutionDisplayName"] == "renamed"
    assert described["PipelineExecutionDescription"] == "described"
    assert described["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 9}
    assert described["LastModifiedTime"] == moment(plane)
    # More steps may begin now.
    assert pipelines.submitted == [key(arn)] * 2


def test_executions_are_listed_newest_first_with_their_reasons(
    bank: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    arns = []
    for _ in range(3):
        arns.append(begin(bank, PipelineExecutionDescription="of a day"))
        plane.clock.move(86400)
    pipelines.end(arns[0], "Failed", FailureReason="Step failure: Wait")

    def listed(**parameters: Any) -> list[str]:
        found = bank.list_pipeline_executions(PipelineName="Bank", **parameters)["PipelineExecutionSummaries"]
        return [summary["PipelineExecutionArn"] for summary in found]

    assert listed() == arns[::-1]
    assert listed(SortOrder="Ascending") == arns
    assert listed(SortBy="PipelineExecutionArn", SortOrder="Ascending") == sorted(arns)
    assert listed(CreatedAfter=1_700_000_001, CreatedBefore=1_700_100_000) == [arns[1]]
    first = bank.list_pipeline_executions(PipelineName="Bank", MaxResults=2)
    assert listed(MaxResults=2, NextToken=first["NextToken"]) == [arns[0]]
    oldest = bank.list_pipeline_executions(PipelineName="Bank")["PipelineExecutionSummaries"][-1]
    assert oldest["PipelineExecutionStatus"] == "Failed"
    assert oldest["PipelineExecutionFailureReason"] == "Step failure: Wait"
    assert oldest["PipelineExecutionDescription"] == "of a day"
    assert oldest["StartTime"] == datetime.fromtimestamp(1_700_000_000, UTC)


def test_steps_are_listed_last_one_first_and_all_at_once(
    bank: Any, pipelines: PipelinePlane, plane: ControlPlane
) -> None:
    arn, other = begin(bank), begin(bank)
    names = [f"step-{number}" for number in range(12)]
    for name in names:
        plane.clock.move(1)
        pipelines.step(arn, name, "Executing")
    pipelines.step(other, "step-0", "Succeeded")

    def listed(**parameters: Any) -> list[str]:
        found = bank.list_pipeline_execution_steps(PipelineExecutionArn=arn, **parameters)
        return [step["StepName"] for step in found["PipelineExecutionSteps"]]

    # list_steps as the developer guide has recorded it ("Run a pipeline"): the last step stands first.
    # The SDK takes the one page that it asks for, without a size, for all.
    assert listed() == names[::-1]
    assert listed(SortOrder="Ascending") == names
    first = bank.list_pipeline_execution_steps(PipelineExecutionArn=arn, MaxResults=10)
    assert listed(MaxResults=10, NextToken=first["NextToken"]) == ["step-1", "step-0"]
