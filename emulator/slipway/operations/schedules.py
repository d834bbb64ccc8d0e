"""Schedules of EventBridge Scheduler: what fires when, and at what."""

import math

from slipway.clock import Clock
from slipway.errors import NotServedHere, ScheduleConflict, ScheduleNotFound, ValidationException
from slipway.operations.schedule_groups import (
    DEFAULT_GROUP,
    existing_group,
    once_only,
    schedule_page,
)
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SCHEDULER
from slipway.resources.document import Document
from slipway.resources.resource import Key, Kind, Resource
from slipway.schedules.expressions import ExpressionError
from slipway.schedules.plan import plan_of
from slipway.schedules.targets import check_target, is_beside_us
from slipway.schedules.zones import UnknownZoneError
from slipway.store.firings import Firings
from slipway.store.query import Query
from slipway.store.store import AlreadyExistsError, Store

# What GetSchedule shows where a request says nothing, as LocalStack's tests have recorded it of AWS.
DEFAULTS: Document = {
    "ActionAfterCompletion": "NONE",
    "ScheduleExpressionTimezone": "UTC",
    "State": "ENABLED",
}
RETRY_POLICY = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
# What is not a part of the schedule itself.
ADDRESS = frozenset({"Name", "GroupName", "ClientToken"})
EARLIEST_START_SECONDS = 300


