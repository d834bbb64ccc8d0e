"""Steps that fail: which are tried again and when, and what is told of the others."""

from slipway.errors import NotImplementedHere, ResourceLimitExceeded, ServiceUnavailable
from slipway.executors.pipeline.attempts import Attempts
from slipway.executors.pipeline.task import Failed, Task
from slipway.pipelines.definition import read_definition

from tests.support.emulator_pipelines import condition
from tests.support.pipeline_definitions import Values
from tests.support.pipeline_ticks import Ticking, processing

POLICY = {"ExceptionType": ["SageMaker.RESOURCE_LIMIT", "SageMaker.JOB_INTERNAL_ERROR"], "MaxAttempts": 2}
FULL = ResourceLimitExceeded("there is no room")


def test_a_refusal_that_a_policy_speaks_of_is_tried_again_when_its_pause_is_over(ticking: Ticking) -> None:
    ticking.refusals["CreateProcessingJob"] = [FULL]
    execution = ticking.start(processing("A", RetryPolicies=[POLICY | {"IntervalSeconds": 30}]))

    ticking.tick(execution)
    asked = list(ticking.timer.asked)
    ticking.real_clock.move(29)
    ticking.tick(execution)
    too_early = (ticking.statuses(execution), ticking.calls.count("CreateProcessingJob"))
    ticking.real_clock.move(1)
    ticking.tick(execution)

    assert asked == [(30, execution)]
    assert too_early == ({"A": "Starting"}, 1)
    (step,) = ticking.steps(execution).values()
    assert (step.status, step.document["AttemptCount"]) == ("Executing", 2)


def test_a_failed_job_that_is_tried_again_is_another_job(ticking: Ticking) -> None:
    execution = ticking.start(processing("A", RetryPolicies=[POLICY]))
    ticking.tick(execution)
    first = ticking.job(execution, "A")

    ticking.end_job(execution, "A", "Failed", "InternalServerError: We encountered an internal error.")
    ticking.tick(execution)
    ticking.real_clock.move(1)
    ticking.tick(execution)

    assert ticking.job(execution, "A") != first
    assert ticking.steps(execution)["A"].document["AttemptCount"] == 2


def test_attempts_come_to_an_end(ticking: Ticking) -> None:
    ticking.refusals["CreateProcessingJob"] = [FULL] * 3
    execution = ticking.start(processing("A", RetryPolicies=[POLICY]))

    for _ in range(3):
        ticking.tick(execution)
        ticking.real_clock.move(60)

    step = ticking.steps(execution)["A"].document
    assert (ticking.row(execution).status, step["AttemptCount"]) == ("Failed", 3)
    assert step["FailureReason"] == (
        "ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details: there is no room"
    )


def test_a_service_that_fails_is_asked_again_without_a_policy(ticking: Ticking) -> None:
    ticking.refusals["CreateProcessingJob"] = [ServiceUnavailable("not now")]
    execution = ticking.start(processing("A"))

    ticking.tick(execution)
    ticking.real_clock.move(60)
    ticking.tick(execution)

    assert ticking.statuses(execution) == {"A": "Executing"}


def test_what_is_not_implemented_is_not_asked_for_again(ticking: Ticking) -> None:
    ticking.refusals["CreateProcessingJob"] = [NotImplementedHere("sagemaker", "CreateProcessingJob")]
    execution = ticking.start(processing("A"))

    assert ticking.tick(execution) == "Failed"


def test_a_job_that_fails_while_all_is_to_stop_is_not_tried_again(ticking: Ticking) -> None:
    execution = ticking.start(processing("A", RetryPolicies=[POLICY]))
    ticking.tick(execution)
    ticking.client.stop_pipeline_execution(PipelineExecutionArn=execution.arn)
    ticking.end_job(execution, "A", "Failed", "InternalServerError: We encountered an internal error.")

    assert ticking.tick(execution) == "Stopped"
    assert ticking.statuses(execution) == {"A": "Failed"}


def test_a_step_that_somebody_has_ended_meanwhile_stays_as_it_is(ticking: Ticking) -> None:
    execution = ticking.start(processing("A"))
    ticking.tick(execution)
    row = ticking.steps(execution)["A"]
    ended_meanwhile = row.in_status("Succeeded")
    step = read_definition(ticking.row(execution).internal["definition"]).steps["A"]
    task = Task(ticking.row(execution), step, row, Values(), lambda *_: {})

    change, _ = Attempts(ticking.clock, ticking.real_clock, lambda: "next").after(task, Failed("too late"))

    assert change(ended_meanwhile) is ended_meanwhile


def test_siblings_of_a_failure_go_on_and_nothing_new_begins(ticking: Ticking) -> None:
    execution = ticking.start(processing("A"), processing("B"), processing("C", "B"))
    ticking.tick(execution)

    ticking.end_job(execution, "A", "Failed", "AlgorithmError: , exit code: 1")
    while_b_runs = ticking.tick(execution)
    ticking.end_job(execution, "B")

    assert while_b_runs == "Executing"
    assert ticking.tick(execution) == "Failed"
    assert ticking.statuses(execution) == {"A": "Failed", "B": "Succeeded"}


def test_a_fail_step_without_a_message_has_no_reason(ticking: Ticking) -> None:
    execution = ticking.start({"Name": "Stop", "Type": "Fail", "Arguments": {}})

    assert ticking.tick(execution) == "Failed"
    step = ticking.steps(execution)["Stop"].document
    # The SDK's integration tests (test_fail_steps) have both so.
    assert "FailureReason" not in step
    assert step["Metadata"] == {"Fail": {"ErrorMessage": ""}}


def test_a_reference_that_leads_nowhere_fails_the_step_that_has_it(ticking: Ticking) -> None:
    measured = {"Std:JsonGet": {"S3Uri": "s3://bucket/none.json", "Path": "a"}}
    execution = ticking.start(condition("Read", measured, 1))

    assert ticking.tick(execution) == "Failed"
    reason = ticking.steps(execution)["Read"].document["FailureReason"]
    assert reason == "ClientError: there is no s3://bucket/none.json"
