"""Groups of schedules, and their tags; a group called default is there from the beginning."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from slipway.clock import Clock
from slipway.errors import ConflictException, ScheduleConflict, ScheduleNotFound, ValidationException
from slipway.operations.request_tokens import once
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import read_token, write_token
from slipway.protocol.service_model import SCHEDULER
from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.tagging import LARGEST_NUMBER, checked_tags
from slipway.store.firings import Firings
from slipway.store.query import Query, SortBy
from slipway.store.store import AlreadyExistsError, Store

DEFAULT_GROUP = "default"
# The largest page is the one that comes unasked; the API reference says nothing of it.
PAGE_SIZE = 100


class ScheduleGroups:
    """The groups' operations, and those on tags, which only groups have."""

    def __init__(self, store: Store, firings: Firings, clock: Clock) -> None:
        self._store = store
        self._firings = firings
        self._clock = clock

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SCHEDULER, "CreateScheduleGroup"): self.create,
            (SCHEDULER, "GetScheduleGroup"): self.get,
            (SCHEDULER, "DeleteScheduleGroup"): self.delete,
            (SCHEDULER, "ListScheduleGroups"): self.list,
            (SCHEDULER, "TagResource"): self.tag,
            (SCHEDULER, "UntagResource"): self.untag,
            (SCHEDULER, "ListTagsForResource"): self.tags,
        }

    def create(self, call: Call) -> Document:
        """CreateScheduleGroup."""
        _refuse_default(call)
        name = once_only(self._store, call, lambda: self._create(call))
        return {"ScheduleGroupArn": call.owner.arn(Kind.SCHEDULE_GROUP, name)}

    def _create(self, call: Call) -> str:
        group = _new(Key(call.owner, Kind.SCHEDULE_GROUP, call.parameters["Name"]), self._clock.now())
        tags = checked_tags(call.parameters.get("Tags", ()))
        try:
            self._store.create(group, tags)
        except AlreadyExistsError as error:
            raise ScheduleConflict(f"Schedule group {error.existing.name} already exists.") from None
        return group.name

    def get(self, call: Call) -> Document:
        """GetScheduleGroup."""
        return existing_group(self._store, self._clock, call.owner, call.parameters["Name"]).document

    def delete(self, call: Call) -> Document:
        """DeleteScheduleGroup: its schedules go with it, at once."""
        _refuse_default(call)
        once_only(self._store, call, lambda: self._delete(call))
        return {}

    def _delete(self, call: Call) -> str:
        group = existing_group(self._store, self._clock, call.owner, call.parameters["Name"])
        for schedule in self._store.children(call.owner, Kind.SCHEDULE, group.name):
            self._store.delete(schedule.key)
            self._firings.forget(schedule.key)
        self._store.delete(group.key)
        return group.name

    def list(self, call: Call) -> Document:
        """ListScheduleGroups, by name."""
        existing_group(self._store, self._clock, call.owner, DEFAULT_GROUP)
        query = Query(name_prefix=call.parameters.get("NamePrefix"))
        return schedule_page(
            self._store, call, Kind.SCHEDULE_GROUP, "ScheduleGroups", query, lambda group: group.document
        )

    # -- tags -----------------------------------------------------------------

    def tag(self, call: Call) -> Document:
        """TagResource."""
        tags = checked_tags(call.parameters["Tags"])
        with self._store.all_or_nothing():
            group = self._tagged(call)
            count = len(self._store.add_tags(group.arn, tags))
            if count > LARGEST_NUMBER:
                raise ValidationException(
                    f"{group.arn} would have {count} tags; a schedule group can have {LARGEST_NUMBER}."
                )
        return {}

    def untag(self, call: Call) -> Document:
        """UntagResource; a key that is not there is no error."""
        self._store.remove_tags(self._tagged(call).arn, call.parameters["TagKeys"])
        return {}

    def tags(self, call: Call) -> Document:
        """ListTagsForResource."""
        return {"Tags": self._store.tags(self._tagged(call).arn)}

    def _tagged(self, call: Call) -> Resource:
        arn = call.parameters["ResourceArn"]
        name = arn.rpartition("/")[2]
        if arn != call.owner.arn(Kind.SCHEDULE_GROUP, name):
            raise ScheduleNotFound(f"Schedule group {name} does not exist.")
        return existing_group(self._store, self._clock, call.owner, name)


def existing_group(store: Store, clock: Clock, owner: Owner, name: str) -> Resource:
    """The group of that name. Raises ScheduleNotFound."""
    key = Key(owner, Kind.SCHEDULE_GROUP, name)
    group = store.get(key)
    if group is None and name == DEFAULT_GROUP:
        with suppress(AlreadyExistsError):
            return store.create(_new(key, clock.now()))
        group = store.get(key)
    # Names have their case here, unlike SageMaker's.
    if group is None or group.name != name:
        raise ScheduleNotFound(f"Schedule group {name} does not exist.")
    return group


def schedule_page(
    store: Store,
    call: Call,
    kind: Kind,
    member: str,
    query: Query,
    summary_of: Callable[[Resource], Document],
) -> Document:
    """The answer to a List call of the scheduler: what `query` narrows it to, by name."""
    limit = call.parameters.get("MaxResults", PAGE_SIZE)
    after = read_token(call.operation, call.parameters)
    page = store.page(call.owner, kind, replace(query, limit=limit, sort_by=SortBy.NAME, after=after))
    found: Sequence[Resource] = page.resources
    token = write_token(call.operation, call.parameters, page.next)
    return without_empty({member: [summary_of(resource) for resource in found], "NextToken": token})


def once_only(store: Store, call: Call, carry_out: Callable[[], str]) -> str:
    """Carry out what a client token stands for. Raises ScheduleConflict for a token of another request."""
    try:
        return once(store, call, carry_out)
    except ScheduleConflict:
        raise
    except ConflictException as error:
        raise ScheduleConflict(str(error)) from None


def _new(key: Key, now: float) -> Resource:
    document = {
        "Arn": key.arn,
        "Name": key.name,
        "State": "ACTIVE",
        "CreationDate": now,
        "LastModificationDate": now,
    }
    return Resource(key, now, now, "ACTIVE", document)


def _refuse_default(call: Call) -> None:
    if call.parameters["Name"] == DEFAULT_GROUP:
        raise ValidationException("This operation cannot be performed on schedule group default.")
