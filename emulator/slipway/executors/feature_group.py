"""Feature groups on their way to Created, and away."""

import logging
from collections.abc import Callable

from slipway.clock import Clock
from slipway.resources.catalog_table import table_of_group
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.staging.errors import StagingError
from slipway.staging.s3 import S3Clients
from slipway.staging.s3_uri import S3Uri
from slipway.store.store import AlreadyExistsError, MissingError, Store

log = logging.getLogger(__name__)


class FeatureGroupExecutor:
    """Brings groups to a status in which nobody is at work."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        s3_clients: S3Clients,
        forget_records: Callable[[Resource], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._s3_clients = s3_clients
        self._forget_records = forget_records

    def carry_out(self, key: Key) -> None:
        """Go on from what the row says."""
        group = self._store.get(key)
        if group is None:
            raise MissingError(key)
        if group.status == "Creating":
            self._create(group)
        elif group.status == "Deleting":
            self._forget_records(group)
            self._store.delete(key)
            log.info("feature_group.deleted arn=%s", group.arn)

    def fail(self, key: Key, reason: str) -> None:
        """Record that it went wrong."""

        def failed(group: Resource) -> Resource:
            status = "DeleteFailed" if group.status == "Deleting" else "CreateFailed"
            return group.in_status(status).with_document({"FailureReason": reason[:1024]})

        self._store.transition(key, failed)

    def _create(self, group: Resource) -> None:
        offline = group.document.get("OfflineStoreConfig")
        if offline is not None:
            try:
                self._reach(group.key.owner, group.document["RoleArn"], offline["S3StorageConfig"]["S3Uri"])
            except StagingError as error:
                self.fail(group.key, str(error))
                return
        with self._store.all_or_nothing():
            self._store.transition(group.key, lambda present: _entered(present.in_status("Created")))
            self._enter(group)

    def enter_tables(self) -> None:
        """Enter the tables of groups that an emulator without a catalog left; none a second time."""
        for group in self._store.in_statuses(Kind.FEATURE_GROUP, ["Created"]):
            if not group.internal.get("is_entered"):
                with self._store.all_or_nothing():
                    self._store.transition(group.key, _entered)
                    self._enter(group)

    def _enter(self, group: Resource) -> None:
        """Put a group's table into the catalog; one that is there, for a group before it, stays."""
        table = table_of_group(group, self._clock.now())
        if table is not None:
            try:
                self._store.create(table, parent=table.document["DatabaseName"])
            except AlreadyExistsError:
                log.info("feature_group.table_is_there arn=%s", table.arn)

    def _reach(self, owner: Owner, role_arn: str, s3_uri: str) -> None:
        """Raise StagingError where the bucket cannot be asked for what it holds."""
        place = S3Uri.parse(s3_uri)
        self._s3_clients.of(owner, role_arn).reach(place.bucket)


def _entered(group: Resource) -> Resource:
    """A table that somebody deletes must not come back at the next start."""
    return group.with_internal({"is_entered": True})
