"""Executions that are stopped, and those that are taken up again."""

from slipway.errors import ResourceLimitExceeded
from slipway.resources.resource import Key

from tests.support.pipeline_ticks import Ticking, processing


def stop(ticking: Ticking, execution: Key) -> None:
    ticking.client.stop_pipeline_execution(PipelineExecutionArn=execution.arn)


def retry(ticking: Ticking, execution: Key) -> None:
    ticking.client.retry_pipeline_execution(PipelineExecutionArn=execution.arn)


def test_a_stop_waits_for_the_jobs_that_were_told(ticking: Ticking) -> None:
    execution = ticking.start(processing("A"), processing("B", "A"))
    ticking.tick(execution)
    # As its executor marks a job whose containers are about to run: a stop is no longer at once.
    ticking.store.transition(ticking.job(execution, "A"), lambda job: job.with_internal({"begun": 1.0}))

    stop(ticking, execution)
    while_it_stops = (ticking.tick(execution), ticking.statuses(execution))
    ticking.end_job(execution, "A", "Stopped")

    assert while_it_stops == ("Stopping", {"A": "Stopping"})
    assert ticking.calls.count("StopProcessingJob") == 1
    assert ticking.tick_when_woken(execution) == "Stopped"
    assert ticking.statuses(execution) == {"A": "Stopped"}


def test_a_stop_that_comes_before_anything_began_leaves_no_step(ticking: Ticking) -> None:
    execution = ticking.start(processing("A"))
    stop(ticking, execution)

    assert ticking.tick(execution) == "Stopped"
    assert ticking.statuses(execution) == {}


def test_a_stop_ends_the_pause_before_another_attempt(ticking: Ticking) -> None:
    ticking.refusals["CreateProcessingJob"] = [ResourceLimitExceeded("there is no room")]
    policy = {"ExceptionType": ["SageMaker.RESOURCE_LIMIT"], "MaxAttempts": 2, "IntervalSeconds": 3600}
    execution = ticking.start(processing("A", RetryPolicies=[policy]))
    ticking.tick(execution)
    stop(ticking, execution)

    assert ticking.tick(execution) == "Stopped"
    assert ticking.statuses(execution) == {"A": "Stopped"}


def test_another_round_begins_what_failed_and_was_stopped_and_nothing_else(ticking: Ticking) -> None:
    execution = ticking.start(processing("Good"), processing("Bad"), processing("Last", "Good", "Bad"))
    ticking.tick(execution)
    ticking.end_job(execution, "Good")
    ticking.end_job(execution, "Bad", "Failed", "AlgorithmError: , exit code: 1")
    ticking.tick(execution)

    retry(ticking, execution)
    ticking.tick(execution)
    again = ticking.statuses(execution)
    ticking.end_job(execution, "Bad")
    ticking.tick(execution)
    ticking.end_job(execution, "Last")

    assert again == {"Good": "Succeeded", "Bad": "Executing"}
    assert ticking.tick(execution) == "Succeeded"
    counts = {name: row.document["AttemptCount"] for name, row in ticking.steps(execution).items()}
    assert counts == {"Good": 1, "Bad": 2, "Last": 1}


def test_another_round_keeps_to_the_limit_too(ticking: Ticking) -> None:
    limit = {"ParallelismConfiguration": {"MaxParallelExecutionSteps": 2}}
    execution = ticking.start(processing("A"), processing("B"), **limit)
    ticking.tick(execution)
    for name in "AB":
        ticking.end_job(execution, name, "Failed", "AlgorithmError: , exit code: 1")
    ticking.tick(execution)

    one = {"MaxParallelExecutionSteps": 1}
    ticking.client.retry_pipeline_execution(PipelineExecutionArn=execution.arn, ParallelismConfiguration=one)
    ticking.tick(execution)

    assert ticking.statuses(execution) == {"A": "Executing", "B": "Failed"}
