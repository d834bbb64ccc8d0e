"""What a project's monitors tell, heard as a subscriber hears it: events of EventBridge, messages of SNS."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from orchestration.clients import Aws
from orchestration.names import MONITORING_SOURCE

# The longest that a queue lets somebody wait (API reference, ReceiveMessage).
LOOK_SECONDS = 1
# From the end of a monitor's last step until what it has told is here.
ALERT_SECONDS = 60.0


@dataclass(slots=True)
class Alerts:
    """A queue of one's own that gets a project's events and its topic's messages."""

    aws: Aws
    queue_url: str
    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def hear(self) -> None:
        """Take what has come since; waits a moment where there is nothing."""
        answer = self.aws.queues.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=LOOK_SECONDS
        )
        for item in answer.get("Messages", []):
            self.aws.queues.delete_message(QueueUrl=self.queue_url, ReceiptHandle=item["ReceiptHandle"])
            self._note(item["Body"])

    def of(self, detail_type: str) -> list[dict[str, Any]]:
        """The details of the events of that kind that have come."""
        return [event["detail"] for event in self.events if event["detail-type"] == detail_type]

    def wait_for(
        self, detail_type: str, monitor: str, seconds: float = ALERT_SECONDS
    ) -> dict[str, Any] | None:
        """The detail of the monitor's event of that kind, which may be on its way; None where none comes."""
        deadline = time.monotonic() + seconds
        while True:
            found = [detail for detail in self.of(detail_type) if detail["monitor"] == monitor]
            if found or time.monotonic() > deadline:
                return found[0] if found else None
            self.hear()

    def _note(self, body: str) -> None:
        document = None
        with suppress(ValueError):
            document = json.loads(body)
        if isinstance(document, dict) and "detail-type" in document:
            self.events.append(document)
        else:
            self.messages.append(body)


@contextmanager
def listening(aws: Aws, project: str, topic_arn: str) -> Iterator[Alerts]:
    """Hear a project's monitors; nothing of it is left afterwards."""
    name = f"slipway-{project}-listener-{secrets.token_hex(4)}"
    queue_url = aws.queues.create_queue(QueueName=name)["QueueUrl"]
    try:
        queue_arn = _attributes(aws, queue_url)["QueueArn"]
        aws.queues.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": _policy(queue_arn)})
        subscribed = aws.topics.subscribe(
            TopicArn=topic_arn,
            Protocol="sqs",
            Endpoint=queue_arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )
        try:
            pattern = {"source": [MONITORING_SOURCE], "detail": {"project": [project]}}
            aws.events.put_rule(Name=name, EventPattern=json.dumps(pattern), State="ENABLED")
            aws.events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue_arn}])
            yield Alerts(aws, queue_url)
        finally:
            with suppress(ClientError):
                aws.events.remove_targets(Rule=name, Ids=["queue"])
                aws.events.delete_rule(Name=name)
            aws.topics.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])
    finally:
        aws.queues.delete_queue(QueueUrl=queue_url)


def _attributes(aws: Aws, queue_url: str) -> dict[str, str]:
    answer = aws.queues.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    attributes: dict[str, str] = answer["Attributes"]
    return attributes


def _policy(queue_arn: str) -> str:
    """That EventBridge and SNS may put messages into it."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]},
                    "Action": "sqs:SendMessage",
                    "Resource": queue_arn,
                }
            ],
        }
    )
