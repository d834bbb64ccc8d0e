"""Records of feature groups: the runtime's operations."""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from slipway.clock import Clock
from slipway.errors import (
    FeatureRecordConflict,
    FeatureRecordNotFound,
    RuntimeValidationError,
    ServiceError,
    ValidationException,
)
from slipway.operations.feature_groups import feature_group_key, not_found_text
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import read_token, write_token
from slipway.protocol.service_model import FEATURE_STORE_RUNTIME
from slipway.resources.document import Document, without_empty
from slipway.resources.feature_group import (
    OFFLINE,
    ONLINE,
    WITH_UPDATES,
    FeatureGroup,
    seconds_of,
)
from slipway.resources.feature_record import (
    MICROSECONDS,
    FeatureValues,
    Record,
    check_identifier,
    deletion_line,
    event_time,
    read_record,
    updated,
)
from slipway.resources.resource import Kind, Owner, Resource
from slipway.resources.times import iso
from slipway.store.feature_records import FeatureRecords, Stored, Write
from slipway.store.group_commit import GroupCommit
from slipway.store.query import Position
from slipway.store.store import Store

MOST_UPDATES = 100  # API reference, UpdateRecord
DEFAULT_PAGE = 100


class FeatureStoreRuntime:
    """PutRecord, GetRecord and their like. `groups` are read once and again after each change."""

    def __init__(self, store: Store, records: FeatureRecords, commits: GroupCommit, clock: Clock) -> None:
        self._store = store
        self._records = records
        self._commits = commits
        self._clock = clock
        self._groups: dict[tuple[Owner, str], FeatureGroup] = {}
        self._changes = 0
        self._lock = threading.Lock()
        store.subscribe(self._changed)

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (FEATURE_STORE_RUNTIME, "PutRecord"): self.put,
            (FEATURE_STORE_RUNTIME, "GetRecord"): self.get,
            (FEATURE_STORE_RUNTIME, "BatchGetRecord"): self.batch_get,
            (FEATURE_STORE_RUNTIME, "BatchWriteRecord"): self.batch_write,
            (FEATURE_STORE_RUNTIME, "DeleteRecord"): self.delete,
            (FEATURE_STORE_RUNTIME, "UpdateRecord"): self.update,
            (FEATURE_STORE_RUNTIME, "ListRecords"): self.list,
        }

    # -- reading ---------------------------------------------------------------

    def get(self, call: Call) -> Document:
        """GetRecord: no `Record` where there is none."""
        parameters = call.parameters
        group = self._group(call, parameters["FeatureGroupName"])
        found = self.look_up(group, parameters["RecordIdentifierValueAsString"])
        if found is None or found.reply is None:
            return {}
        values = _chosen(group, json.loads(found.reply), parameters.get("FeatureNames"))
        return without_empty({"Record": values or None, "ExpiresAt": _shown_expiry(parameters, found)})

    def look_up(self, group: FeatureGroup, identifier: str) -> Stored | None:
        """The record as it is kept. Raises RuntimeValidationError where the group has no online store."""
        _stores(group, [ONLINE])
        check_identifier(group, identifier)
        return self._records.get(group.generation, identifier, self._now_us())

    def reply(self, owner: Owner, name: str, identifier: str) -> bytes | None:
        """What GetRecord answers as Record, ready to be sent; None for no record.

        Raises LookupError where that is not as simple: a group that was not used since it changed,
        one without an online store, an identifier that is refused.
        """
        group = self._groups[owner, name]
        try:
            found = self.look_up(group, identifier)
        except RuntimeValidationError as refused:
            raise LookupError(str(refused)) from refused
        return found.reply if found is not None else None

    def batch_get(self, call: Call) -> Document:
        """BatchGetRecord: what cannot be read is told beside what can."""
        records: list[Document] = []
        errors: list[Document] = []
        for asked in call.parameters["Identifiers"]:
            name = asked["FeatureGroupName"]
            for identifier in asked["RecordIdentifiersValueAsString"]:
                about = {"FeatureGroupName": name, "RecordIdentifierValueAsString": identifier}
                try:
                    group = self._group(call, name)
                    found = self.look_up(group, identifier)
                    if found is None or found.reply is None:
                        continue
                    values = _chosen(group, json.loads(found.reply), asked.get("FeatureNames"))
                except ServiceError as error:
                    errors.append({**about, "ErrorCode": error.code, "ErrorMessage": str(error)})
                    continue
                expiry = _shown_expiry(call.parameters, found)
                records.append(without_empty({**about, "Record": values, "ExpiresAt": expiry}))
        return {"Records": records, "Errors": errors, "UnprocessedIdentifiers": []}

    def list(self, call: Call) -> Document:
        """ListRecords: identifiers in their order."""
        parameters = call.parameters
        group = self._group(call, parameters["FeatureGroupName"])
        _stores(group, [ONLINE])
        try:
            position = read_token(call.operation, parameters)
        except ValidationException as error:
            raise RuntimeValidationError(str(error)) from None
        limit = parameters.get("MaxResults", DEFAULT_PAGE)
        found = self._records.identifiers(
            group.generation,
            str(position.value) if position else "",
            limit + 1,
            self._now_us(),
            parameters.get("IncludeSoftDeletedRecords", False),
        )
        after = Position(found[limit - 1], 0) if len(found) > limit else None
        token = write_token(call.operation, parameters, after)
        return without_empty({"RecordIdentifiers": found[:limit], "NextToken": token})

    # -- writing ---------------------------------------------------------------

    def put(self, call: Call) -> Document:
        """PutRecord."""
        now_us = self._now_us()
        self._records.put([self._write(call, call.parameters, None, now_us)], now_us)
        return {}

    def put_soon(self, owner: Owner, name: str, values: FeatureValues) -> Future[bool]:
        """PutRecord of a group that was used since it changed, together with those of others.

        Raises LookupError for any other group and for a record that is refused: `put` has the words.
        """
        group, now_us = self._groups[owner, name], self._now_us()
        try:
            record = read_record(group, values)
        except RuntimeValidationError as refused:
            raise LookupError(str(refused)) from refused
        expires_us = _expiry(group, record.event_us, None)
        return self._commits.put(_write_of(group, record, group.stores, expires_us, now_us), now_us)

    def batch_write(self, call: Call) -> Document:
        """BatchWriteRecord: entries that cannot be written are told, all others are written at once."""
        now_us = self._now_us()
        writes: list[Write] = []
        errors: list[Document] = []
        for entry in call.parameters["Entries"]:
            try:
                writes.append(self._write(call, entry, call.parameters.get("TtlDuration"), now_us))
            except ServiceError as error:
                errors.append({"Entry": entry, "ErrorCode": error.code, "ErrorMessage": str(error)})
        self._records.put(writes, now_us)
        return {"Errors": errors, "UnprocessedEntries": []}

    def delete(self, call: Call) -> Document:
        """DeleteRecord: hidden, or removed; the offline store gets a marker of it."""
        parameters = call.parameters
        group = self._group(call, parameters["FeatureGroupName"])
        stores = _stores(group, parameters.get("TargetStores"))
        identifier, time_text = parameters["RecordIdentifierValueAsString"], parameters["EventTime"]
        check_identifier(group, identifier)
        event_us, now_us = event_time(group, time_text), self._now_us()
        is_online = ONLINE in stores
        marker = deletion_line(group, identifier, time_text, now_us) if OFFLINE in stores else None
        if parameters.get("DeletionMode") == "HardDelete" and is_online:

            def removed(present: Stored | None) -> Write:
                if present is not None and present.event_us >= event_us:
                    raise RuntimeValidationError(
                        f"EventTime: {time_text} is not later than the record's own; nothing was deleted."
                    )
                return Write(group.generation, identifier, event_us, None, marker)

            self._records.remove(group.generation, identifier, now_us, removed)
            return {}
        hidden = Stored(event_us, _expiry(group, event_us, None), None) if is_online else None
        self._records.put([Write(group.generation, identifier, event_us, hidden, marker)], now_us)
        return {}

    def update(self, call: Call) -> Document:
        """UpdateRecord: some features of a record that is there."""
        parameters = call.parameters
        group = self._group(call, parameters["FeatureGroupName"])
        stores = _stores(group, parameters.get("TargetStores"))
        changes, identifier = parameters["Features"], parameters["RecordIdentifierValueAsString"]
        _check_update(group, parameters)
        check_identifier(group, identifier)
        now_us = self._now_us()

        def changed(present: Stored | None) -> Write:
            if present is None or present.reply is None:
                raise FeatureRecordNotFound(
                    f"Resource Not Found: FeatureGroup {group.name} has no record '{identifier}'; "
                    "create it with PutRecord."
                )
            record = read_record(group, updated(json.loads(present.reply), changes))
            if record.event_us < present.event_us:
                raise FeatureRecordConflict(
                    f"The record '{identifier}' is newer than the EventTime of this update."
                )
            ttl = seconds_of(parameters.get("TtlDuration"))
            expires_us = present.expires_us if ttl is None else record.event_us + ttl * MICROSECONDS
            return _write_of(group, record, stores, expires_us, now_us, replaces_equal=True)

        self._records.change(group.generation, identifier, now_us, changed)
        return {}

    def _write(self, call: Call, entry: Document, ttl: Document | None, now_us: int) -> Write:
        group = self._group(call, entry["FeatureGroupName"])
        stores = _stores(group, entry.get("TargetStores"))
        record = read_record(group, entry["Record"])
        expires_us = _expiry(group, record.event_us, entry.get("TtlDuration", ttl))
        return _write_of(group, record, stores, expires_us, now_us)

    # -- groups ----------------------------------------------------------------

    def group(self, owner: Owner, name_or_arn: str) -> FeatureGroup | None:
        """The group of that name or ARN whose records can be read; None where there is none."""
        group = self._groups.get((owner, name_or_arn))
        if group is not None:
            return group
        changes = self._changes
        key = feature_group_key(owner, name_or_arn)
        resource = self._store.get(key) if key is not None else None
        is_arn = name_or_arn.startswith("arn:")
        if resource is None or (resource.name != name_or_arn and not is_arn):
            return None
        if resource.status != "Created":
            return None
        group = FeatureGroup.of(resource)
        if group.offline_uri is not None:
            self._records.remember(group.generation, _destination(resource))
        with self._lock:
            # Somebody may have changed the group since it was read.
            if changes == self._changes:
                self._groups[owner, name_or_arn] = group
        return group

    def forget(self) -> None:
        """Read groups anew."""
        with self._lock:
            self._changes += 1
            self._groups.clear()

    def _changed(self, resource: Resource) -> None:
        if resource.key.kind is Kind.FEATURE_GROUP:
            self.forget()

    def _group(self, call: Call, name_or_arn: str) -> FeatureGroup:
        group = self.group(call.owner, name_or_arn)
        if group is None:
            missing = FeatureRecordNotFound if call.operation in WITH_NOT_FOUND else RuntimeValidationError
            raise missing(not_found_text(name_or_arn))
        return group

    def _now_us(self) -> int:
        return round(self._clock.now() * MICROSECONDS)


