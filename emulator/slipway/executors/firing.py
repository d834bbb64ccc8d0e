"""One firing of a schedule: delivered, tried again, or given up to the dead-letter queue."""

import hashlib
import json
import logging

from slipway.clock import Clock
from slipway.executors.delivery import Delivery, DeliveryError
from slipway.faults import FaultPoint, Faults
from slipway.resources.document import Document
from slipway.resources.resource import Owner
from slipway.resources.times import iso
from slipway.schedules.targets import Occasion, Request, request_of
from slipway.store.firings import Firing, Firings

log = logging.getLogger(__name__)

# RetryPolicy's defaults are its largest values (API reference, RetryPolicy).
LARGEST_ATTEMPTS, LARGEST_AGE_SECONDS = 185, 86400
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 60.0
# What a message of SQS may hold beside its attributes, which are short.
LARGEST_BODY_BYTES = 250 * 1024
LONGEST_ERROR = 1024


class FiringExecutor:
    """Delivers firings; how long one is tried goes by the machine's clock, which nobody moves."""

    def __init__(
        self, firings: Firings, delivery: Delivery, clock: Clock, real_clock: Clock, faults: Faults
    ) -> None:
        self._firings = firings
        self._delivery = delivery
        self._clock = clock
        self._real_clock = real_clock
        self._faults = faults

    def attempt(self, firing: Firing) -> float | None:
        """Deliver, or give up where the retry policy says so; None once the firing has come to its end.

        Otherwise the seconds after which it is to be tried again.
        """
        now = self._real_clock.now()
        self._firings.tried(firing, now)
        number = firing.attempts + 1
        request = request_of(firing.target["Target"], self._occasion(firing, number))
        self._faults.at(FaultPoint.BEFORE_DELIVERY)
        try:
            self._delivery.send(request)
        except DeliveryError as error:
            condition = _exhausted(firing, number, now)
            if condition is None and not error.is_final:
                log.warning("firing.failed arn=%s attempt=%d words=%s", firing.key.arn, number, error)
                return pause_before(number + 1)
            self._give_up(firing, number, request, error, condition)
        else:
            self._faults.at(FaultPoint.AFTER_DELIVERY)
            log.info("firing.delivered arn=%s time=%s", firing.key.arn, iso(firing.scheduled_at))
        return None

    def _occasion(self, firing: Firing, attempt: int) -> Occasion:
        key = firing.key
        return Occasion(
            schedule_arn=key.arn,
            owner=key.owner,
            scheduled_time=iso(firing.scheduled_at),
            time=iso(self._clock.now()),
            execution_id=_digest(f"{token_of(firing)} {attempt}")[:16],
            attempt=attempt,
            token=token_of(firing),
        )

    def _give_up(
        self, firing: Firing, attempts: int, request: Request, error: DeliveryError, condition: str | None
    ) -> None:
        arn = firing.target["Target"].get("DeadLetterConfig", {}).get("Arn")
        log.error("firing.given_up arn=%s code=%s words=%s queue=%s", firing.key.arn, error.code, error, arn)
        if arn is None:
            return
        letter = self._dead_letter(firing, attempts, request, error, condition)
        try:
            self._delivery.send(_to_queue(arn, letter))
        except DeliveryError as refusal:
            log.error("firing.dead_letter_lost arn=%s queue=%s words=%s", firing.key.arn, arn, refusal)

    def _dead_letter(
        self, firing: Firing, attempts: int, request: Request, error: DeliveryError, condition: str | None
    ) -> Document:
        """The message of "Configuring a schedule's dead-letter queue": the request, and why it failed."""
        body = json.dumps(request.document)
        is_truncated = len(body.encode()) > LARGEST_BODY_BYTES
        attributes = {
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": str(error)[:LONGEST_ERROR],
            "EXECUTION_ID": self._occasion(firing, attempts).execution_id,
            "EXHAUSTED_RETRY_CONDITION": condition,
            "IS_PAYLOAD_TRUNCATED": str(is_truncated).lower(),
            "RETRY_ATTEMPTS": str(attempts - 1),
            "SCHEDULED_TIME": iso(firing.scheduled_at),
            "SCHEDULE_ARN": firing.key.arn,
            "TARGET_ARN": firing.target["Target"]["Arn"],
        }
        return {
            "MessageBody": body.encode()[:LARGEST_BODY_BYTES].decode(errors="ignore"),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
                if value
            },
        }


def token_of(firing: Firing) -> str:
    """The same at every attempt of a firing, and different for a schedule that was made anew."""
    return _digest(f"{firing.key.arn} {firing.target['CreationDate']} {firing.scheduled_at}")


def pause_before(attempt: int) -> float:
    """How long the target is left alone before an attempt, the second one the first that waits."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempt - 2, 16), LONGEST_PAUSE_SECONDS)


def _exhausted(firing: Firing, attempts: int, now: float) -> str | None:
    """The condition of the retry policy that ends a firing after so many attempts; None while none does."""
    policy = firing.target["Target"].get("RetryPolicy", {})
    if attempts > policy.get("MaximumRetryAttempts", LARGEST_ATTEMPTS):
        return "MaximumRetryAttempts"
    age = now - (now if firing.first_tried_at is None else firing.first_tried_at)
    is_old = age + pause_before(attempts + 1) > policy.get("MaximumEventAgeInSeconds", LARGEST_AGE_SECONDS)
    return "MaximumEventAgeInSeconds" if is_old else None


def _to_queue(arn: str, letter: Document) -> Request:
    _, _, _, region, account_id, name = arn.split(":")
    url = f"https://sqs.{region}.amazonaws.com/{account_id}/{name}"
    return Request("sqs", "SendMessage", Owner(account_id, region), {"QueueUrl": url, **letter})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
