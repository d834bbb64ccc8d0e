"""Pipelines that are stopped, and those that wait for somebody's answer."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.emulator_jobs import Jobs
from tests.support.emulator_pipelines import Document, Pipelines, condition, get, token

UNTIL_STOPPED = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


@pytest.fixture(scope="module")
def pipelines(emulator: Emulator, preprocess_image: str) -> Pipelines:
    """Pipelines of the session's own emulator."""
    return Pipelines(Jobs(emulator, preprocess_image))


@pytest.fixture
def queue(pipelines: Pipelines) -> str:
    """The URL of a queue of LocalStack's."""
    url: str = pipelines.emulator.localstack.client("sqs").create_queue(QueueName=f"q-{uuid4().hex[:8]}")[
        "QueueUrl"
    ]
    return url


def callback(name: str, queue: str, *outputs: tuple[str, str], **arguments: Any) -> Document:
    """A step that tells a queue and waits."""
    return {
        "Name": name,
        "Type": "Callback",
        "SqsQueueUrl": queue,
        "Arguments": arguments,
        "OutputParameters": [{"OutputName": output, "OutputType": kind} for output, kind in outputs],
    }


def message(pipelines: Pipelines, queue: str) -> Document:
    """The next message on a queue."""
    sqs = pipelines.emulator.localstack.client("sqs")

    def received() -> Document | None:
        messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", ())
        for found in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=found["ReceiptHandle"])
            body: Document = json.loads(found["Body"])
            return body
        return None

    return wait_until(received, "a message")


def answer(pipelines: Pipelines, callback_token: str, **outputs: str) -> None:
    """Say that a callback is done."""
    given = [{"Name": name, "Value": value} for name, value in outputs.items()]
    pipelines.sagemaker.send_pipeline_execution_step_success(
        CallbackToken=callback_token, OutputParameters=given, ClientRequestToken=token()
    )


def test_a_stop_reaches_the_jobs_and_nothing_new_begins(pipelines: Pipelines) -> None:
    running = [pipelines.processing("Process", UNTIL_STOPPED), pipelines.training("Train", UNTIL_STOPPED)]
    last = pipelines.processing("Last", "true", "Process", "Train")
    execution = pipelines.start(pipelines.create(*running, last))
    containers = [execution.running(step) for step in ("Process", "Train")]

    execution.stop()

    assert execution.ended() == "Stopped"
    assert execution.statuses() == {"Process": "Stopped", "Train": "Stopped"}
    left = {each.id for each in pipelines.emulator.job_containers()}
    assert left.isdisjoint(container.id for container in containers)
    assert pipelines.starts(execution) == {"Process": 1, "Train": 1}


def test_an_execution_that_was_stopped_can_be_taken_up_again(pipelines: Pipelines) -> None:
    key = f"stopped-{uuid4().hex[:8]}/"
    pipelines.jobs.put({f"{key}wait": ""})
    inputs = {"ProcessingInputs": [pipelines.jobs.processing_input("in", key)]}
    command = f"test ! -e /opt/ml/processing/in/wait || {{ {UNTIL_STOPPED} }}"
    step = pipelines.processing("Step", command.replace("done }", "done; }"), arguments=inputs)
    execution = pipelines.start(pipelines.create(step))
    execution.running("Step")
    execution.stop()
    assert execution.ended() == "Stopped"

    pipelines.emulator.s3.delete_object(Bucket=pipelines.emulator.bucket, Key=f"{key}wait")
    pipelines.jobs.put({f"{key}x": ""})
    execution.retry()

    assert execution.succeeded()["Step"]["AttemptCount"] == 2
    assert pipelines.starts(execution) == {"Step": 2}


def test_a_callback_waits_for_its_answer_and_later_steps_see_it(pipelines: Pipelines, queue: str) -> None:
    ask = callback("Ask", queue, ("score", "Float"), ("who", "String"), limit=get("Parameters.Limit"))
    scored = get("Steps.Ask.OutputParameters['score']")
    use = pipelines.processing(
        "Use", "true", arguments={"Environment": {"WHO": get("Steps.Ask.OutputParameters['who']")}}
    )
    parameters = [{"Name": "Limit", "Type": "Integer", "DefaultValue": 7}]
    execution = pipelines.start(
        pipelines.create(ask, condition("IsGood", scored, 0.5, [use]), parameters=parameters)
    )

    told = message(pipelines, queue)
    waiting = execution.step_in("Ask", "Executing")
    answer(pipelines, told["token"], score="0.75", who="somebody")

    # Contracts, 6.2.
    assert told == {
        "token": waiting["Metadata"]["Callback"]["CallbackToken"],
        "pipelineExecutionArn": execution.arn,
        "arguments": {"limit": 7},
        "status": "Executing",
    }
    assert waiting["Metadata"]["Callback"]["SqsQueueUrl"] == queue
    steps = execution.succeeded()
    assert steps["IsGood"]["Metadata"] == {"Condition": {"Outcome": "True"}}
    used = pipelines.sagemaker.describe_processing_job(ProcessingJobName=execution.job("Use"))
    assert used["Environment"] == {"WHO": "somebody"}
    outputs = steps["Ask"]["Metadata"]["Callback"]["OutputParameters"]
    assert outputs == [{"Name": "score", "Value": "0.75"}, {"Name": "who", "Value": "somebody"}]


def test_a_callback_may_fail_the_execution(pipelines: Pipelines, queue: str) -> None:
    execution = pipelines.start(pipelines.create(callback("Ask", queue)))

    pipelines.sagemaker.send_pipeline_execution_step_failure(
        CallbackToken=message(pipelines, queue)["token"],
        FailureReason="not today",
        ClientRequestToken=token(),
    )

    assert execution.ended() == "Failed"
    assert execution.steps()["Ask"]["FailureReason"] == "not today"


def test_a_stop_waits_for_the_answer_to_a_callback(pipelines: Pipelines, queue: str) -> None:
    execution = pipelines.start(pipelines.create(callback("Ask", queue)))
    first = message(pipelines, queue)
    execution.step_in("Ask", "Executing")

    execution.stop()
    second = message(pipelines, queue)
    status_before_the_answer = execution.status
    answer(pipelines, first["token"])

    assert second == first | {"status": "Stopping"}
    assert status_before_the_answer == "Stopping"
    assert execution.ended() == "Stopped"


def test_a_queue_that_does_not_exist_fails_the_step_in_words(pipelines: Pipelines, queue: str) -> None:
    execution = pipelines.run(callback("Ask", f"{queue}-none"))

    reason = execution.steps()["Ask"]["FailureReason"]
    assert reason.startswith("ClientError: Failed to invoke sqs:SendMessage. Error Details: ")
    assert "queue" in reason
