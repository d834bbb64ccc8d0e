"""Functions called without waiting, and what they and Lambda say, by S3's, SQS's and CloudWatch's account."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.functions import Functions


@pytest.fixture
def functions(emulator: Emulator, lambda_image: str) -> Iterator[Functions]:
    made = Functions(emulator)
    yield made
    made.delete_all()


# -- events -------------------------------------------------------------------


def test_an_event_is_acknowledged_and_has_its_effect(functions: Functions) -> None:
    name, bucket = functions.create(MemorySize=512, Timeout=30), functions.emulator.bucket

    answer = functions.invoke(name, {"put": [bucket, "by-an-event"]}, InvocationType="Event")

    assert (answer.status, answer.body) == (202, b"")
    listed = {"Bucket": bucket, "Prefix": "by-an-event"}
    wait_until(
        lambda: functions.emulator.s3.list_objects_v2(**listed).get("Contents"), "the event to be carried out"
    )


def test_an_event_that_fails_is_tried_three_times_then_sent_to_the_dead_letter_queue(
    emulator_with: Callable[..., Emulator], lambda_image: str
) -> None:
    functions = Functions(emulator_with(SLIPWAY_FUNCTION_RETRY_SECONDS="1"))
    sqs = functions.emulator.localstack.client("sqs")
    queue = {"QueueUrl": sqs.create_queue(QueueName=functions.emulator.bucket)["QueueUrl"]}
    arn = sqs.get_queue_attributes(**queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    name = functions.create(DeadLetterConfig={"TargetArn": arn})

    functions.invoke(name, {"raise": "never good"}, InvocationType="Event")

    def letter() -> Any:
        received = sqs.receive_message(**queue, MessageAttributeNames=["All"], WaitTimeSeconds=1)
        return received.get("Messages")

    [message] = wait_until(letter, "the dead letter")
    sqs.delete_queue(**queue)
    assert json.loads(message["Body"]) == {"raise": "never good"}
    assert "never good" in message["MessageAttributes"]["ErrorMessage"]["StringValue"]
    # Two more attempts under the same request id (developer guide, asynchronous invocation).
    started = [line for line in functions.lines(name, "REPORT", times=3) if line.startswith("START")]
    assert len(started) == 3
    assert len(set(started)) == 1


def test_an_acknowledged_event_survives_the_emulators_end(
    emulator_with: Callable[..., Emulator], lambda_image: str
) -> None:
    functions = Functions(emulator_with())
    bucket = functions.emulator.bucket
    name = functions.create(MemorySize=512, Timeout=30)

    for number in range(5):
        functions.invoke(name, {"put": [bucket, f"event-{number}"]}, InvocationType="Event")
    functions.emulator.kill()
    functions.emulator.restart()

    def all_there() -> bool | None:
        listed = functions.emulator.s3.list_objects_v2(Bucket=bucket, Prefix="event-")
        return True if len(listed.get("Contents", ())) == 5 else None

    wait_until(all_there, "every event to be carried out")


# -- logs ---------------------------------------------------------------------


def test_lines_are_in_cloudwatch_logs_between_lambdas_own(functions: Functions) -> None:
    name = functions.create()

    functions.invoke(name, {"first": 1})
    functions.invoke(name, {"second": 2})
    lines = functions.lines(name, "REPORT", times=2)

    words = [line.split()[0] for line in lines]
    assert words == ["START", "called", "END", "REPORT"] * 2
    assert "['first']" in lines[1]
    assert re.fullmatch(
        r"REPORT RequestId: [0-9a-f-]{36}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t",
        lines[3],
    )
    # A warm container has nothing to initialise.
    assert "Init Duration" not in lines[7]


def test_the_streams_name_has_the_day_the_version_and_the_container(functions: Functions) -> None:
    name = functions.create()
    said = functions.invoke(name).json["environment"]["AWS_LAMBDA_LOG_STREAM_NAME"]
    functions.lines(name, "REPORT")

    [stream] = functions.emulator.localstack.client("logs").describe_log_streams(
        logGroupName=f"/aws/lambda/{name}"
    )["logStreams"]

    assert stream["logStreamName"] == said
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", said)


def test_tail_is_the_invocations_own_log(functions: Functions) -> None:
    name = functions.create()
    functions.invoke(name, {"earlier": 1})

    answer = functions.invoke(name, {"later": 1}, LogType="Tail")

    assert answer.log is not None
    lines = base64.b64decode(answer.log).decode().splitlines()
    assert [line.split()[0] for line in lines] == ["START", "called", "END", "REPORT"]
    assert lines[1] == "called with ['later']"


def test_what_runs_for_long_can_be_followed(functions: Functions) -> None:
    name = functions.create(Timeout=60)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(functions.invoke, name, {"sleep": 20})

        lines = functions.lines(name, "['sleep']")

        assert not running.done()
        # Nobody waits for the rest of it.
        for container in functions.containers(name):
            container.remove(force=True)
        assert running.result().json["errorType"] == "Runtime.ExitError"
    assert [line.split()[0] for line in lines] == ["START", "called"]
