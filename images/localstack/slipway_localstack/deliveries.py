"""What becomes of an event that a target does not take: tried again, then kept in a dead-letter queue."""

import copy
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to
from localstack.services.events.target import TargetSender
from localstack.services.events.utils import to_json_str
from localstack.utils.aws.arns import parse_arn
from localstack.utils.threads import start_worker_thread

# Where a target has no policy of its own (EventBridge user guide, "Retrying event delivery").
RETRY_ATTEMPTS = 185
EVENT_AGE_SECONDS = 24 * 60 * 60
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
TOO_MANY_REQUESTS, NOT_IMPLEMENTED, SERVER_ERROR = 429, 501, 500

# What is delivered: an event, or whatever JSON a scheduled rule's target has for Input.
Event = Any

log = logging.getLogger(__name__)


class DeliveryError(Exception):
    """A target did not take an event; `code` is its error's name."""

    def __init__(self, code: str, message: str, is_transient: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.is_transient = is_transient


def is_transient(status: int) -> bool:
    """Whether a call that was answered like this may succeed when it is made again."""
    return status == TOO_MANY_REQUESTS or (status >= SERVER_ERROR and status != NOT_IMPLEMENTED)


def delivery_error(error: Exception) -> DeliveryError:
    """An error of any of LocalStack's senders as what became of the delivery."""
    if isinstance(error, DeliveryError):
        return error
    if isinstance(error, ClientError):
        told, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        return DeliveryError(told["Code"], told["Message"], is_transient(status))
    if isinstance(error, BotoCoreError):
        return DeliveryError("SDK_CLIENT_ERROR", str(error), is_transient=True)
    return DeliveryError("UNKNOWN", str(error) or type(error).__name__)


def identity_of(event: Event) -> str | None:
    """An event's id; what a rule's own schedule sends has none where its target has an Input."""
    return event.get("id") if isinstance(event, dict) else None


def without_bus(event: Event) -> Event:
    """An event without what LocalStack adds to it."""
    if not isinstance(event, dict):
        return event
    return {name: value for name, value in event.items() if name != "event-bus-name"}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long a delivery is tried again."""

    attempts: int
    seconds: float

    @classmethod
    def of(cls, target: dict[str, Any]) -> "RetryPolicy":
        """A target's own, or AWS's."""
        given = target.get("RetryPolicy") or {}
        return cls(
            given.get("MaximumRetryAttempts", RETRY_ATTEMPTS),
            given.get("MaximumEventAgeInSeconds", EVENT_AGE_SECONDS),
        )

    def exhausted(self, attempts: int, seconds: float) -> str | None:
        """Which limit a delivery has reached, in the words of a dead letter; None while there is time."""
        if attempts >= self.attempts:
            return "MaximumRetryAttempts"
        return "MaximumEventAgeInSeconds" if seconds >= self.seconds else None


class Delivery:
    """Delivers events to one target; stands in for its sender's `process_event`.

    LocalStack's own drops an event at the first error. The first attempt is made at once,
    the others in a thread of the event's own, so that no other target waits.
    """

    def __init__(
        self,
        sender: TargetSender,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sender = sender
        self._process = sender.process_event
        self._policy = RetryPolicy.of(sender.target)
        self._wait = wait
        self._clock = clock

    def __call__(self, event: Event, trace_header: object) -> None:
        """Deliver an event, now or later."""
        failure = self._attempt(event, trace_header)
        if failure is None:
            return
        exhausted = self._policy.exhausted(0, 0)
        if failure.is_transient and not exhausted:
            start_worker_thread(lambda _: self._go_on(event, trace_header, failure), name="events-retry")
        else:
            self._give_up(event, failure, 0, exhausted if failure.is_transient else None)

    def _attempt(self, event: Event, trace_header: object) -> DeliveryError | None:
        try:
            self._process(copy.copy(event), trace_header)
        except Exception as error:  # LocalStack's senders raise whatever they meet.
            return delivery_error(error)
        return None

    def _go_on(self, event: Event, trace_header: object, failure: DeliveryError) -> None:
        attempts, began, exhausted = 0, self._clock(), None
        longest = FIRST_WAIT_SECONDS
        latest: DeliveryError | None = failure
        while latest and latest.is_transient and not exhausted:
            self._wait(random.uniform(longest / 2, longest))
            longest = min(2 * longest, LONGEST_WAIT_SECONDS)
            latest = self._attempt(event, trace_header)
            attempts += 1
            exhausted = self._policy.exhausted(attempts, self._clock() - began)
        if latest:
            self._give_up(event, latest, attempts, exhausted if latest.is_transient else None)

    def _give_up(self, event: Event, failure: DeliveryError, attempts: int, exhausted: str | None) -> None:
        sender = self._sender
        log.warning(
            "events.undelivered rule=%s target=%s event=%s retries=%d code=%s message=%s",
            sender.rule_name, sender.arn, identity_of(event), attempts, failure.code, failure,
        )  # fmt: skip
        queue_arn = (sender.target.get("DeadLetterConfig") or {}).get("Arn")
        if queue_arn:
            try:
                self._bury(queue_arn, event, failure, attempts, exhausted)
            except (BotoCoreError, ClientError) as error:
                log.warning("events.unburied rule=%s queue=%s error=%s", sender.rule_name, queue_arn, error)

    def _bury(
        self,
        queue_arn: str,
        event: Event,
        failure: DeliveryError,
        attempts: int,
        exhausted: str | None,
    ) -> None:
        # The names are EventBridge's own (user guide, "Using dead-letter queues").
        attributes = {
            "RULE_ARN": self._sender.rule_arn,
            "TARGET_ARN": self._sender.arn,
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": str(failure) or failure.code,
        }
        if exhausted:
            attributes |= {"RETRY_ATTEMPTS": str(attempts), "EXHAUSTED_RETRY_CONDITION": exhausted}
        queue = parse_arn(queue_arn)
        sqs = connect_to(aws_access_key_id=queue["account"], region_name=queue["region"]).sqs
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=queue["resource"])["QueueUrl"],
            MessageBody=to_json_str(without_bus(event)),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()
            },
        )
