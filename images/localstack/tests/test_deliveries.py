import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from slipway_localstack import deliveries
from slipway_localstack.deliveries import Delivery, DeliveryError, RetryPolicy, delivery_error

EVENT = {"id": "e-1", "source": "rows", "event-bus-name": "default", "detail": {"n": 1}}
TARGET_ARN = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/p"
QUEUE_ARN = "arn:aws:sqs:eu-west-1:111122223333:dead-letters"
AWAY = DeliveryError("ServiceUnavailable", "nobody answers", is_transient=True)
GONE = DeliveryError("ResourceNotFound", "no such pipeline")


class Sender:
    """A sender of LocalStack's whose target answers as it is told; None is success."""

    rule_name, rule_arn, arn = "new-rows", "arn:aws:events:us-east-1:000000000000:rule/new-rows", TARGET_ARN

    def __init__(self, outcomes: list[Exception | None], **target: Any) -> None:
        self.target = {"Id": "t", "Arn": TARGET_ARN, **target}
        self.outcomes = outcomes
        self.seen: list[Any] = []

    def process_event(self, event: Any, trace_header: object) -> None:  # noqa: ARG002
        self.seen.append(event)
        outcome = self.outcomes[min(len(self.seen), len(self.outcomes)) - 1]
        # As LocalStack's own does.
        if isinstance(event, dict):
            event.pop("event-bus-name")
        if outcome:
            raise outcome


@dataclass
class Moved:
    """A clock that only waiting moves."""

    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def read(self) -> float:
        return self.now