class Schedules:
    """The schedules' operations. What they fire is the executor's work, which goes by the timetable.

    A schedule's row is called <group>/<schedule>; `anchor` in it is where a rate counts from.
    """

    def __init__(self, store: Store, firings: Firings, clock: Clock, is_alone: bool = False) -> None:
        """Without AWS's other services beside it `is_alone`: their targets are refused then."""
        self._store = store
        self._firings = firings
        self._clock = clock
        self._is_alone = is_alone

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SCHEDULER, "CreateSchedule"): self.create,
            (SCHEDULER, "GetSchedule"): self.get,
            (SCHEDULER, "UpdateSchedule"): self.update,
            (SCHEDULER, "DeleteSchedule"): self.delete,
            (SCHEDULER, "ListSchedules"): self.list,
        }

    def create(self, call: Call) -> Document:
        """CreateSchedule; a rate without a StartDate fires at once."""
        self._check(call.parameters)
        name = once_only(self._store, call, lambda: self._create(call))
        return {"ScheduleArn": call.owner.arn(Kind.SCHEDULE, name)}

    def _create(self, call: Call) -> str:
        key, now = self._key(call), self._clock.now()
        group = existing_group(self._store, self._clock, call.owner, _group_name(call))
        document = {**_shown(call.parameters, key), "CreationDate": now, "LastModificationDate": now}
        schedule = Resource(key, now, now, document["State"], document, {"anchor": math.floor(now)})
        try:
            self._store.create(schedule, parent=group.name)
        except AlreadyExistsError as error:
            name = error.existing.document["Name"]
            raise ScheduleConflict(f"Schedule {name} already exists.") from None
        self._plan(schedule, now)
        return key.name

    def get(self, call: Call) -> Document:
        """GetSchedule."""
        return self._existing(call).document

    def update(self, call: Call) -> Document:
        """UpdateSchedule: the schedule is what this request says, whatever it was (API reference).

        Where the expression or StartDate are others, a rate counts anew. What has fired is delivered
        as it was when it fired.
        """
        self._check(call.parameters)
        name = once_only(self._store, call, lambda: self._update(call))
        return {"ScheduleArn": call.owner.arn(Kind.SCHEDULE, name)}

    def _update(self, call: Call) -> str:
        existing, now = self._existing(call), self._clock.now()
        document = {
            **_shown(call.parameters, existing.key),
            "CreationDate": existing.document["CreationDate"],
            "LastModificationDate": now,
        }
        is_timed_alike = all(
            document.get(name) == existing.document.get(name) for name in ("ScheduleExpression", "StartDate")
        )
        anchor = existing.internal["anchor"] if is_timed_alike else math.floor(now)

        def updated(present: Resource) -> Resource:
            after = present.in_status(document["State"]).with_internal({"anchor": anchor})
            return after.with_document({**dict.fromkeys(present.document), **document})

        self._plan(self._store.transition(existing.key, updated), now)
        return existing.name

    def delete(self, call: Call) -> Document:
        """DeleteSchedule; what has fired and is not delivered goes with it."""
        once_only(self._store, call, lambda: self._delete(call))
        return {}

    def _delete(self, call: Call) -> str:
        schedule = self._existing(call)
        self._store.delete(schedule.key)
        self._firings.forget(schedule.key)
        return schedule.name

    def list(self, call: Call) -> Document:
        """ListSchedules, by group and name."""
        parameters, parent = call.parameters, None
        if "GroupName" in parameters:
            parent = existing_group(self._store, self._clock, call.owner, parameters["GroupName"]).name
        prefix = parameters.get("NamePrefix")
        query = Query(
            parent=parent,
            status=parameters.get("State"),
            # A row's name has one slash, before the schedule's own.
            name_contains=None if prefix is None else f"/{prefix}",
        )
        return schedule_page(self._store, call, Kind.SCHEDULE, "Schedules", query, _summary)

    # -- what they share ------------------------------------------------------

    def _key(self, call: Call) -> Key:
        return Key(call.owner, Kind.SCHEDULE, f"{_group_name(call)}/{call.parameters['Name']}")

    def _existing(self, call: Call) -> Resource:
        schedule = self._store.get(self._key(call))
        if schedule is None or schedule.key != self._key(call):
            raise ScheduleNotFound(f"Schedule {call.parameters['Name']} does not exist.")
        return schedule

    def _plan(self, schedule: Resource, now: float) -> None:
        """Enter a schedule's next time, which it has not fired at yet."""
        next_at = None
        if schedule.status == "ENABLED":
            plan = plan_of(schedule.document, schedule.internal["anchor"])
            last_at = self._firings.last_at(schedule.key)
            next_at = plan.first(now if last_at is None else max(now, last_at + 1))
        self._firings.plan(schedule.key, next_at)

    def _check(self, parameters: Document) -> None:
        self._check_time(parameters)
        window = parameters["FlexibleTimeWindow"]
        if window["Mode"] == "FLEXIBLE" and "MaximumWindowInMinutes" not in window:
            raise ValidationException("MaximumWindowInMinutes is required where the mode is FLEXIBLE.")
        target = parameters["Target"]
        check_target(target)
        if self._is_alone and is_beside_us(target):
            raise NotServedHere(
                f"Slipway's control plane cannot call {target['Arn']}: it runs without AWS's other services. "
                "AWS_ENDPOINT_URL on it says where they are."
            )

    def _check_time(self, parameters: Document) -> None:
        expression, now = parameters["ScheduleExpression"], self._clock.now()
        try:
            plan = plan_of(parameters, now)
        except ExpressionError:
            raise ValidationException(f"Invalid Schedule Expression {expression}.") from None
        except UnknownZoneError as error:
            raise ValidationException(
                f"Invalid Schedule Expression Timezone {error}; give a name of the IANA database, "
                "such as Europe/Berlin."
            ) from None
        if not plan.expression.is_recurring:
            return
        start, end = parameters.get("StartDate"), parameters.get("EndDate")
        if start is not None and start < now - EARLIEST_START_SECONDS:
            raise ValidationException("The StartDate you specify cannot be earlier than 5 minutes ago.")
        if end is not None and end <= max(now, start or now):
            raise ValidationException("The EndDate you specify must come after the StartDate, and after now.")


def _group_name(call: Call) -> str:
    name: str = call.parameters.get("GroupName", DEFAULT_GROUP)
    return name


def _shown(parameters: Document, key: Key) -> Document:
    """A request as GetSchedule shows it."""
    group_name, _, name = key.name.partition("/")
    given = {member: value for member, value in parameters.items() if member not in ADDRESS}
    retry_policy = {**RETRY_POLICY, **parameters["Target"].get("RetryPolicy", {})}
    return {
        **DEFAULTS,
        **given,
        "Target": {**parameters["Target"], "RetryPolicy": retry_policy},
        "Arn": key.arn,
        "GroupName": group_name,
        "Name": name,
    }


def _summary(schedule: Resource) -> Document:
    members = ("Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate")
    target = {"Arn": schedule.document["Target"]["Arn"]}
    return {**{name: schedule.document[name] for name in members}, "Target": target}