# The others have no such error in their models and call it a ValidationError (as PutRecord does in
# aws/sagemaker-python-sdk #2606).
WITH_NOT_FOUND = frozenset({"GetRecord", "BatchWriteRecord", "UpdateRecord", "ListRecords"})


def _destination(group: Resource) -> Document:
    """What it takes to write a group's rows to S3."""
    document = group.document
    return {
        "account_id": group.key.owner.account_id,
        "region": group.key.owner.region,
        "uri": document["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"],
        "features": document["FeatureDefinitions"],
    }


def _stores(group: FeatureGroup, wanted: Sequence[str] | None) -> Sequence[str]:
    """The stores that a call is about. Raises RuntimeValidationError for one that the group has not."""
    for store in wanted or ():
        if store not in group.stores:
            raise RuntimeValidationError(f"Validation Error: FeatureGroup {group.name} has no {store}.")
    return wanted or group.stores


def _expiry(group: FeatureGroup, event_us: int, duration: Document | None) -> int | None:
    """When a record ends: a duration of its own goes before its group's."""
    ttl = seconds_of(duration) if duration else group.ttl_seconds
    return None if ttl is None else event_us + ttl * MICROSECONDS


def _shown_expiry(parameters: Document, found: Stored) -> str | None:
    if parameters.get("ExpirationTimeResponse") != "Enabled" or found.expires_us is None:
        return None
    return iso(found.expires_us / MICROSECONDS)


