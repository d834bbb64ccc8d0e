"""Schedules of a real emulator, whose clock tests move, and the queues of LocalStack that they fire at."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.localstack_calls import ROLE_ARN, fresh

HOURLY = "cron(0 * * * ? *)"
WAIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of LocalStack, read to its end."""

    sqs: Any
    url: str
    arn: str

    def take(self, count: int) -> list[dict[str, Any]]:
        """Messages, once there are so many; and those that are there beyond them."""
        found: list[dict[str, Any]] = []

        def enough() -> bool | None:
            found.extend(self._page(wait_seconds=1))
            return len(found) >= count or None

        wait_until(enough, f"{count} messages in {self.url}", WAIT_SECONDS)
        while page := self._page(wait_seconds=1):
            found.extend(page)
        return found

    def bodies(self, count: int) -> list[str]:
        """What they say."""
        return [message["Body"] for message in self.take(count)]

    def _page(self, wait_seconds: int) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=wait_seconds,
            MessageAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return messages


@dataclass(frozen=True, slots=True)
class Schedules:
    """Schedules of one emulator."""

    emulator: Emulator

    @property
    def scheduler(self) -> Any:
        """An unmodified client."""
        return self.emulator.client("scheduler")

    def queue(self, **attributes: str) -> Queue:
        """A new queue; one of groups with FifoQueue="true"."""
        sqs = self.emulator.localstack.client("sqs")
        name = fresh("queue") + (".fifo" if "FifoQueue" in attributes else "")
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return Queue(sqs, url, arn)

    def create(self, target_arn: str, expression: str = HOURLY, **members: Any) -> str:
        """A schedule whose target is told its time; its name."""
        name = fresh("schedule")
        target = {"Arn": target_arn, "RoleArn": ROLE_ARN, "Input": '"<aws.scheduler.scheduled-time>"'}
        request = {
            "Name": name,
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target | members.pop("Target", {}),
        }
        self.scheduler.create_schedule(**request | members)
        return name

    def names(self) -> list[str]:
        """The schedules that there are."""
        return [each["Name"] for each in self.scheduler.list_schedules()["Schedules"]]

    def enter_hour(self) -> None:
        """Move the emulator's clock to the beginning of an hour, so that none ends meanwhile."""
        status, page = clock_page(self.emulator, {"To": next_hours(self.emulator, 1)[0]})
        assert status == 200, page

    def move(self, duration: str) -> dict[str, Any]:
        """Move the emulator's clock on."""
        status, page = clock_page(self.emulator, {"Advance": duration})
        assert status == 200, page
        return page


def next_hours(emulator: Emulator, count: int) -> list[str]:
    """The full hours that come next by an emulator's clock, as schedules write them."""
    now = datetime.fromisoformat(clock_page(emulator)[1]["now"].replace("Z", "+00:00"))
    first = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return [(first + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%SZ") for number in range(count)]


def clock_page(emulator: Emulator, change: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """Status and content of the clock's page, after a change where there is one."""
    data = None if change is None else json.dumps(change).encode()
    request = urllib.request.Request(f"{emulator.endpoint_url}/_slipway/clock", data=data)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
