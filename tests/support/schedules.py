"""Schedules without a socket: operations, timetable and executor are real, what they call is kept here."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError
from slipway.clock import Clock
from slipway.errors import ServiceError
from slipway.executors.delivery import Delivery
from slipway.executors.firing import FiringExecutor
from slipway.executors.schedule import ScheduleExecutor
from slipway.faults import Faults
from slipway.operations.schedule_groups import ScheduleGroups
from slipway.operations.schedules import Schedules
from slipway.resources.document import Document
from slipway.resources.resource import Owner
from slipway.store.firings import Firings

from tests.support.control_plane import ACCOUNT, REGION, ControlPlane

WAIT_SECONDS = 60
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/schedules"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
LETTERS_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters"
Call = tuple[str, str, Owner, Document]


class Services:
    """Everything that targets can be: takes calls, or fails as it is told to."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        # What is raised for a call in place of taking it, by service and operation.
        self.failing: Callable[[str, str, Document], Exception | None] = lambda *_: None
        self.answer: Document = {}
        self._changed = threading.Condition()

    def take(self, service: str, operation: str, owner: Owner, document: Document) -> Document:
        with self._changed:
            error = self.failing(service, operation, document)
            self.calls.append((service, operation, owner, document))
            self._changed.notify_all()
        if error is not None:
            raise error
        return self.answer

    def api(self, owner: Owner, service: str, name: str, document: Document) -> Document:
        """What answers within the process."""
        return self.take(service, name, owner, document)

    def of(self, service: str, owner: Owner) -> "_Client":
        """What answers beside it."""
        return _Client(self, service, owner)

    def wait_for(self, count: int) -> list[Call]:
        """The calls, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.calls) >= count, WAIT_SECONDS), self.calls
            return list(self.calls)


class _Client:
    """A client of botocore, whose methods are called what xform_name makes of operations."""

    def __init__(self, services: Services, service: str, owner: Owner) -> None:
        self._services, self._service, self._owner = services, service, owner

    def __getattr__(self, method: str) -> Callable[..., Document]:
        operation = "".join(word.capitalize() for word in method.split("_"))
        return lambda **document: self._services.take(self._service, operation, self._owner, document)


class Plane(ControlPlane):
    """A control plane with schedules; nothing fires until `running`."""

    def __init__(self, folder: Path, real_clock: Clock | None = None) -> None:
        super().__init__(folder)
        self.services = Services()
        self.firings = Firings(self.store)
        self.real_clock = real_clock or self.clock
        self.operations |= {
            **Schedules(self.store, self.firings, self.clock).operations,
            **ScheduleGroups(self.store, self.firings, self.clock).operations,
        }
        self.scheduler = self.client("scheduler")

    def firing_executor(self) -> FiringExecutor:
        """Who delivers one firing."""
        delivery = Delivery(self.services.api, self.services)
        return FiringExecutor(self.firings, delivery, self.clock, self.real_clock, Faults(None, Path()))

    def executor(self) -> ScheduleExecutor:
        """Who fires, as a new process has it."""
        return ScheduleExecutor(self.store, self.firings, self.clock, self.firing_executor())

    @contextmanager
    def running(self) -> Iterator[ScheduleExecutor]:
        """Somebody fires, until the block ends."""
        executor = self.executor()
        self.store.subscribe(executor.changed)
        executor.start()
        try:
            yield executor
        finally:
            executor.close()

    def create(self, name: str, expression: str, **members: Any) -> str:
        """Create a schedule that sends its own time to a queue; its ARN."""
        target = {"Arn": QUEUE_ARN, "RoleArn": ROLE_ARN, "Input": "<aws.scheduler.scheduled-time>"}
        request = {
            "Name": name,
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target | members.pop("Target", {}),
        }
        arn: str = self.scheduler.create_schedule(**request | members)["ScheduleArn"]
        return arn


def refusal(code: str, status: int, message: str = "no") -> ClientError:
    """What a client of botocore raises."""
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "Any")


def service_error(code: str, status: int) -> ServiceError:
    """What an operation within the process raises."""
    error = ServiceError("no")
    error.code, error.status = code, status
    return error


def nobody_there() -> Exception:
    """A service that does not answer."""
    error: Exception = EndpointConnectionError(endpoint_url="http://localstack:4566")
    return error