def _write_of(
    group: FeatureGroup,
    record: Record,
    stores: Sequence[str],
    expires_us: int | None,
    now_us: int,
    replaces_equal: bool = False,
) -> Write:
    return Write(
        group.generation,
        record.identifier,
        record.event_us,
        Stored(record.event_us, expires_us, record.reply()) if ONLINE in stores else None,
        record.line(group, now_us) if OFFLINE in stores else None,
        replaces_equal,
    )


def _chosen(group: FeatureGroup, values: list[Document], names: Sequence[str] | None) -> list[Document]:
    if not names:
        return values
    for name in names:
        if name not in group.features:
            raise RuntimeValidationError(
                f"Validation Error: FeatureGroup {group.name} has no feature '{name}'."
            )
    wanted = frozenset(names)
    return [value for value in values if value["FeatureName"] in wanted]


def _check_update(group: FeatureGroup, parameters: Document) -> None:
    changes = parameters["Features"]
    if group.storage_type not in WITH_UPDATES or not group.is_online:
        raise RuntimeValidationError(
            f"Validation Error: UpdateRecord needs an online store of {' or '.join(sorted(WITH_UPDATES))}; "
            f"FeatureGroup {group.name} has {group.storage_type if group.is_online else 'none'}."
        )
    if len(changes) > MOST_UPDATES:
        raise RuntimeValidationError(
            f"Validation Error: UpdateRecord takes {MOST_UPDATES} features, not {len(changes)}."
        )
    given = {each["FeatureName"]: each.get("ValueAsString") for each in changes}
    if (
        given.get(group.identifier, parameters["RecordIdentifierValueAsString"])
        != (parameters["RecordIdentifierValueAsString"])
    ):
        raise RuntimeValidationError(
            f"Validation Error: the identifier '{group.identifier}' of a record cannot be changed."
        )
    if "TtlDuration" in parameters and group.event_time not in given:
        raise RuntimeValidationError(
            f"Validation Error: a TtlDuration needs the EventTime '{group.event_time}' beside it."
        )