def queues(send_message: Callable[..., None]) -> Any:
    """As much of LocalStack's clients as a dead letter needs."""

    def get_queue_url(QueueName: str) -> dict[str, str]:  # noqa: N803 - SQS's name
        return {"QueueUrl": f"url of {QueueName}"}

    return SimpleNamespace(sqs=SimpleNamespace(send_message=send_message, get_queue_url=get_queue_url))


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was sent to the dead-letter queue, with the account and region that sent it."""
    sent: list[dict[str, Any]] = []

    def connect_to(**place: str) -> Any:
        return queues(lambda **call: sent.append(place | call))

    monkeypatch.setattr(deliveries, "connect_to", connect_to)
    return sent


def delivered(sender: Sender) -> Moved:
    """Deliver the event and wait for whatever goes on by itself."""
    clock = Moved()
    before = set(threading.enumerate())
    Delivery(sender, clock.wait, clock.read)(EVENT, None)
    for thread in set(threading.enumerate()) - before:
        thread.join()
    return clock


def attributes(letter: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}


def test_an_event_that_is_taken_is_delivered_once(letters: list[dict[str, Any]]) -> None:
    sender = Sender([None], DeadLetterConfig={"Arn": QUEUE_ARN})

    delivered(sender)

    assert len(sender.seen) == 1
    assert letters == []


def test_a_target_that_is_away_for_a_while_gets_the_same_event_again(letters: list[dict[str, Any]]) -> None:
    sender = Sender([AWAY, AWAY, AWAY, None], DeadLetterConfig={"Arn": QUEUE_ARN})

    clock = delivered(sender)

    # What a sender does to its event is its own.
    assert [event["id"] for event in sender.seen] == ["e-1"] * 4
    assert "event-bus-name" in EVENT
    assert [1.0 <= clock.waits[0] * 2 <= 2.0, 2.0 <= clock.waits[1] * 2 <= 4.0] == [True, True]
    assert letters == []


def test_waits_grow_to_a_minute_and_no_more() -> None:
    clock = delivered(Sender([AWAY] * 20 + [None]))

    assert len(clock.waits) == 20
    assert all(30 <= wait <= 60 for wait in clock.waits[7:])


def test_an_error_that_stays_is_a_dead_letter_at_once(
    letters: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    sender = Sender([GONE], DeadLetterConfig={"Arn": QUEUE_ARN})

    with caplog.at_level(logging.WARNING):
        delivered(sender)

    [letter] = letters
    assert len(sender.seen) == 1
    # In the queue's own account and region.
    assert (letter["aws_access_key_id"], letter["region_name"]) == ("111122223333", "eu-west-1")
    assert letter["QueueUrl"] == "url of dead-letters"
    assert json.loads(letter["MessageBody"]) == {"id": "e-1", "source": "rows", "detail": {"n": 1}}
    # EventBridge user guide, "Using dead-letter queues": what was not tried again has no number of retries.
    assert attributes(letter) == {
        "RULE_ARN": Sender.rule_arn,
        "TARGET_ARN": TARGET_ARN,
        "ERROR_CODE": "ResourceNotFound",
        "ERROR_MESSAGE": "no such pipeline",
    }
    assert caplog.messages == [
        f"events.undelivered rule=new-rows target={TARGET_ARN} event=e-1 retries=0 "
        "code=ResourceNotFound message=no such pipeline"
    ]


def test_without_a_queue_the_log_is_all_that_tells(
    letters: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        delivered(Sender([GONE]))

    assert letters == []
    assert "message=no such pipeline" in caplog.text


@pytest.mark.parametrize(
    ("policy", "attempts", "condition"),
    [
        ({"MaximumRetryAttempts": 0}, 0, "MaximumRetryAttempts"),
        ({"MaximumRetryAttempts": 3}, 3, "MaximumRetryAttempts"),
        # The defaults are AWS's: 185 attempts, 24 hours.
        ({}, 185, "MaximumRetryAttempts"),
    ],
)
def test_a_target_that_stays_away_is_given_up_after_so_many_attempts(
    letters: list[dict[str, Any]], policy: dict[str, int], attempts: int, condition: str
) -> None:
    sender = Sender([AWAY], RetryPolicy=policy, DeadLetterConfig={"Arn": QUEUE_ARN})

    delivered(sender)

    [letter] = letters
    assert len(sender.seen) == 1 + attempts
    told = attributes(letter)
    assert (told["RETRY_ATTEMPTS"], told["EXHAUSTED_RETRY_CONDITION"]) == (str(attempts), condition)


def test_a_target_that_stays_away_is_given_up_when_the_event_is_old(letters: list[dict[str, Any]]) -> None:
    policy = {"MaximumEventAgeInSeconds": 60}

    clock = delivered(Sender([AWAY], RetryPolicy=policy, DeadLetterConfig={"Arn": QUEUE_ARN}))

    [letter] = letters
    assert 60 <= clock.now < 60 + deliveries.LONGEST_WAIT_SECONDS
    assert attributes(letter)["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"


def test_an_error_that_turns_out_to_stay_ends_the_attempts(letters: list[dict[str, Any]]) -> None:
    sender = Sender([AWAY, GONE], DeadLetterConfig={"Arn": QUEUE_ARN})

    delivered(sender)

    [letter] = letters
    assert len(sender.seen) == 2
    assert attributes(letter)["ERROR_CODE"] == "ResourceNotFound"
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes(letter)


def test_a_queue_that_is_not_there_is_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def send_message(**_: object) -> None:
        raise client_error(400, "AWS.SimpleQueueService.NonExistentQueue")

    monkeypatch.setattr(deliveries, "connect_to", lambda **_: queues(send_message))

    with caplog.at_level(logging.WARNING):
        delivered(Sender([GONE], DeadLetterConfig={"Arn": QUEUE_ARN}))

    assert f"events.unburied rule=new-rows queue={QUEUE_ARN}" in caplog.messages[-1]


def client_error(status: int, code: str) -> ClientError:
    answer = {
        "Error": {"Code": code, "Message": "why"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "Invoke")


@pytest.mark.parametrize(
    ("error", "code", "is_transient"),
    [
        (client_error(404, "ResourceNotFoundException"), "ResourceNotFoundException", False),
        (client_error(429, "TooManyRequestsException"), "TooManyRequestsException", True),
        (client_error(503, "ServiceUnavailable"), "ServiceUnavailable", True),
        (client_error(501, "InternalFailure"), "InternalFailure", False),
        (EndpointConnectionError(endpoint_url="http://localhost"), "SDK_CLIENT_ERROR", True),
        (NotImplementedError("Batch target is not yet implemented"), "UNKNOWN", False),
    ],
)
def test_what_localstacks_senders_raise_is_understood(
    error: Exception, code: str, is_transient: bool
) -> None:
    told = delivery_error(error)

    assert (told.code, told.is_transient) == (code, is_transient)
    assert str(told)


def test_what_is_no_event_is_a_dead_letter_as_it_is(letters: list[dict[str, Any]]) -> None:
    sender = Sender([GONE], DeadLetterConfig={"Arn": QUEUE_ARN})

    Delivery(sender)(["monday"], None)

    [letter] = letters
    assert json.loads(letter["MessageBody"]) == ["monday"]


def test_a_policy_that_says_half_takes_awss_other_half() -> None:
    half: Callable[..., RetryPolicy] = lambda **given: RetryPolicy.of({"RetryPolicy": given})  # noqa: E731

    assert half(MaximumRetryAttempts=1) == RetryPolicy(1, 86400)
    assert half(MaximumEventAgeInSeconds=60) == RetryPolicy(185, 60)
