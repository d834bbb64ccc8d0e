"""Callback steps: the messages, and who is waited for."""

import pytest
from slipway.errors import ServiceUnavailable, ValidationException
from slipway.resources.document import Document
from slipway.resources.resource import Key, Kind
from slipway.store.query import Page, Query

from tests.support.emulator_pipelines import condition, get
from tests.support.pipeline_ticks import Ticking

QUEUE = "http://localhost:4566/123456789012/queue"
ASK = {
    "Name": "Ask",
    "Type": "Callback",
    "SqsQueueUrl": QUEUE,
    "Arguments": {"size": 3},
    "OutputParameters": [{"OutputName": "score", "OutputType": "Float"}],
}


@pytest.fixture
def execution(ticking: Ticking) -> Key:
    """An execution whose message is sent."""
    started = ticking.start(ASK, condition("Use", get("Steps.Ask.OutputParameters['score']"), 0.5))
    ticking.tick(started)
    ticking.tick_when_woken(started)
    return started


def token(ticking: Ticking, execution: Key) -> str:
    """The token of the step, as it is listed."""
    metadata: Document = ticking.steps(execution)["Ask"].document["Metadata"]
    found: str = metadata["Callback"]["CallbackToken"]
    return found


def answer(ticking: Ticking, execution: Key, score: str) -> None:
    """Say that the step is done."""
    outputs = [{"Name": "score", "Value": score}]
    ticking.client.send_pipeline_execution_step_success(
        CallbackToken=token(ticking, execution), OutputParameters=outputs
    )


def test_the_message_has_what_the_guide_says_and_is_sent_once(ticking: Ticking, execution: Key) -> None:
    ticking.tick(execution)

    assert ticking.statuses(execution) == {"Ask": "Executing"}
    # Contracts, 6.2.
    message = {
        "token": token(ticking, execution),
        "pipelineExecutionArn": execution.arn,
        "arguments": {"size": 3},
        "status": "Executing",
    }
    assert ticking.sent == [(QUEUE, message)]


@pytest.mark.parametrize(("score", "outcome"), [("0.5", "True"), ("0.25", "False")])
def test_the_answer_is_what_later_steps_see(
    ticking: Ticking, execution: Key, score: str, outcome: str
) -> None:
    answer(ticking, execution, score)

    assert ticking.tick(execution) == "Succeeded"
    assert ticking.steps(execution)["Use"].document["Metadata"] == {"Condition": {"Outcome": outcome}}


def test_an_output_of_another_type_fails_the_step_that_reads_it(ticking: Ticking, execution: Key) -> None:
    answer(ticking, execution, "high")

    assert ticking.tick(execution) == "Failed"
    reason = ticking.steps(execution)["Use"].document["FailureReason"]
    assert reason == "ClientError: output 'score' of step 'Ask' is declared Float, and is 'high'"


def test_a_message_that_a_dead_process_was_sending_is_sent_again_with_its_token(ticking: Ticking) -> None:
    execution = ticking.start(ASK)
    ticking.tick(execution)
    first = token(ticking, execution)

    ticking.restart()
    ticking.tick(execution)
    for _ in range(2):
        ticking.tick_when_woken(execution)

    assert [message["token"] for _, message in ticking.sent] == [first, first]


def test_a_stop_is_told_once_and_waits_for_the_answer(ticking: Ticking, execution: Key) -> None:
    ticking.client.stop_pipeline_execution(PipelineExecutionArn=execution.arn)
    ticking.tick(execution)
    ticking.tick_when_woken(execution)
    meanwhile = ticking.tick(execution)
    answer(ticking, execution, "1")

    assert meanwhile == "Stopping"
    assert ticking.tick(execution) == "Stopped"
    assert [message["status"] for _, message in ticking.sent] == ["Executing", "Stopping"]


def test_a_queue_that_is_away_is_told_later(ticking: Ticking) -> None:
    ticking.refusals["SendMessage"] = [ServiceUnavailable("no answer")]
    execution = ticking.start(ASK)
    ticking.tick(execution)
    ticking.tick_when_woken(execution)

    ticking.real_clock.move(60)
    ticking.tick(execution)
    ticking.tick_when_woken(execution)

    step = ticking.steps(execution)["Ask"]
    assert (step.status, step.document["AttemptCount"]) == ("Executing", 2)
    assert [message["token"] for _, message in ticking.sent] == [token(ticking, execution)]


def test_a_queue_that_is_not_there_fails_the_step(ticking: Ticking) -> None:
    ticking.refusals["SendMessage"] = [ValidationException("no such queue")]
    execution = ticking.start(ASK)
    ticking.tick(execution)

    assert ticking.tick_when_woken(execution) == "Failed"
    reason = ticking.steps(execution)["Ask"].document["FailureReason"]
    assert reason == "ClientError: Failed to invoke sqs:SendMessage. Error Details: no such queue"
    # Nobody can answer any more.
    assert ticking.store.page(
        execution.owner, Kind.PIPELINE_STEP, Query(label=token(ticking, execution))
    ) == Page((), None)


def test_a_message_that_was_sent_is_not_sent_again_after_a_restart(ticking: Ticking, execution: Key) -> None:
    ticking.restart()
    ticking.tick(execution)
    ticking.client.stop_pipeline_execution(PipelineExecutionArn=execution.arn)
    ticking.tick(execution)
    ticking.tick_when_woken(execution)

    ticking.restart()
    ticking.tick(execution)
    answer(ticking, execution, "1")

    assert ticking.tick(execution) == "Stopped"
    assert [message["status"] for _, message in ticking.sent] == ["Executing", "Stopping"]


def test_a_stop_that_comes_while_the_message_is_being_sent_is_told_after_it(ticking: Ticking) -> None:
    execution = ticking.start(ASK)
    ticking.tick(execution)
    ticking.client.stop_pipeline_execution(PipelineExecutionArn=execution.arn)
    for _ in range(2):
        ticking.tick_when_woken(execution)

    assert [message["status"] for _, message in ticking.sent] == ["Executing", "Stopping"]


def test_a_stop_ends_the_pause_before_another_message(ticking: Ticking) -> None:
    ticking.refusals["SendMessage"] = [ServiceUnavailable("no answer")]
    execution = ticking.start(ASK)
    ticking.tick(execution)
    ticking.tick_when_woken(execution)
    ticking.client.stop_pipeline_execution(PipelineExecutionArn=execution.arn)

    assert ticking.tick(execution) == "Stopped"
    assert ticking.statuses(execution) == {"Ask": "Stopped"}


def test_a_stop_does_not_wait_for_an_answer_to_a_message_that_never_went_out(ticking: Ticking) -> None:
    ticking.refusals["SendMessage"] = [ServiceUnavailable("no answer")]
    execution = ticking.start(ASK)
    ticking.tick(execution)
    ticking.client.stop_pipeline_execution(PipelineExecutionArn=execution.arn)

    assert ticking.tick_when_woken(execution) == "Stopped"
    assert ticking.sent == []
