"""What a rule of EventBridge on LocalStack hears, kept on a queue."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.localstack_calls import fresh, queue_in

Event = dict[str, Any]


class Listener:
    """A queue with the events that `pattern` matches.

    EventBridge promises no order, and LocalStack keeps none within one call of PutEvents.
    """

    def __init__(self, emulator: Emulator, pattern: Mapping[str, Any]) -> None:
        localstack = emulator.localstack
        self._sqs = localstack.client("sqs")
        self._url, arn = queue_in(localstack)
        events, rule = localstack.client("events"), fresh("rule")
        events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
        self.heard: list[Event] = []

    def listen(self, count: int, wanted: Callable[[Event], bool] = lambda _event: True) -> list[Event]:
        """Those of the events so far that are wanted, once there are `count`."""

        def enough() -> list[Event] | None:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", ()):
                self.heard.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            found = [event for event in self.heard if wanted(event)]
            return found if len(found) >= count else None

        return wait_until(enough, f"{count} events, having heard {self.heard}")
