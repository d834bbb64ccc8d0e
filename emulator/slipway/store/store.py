"""Every resource the control plane knows, on disk: SQLite in WAL mode."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from slipway.clock import Clock
from slipway.resources.document import Document
from slipway.resources.lifecycle import may_follow
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.store.query import COLUMNS, Page, Position, Query, select
from slipway.store.rows import IDENTITY, bring_up_to_date, identity, is_visible, resource_of, stamped


@dataclass(frozen=True, slots=True)
class Event:
    """What EventBridge is to be told about a change."""

    detail_type: str
    detail: Document
    source: str = "aws.sagemaker"


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event in the outbox."""

    id: int
    owner: Owner
    detail_type: str
    resource_arn: str
    time: float
    detail: Document
    source: str


class AlreadyExistsError(Exception):
    """There is a resource of that name; `existing` is it."""

    def __init__(self, existing: Resource) -> None:
        super().__init__(existing.arn)
        self.existing = existing


class MissingError(Exception):
    """There is no such resource (any more)."""

    def __init__(self, key: Key) -> None:
        super().__init__(key.arn)
        self.key = key


class IllegalTransitionError(Exception):
    """A status may not follow the present one; nothing was written."""

    def __init__(self, resource: Resource, after: str) -> None:
        super().__init__(f"{resource.arn} cannot go from {resource.status} to {after}")
        self.resource = resource


class Store:
    """Every resource the control plane knows, on disk.

    Reads return snapshots. `transition` is the one way to change a resource:
    it commits the new state and its event together, or neither. What has been
    acknowledged survives the end of the process.
    """

    def __init__(
        self, file: Path, clock: Clock, events_of: Callable[[Resource | None, Resource], Sequence[Event]]
    ) -> None:
        self._file = file
        self._clock = clock
        self._events_of = events_of
        self._listeners: list[Callable[[Resource], None]] = []
        self._write_lock = threading.RLock()
        self._local = threading.local()
        self._changed = threading.Condition()
        connection = self._connection()
        connection.executescript(files("slipway.store").joinpath("schema.sql").read_text("utf-8"))
        bring_up_to_date(connection)

    def subscribe(self, listener: Callable[[Resource], None]) -> None:
        """Have `listener` called with every resource as it is after a change, once that is committed.

        It is called in the thread that made the change and must neither block nor raise.
        """
        self._listeners.append(listener)

    # -- reading ------------------------------------------------------------

    def get(self, key: Key) -> Resource | None:
        """The resource as it is now; None where there is none."""
        row = (
            self._connection()
            .execute(
                f"SELECT {COLUMNS} FROM resources WHERE {IDENTITY}",
                identity(key),
            )
            .fetchone()
        )
        return resource_of(row) if row else None

    def page(self, owner: Owner, kind: Kind, query: Query) -> Page:
        """One page of the resources that `query` asks for."""
        statement, values = select(owner, kind, query)
        rows = self._connection().execute(statement, values).fetchall()
        resources = tuple(resource_of(row) for row in rows[: query.limit])
        if len(rows) <= query.limit:
            return Page(resources, None)
        last = rows[query.limit - 1]
        return Page(resources, Position(last[query.sort_by.value], last["sequence"]))

    def children(self, owner: Owner, kind: Kind, parent: str) -> list[Resource]:
        """Every resource of `kind` with that parent, oldest first."""
        rows = self._connection().execute(
            f"SELECT {COLUMNS} FROM resources WHERE account_id = ? AND region = ? AND kind = ? "
            "AND parent = ? ORDER BY sequence",
            [owner.account_id, owner.region, kind.value, parent],
        )
        return [resource_of(row) for row in rows.fetchall()]

    def in_statuses(self, kind: Kind, statuses: Iterable[str]) -> list[Resource]:
        """Every resource of `kind` in one of `statuses`, whoever owns it, oldest first."""
        wanted = sorted(statuses)
        rows = self._connection().execute(
            f"SELECT {COLUMNS} FROM resources WHERE kind = ? AND status IN ({', '.join('?' * len(wanted))}) "
            "ORDER BY sequence",
            [kind.value, *wanted],
        )
        return [resource_of(row) for row in rows.fetchall()]

    def tags(self, arn: str) -> list[dict[str, str]]:
        """The tags of a resource, in the order in which they were added."""
        rows = self._connection().execute(
            "SELECT key, value FROM tags WHERE arn = ? ORDER BY position", [arn]
        )
        return [{"Key": row["key"], "Value": row["value"]} for row in rows.fetchall()]

    def token(self, owner: Owner, operation: str, token: str) -> tuple[str, str] | None:
        """The fingerprint and the name that a client request token stands for; None for a new one."""
        row = (
            self._connection()
            .execute(
                "SELECT fingerprint, name FROM tokens "
                "WHERE account_id = ? AND region = ? AND operation = ? AND token = ?",
                [owner.account_id, owner.region, operation, token],
            )
            .fetchone()
        )
        return (row["fingerprint"], row["name"]) if row else None

    # -- writing ------------------------------------------------------------

    def create(
        self,
        resource: Resource,
        tags: Sequence[Mapping[str, str]] = (),
        parent: str = "",
        label: str = "",
    ) -> Resource:
        """Add a resource, its tags and its event. Raises AlreadyExistsError where the name is taken."""
        with self._writing() as connection:
            existing = self.get(resource.key)
            if existing is not None:
                raise AlreadyExistsError(existing)
            key = resource.key
            connection.execute(
                "INSERT INTO resources (account_id, region, kind, name, status, created_at, modified_at, "
                "document, internal, parent, label) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    *identity(key),
                    resource.status,
                    resource.created_at,
                    resource.modified_at,
                    json.dumps(resource.document),
                    json.dumps(resource.internal),
                    parent,
                    label,
                ],
            )
            self._tag(connection, resource.arn, tags)
            self._record_change(connection, None, resource)
        return resource

    def transition(
        self, key: Key, change: Callable[[Resource], Resource], label: str | None = None
    ) -> Resource:
        """Change a resource: `change` gets the present state and returns the next one.

        State and event are committed together. `change` may be called once
        only and must not do anything but decide.
        Raises MissingError, and IllegalTransitionError where the status may not follow.
        """
        with self._writing() as connection:
            before = self.get(key)
            if before is None:
                raise MissingError(key)
            after = change(before)
            if not may_follow(key.kind, before.status, after.status):
                raise IllegalTransitionError(before, after.status)
            if after is before:
                return before
            after = stamped(after, self._clock.now()) if is_visible(before, after) else after
            connection.execute(
                "UPDATE resources SET status = ?, modified_at = ?, document = ?, internal = ?, "
                f"label = coalesce(?, label) WHERE {IDENTITY}",
                [
                    after.status,
                    after.modified_at,
                    json.dumps(after.document),
                    json.dumps(after.internal),
                    label,
                    *identity(key),
                ],
            )
            self._record_change(connection, before, after)
        return after

    def delete(self, key: Key) -> None:
        """Remove a resource and its tags. Raises MissingError."""
        with self._writing() as connection:
            removed = connection.execute(
                f"DELETE FROM resources WHERE {IDENTITY}",
                identity(key),
            ).rowcount
            if not removed:
                raise MissingError(key)
            connection.execute("DELETE FROM tags WHERE arn = ?", [key.arn])

    def add_tags(self, arn: str, tags: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        """Add or replace tags; returns all of them."""
        with self._writing() as connection:
            self._tag(connection, arn, tags)
        return self.tags(arn)

    def remove_tags(self, arn: str, keys: Sequence[str]) -> None:
        """Remove tags by key; a key that is not there is no error."""
        with self._writing() as connection:
            connection.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", [(arn, key) for key in keys])

    def next_number(self, counter: str) -> int:
        """The number after the last one given for `counter`, the first time 1; never given twice."""
        with self._writing() as connection:
            row = connection.execute(
                "INSERT INTO counters (name, value) VALUES (?, 1) "
                "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                [counter],
            ).fetchone()
            number: int = row["value"]
            return number

    def claim_token(
        self, owner: Owner, operation: str, token: str, fingerprint: str, name: str
    ) -> tuple[str, str]:
        """Remember `name` for a client request token, the first time it is seen.

        Returns the fingerprint and the name that the token stands for.
        """
        place = [owner.account_id, owner.region, operation, token]
        with self._writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?, ?, ?)", [*place, fingerprint, name]
            )
            return self.token(owner, operation, token) or (fingerprint, name)

    @contextmanager
    def all_or_nothing(self) -> Iterator[sqlite3.Connection]:
        """One transaction around several calls of this thread; its connection is for this package alone."""
        with self._writing() as connection:
            yield connection

    # -- the outbox ---------------------------------------------------------

    def pending_events(self, limit: int) -> list[PendingEvent]:
        """The oldest events that nobody has been told."""
        rows = self._connection().execute("SELECT * FROM outbox ORDER BY id LIMIT ?", [limit])
        return [
            PendingEvent(
                row["id"],
                Owner(row["account_id"], row["region"]),
                row["detail_type"],
                row["resource_arn"],
                row["time"],
                json.loads(row["detail"]),
                row["source"],
            )
            for row in rows.fetchall()
        ]

    def forget_events(self, ids: Sequence[int]) -> None:
        """Remove events that have been told."""
        with self._writing() as connection:
            connection.executemany("DELETE FROM outbox WHERE id = ?", [(event_id,) for event_id in ids])

    def wait_for_change(self, timeout_seconds: float) -> None:
        """Return after the next change, or after `timeout_seconds`."""
        with self._changed:
            self._changed.wait(timeout_seconds)

    # -- everything ---------------------------------------------------------

    def reset(self) -> None:
        """Forget everything."""
        with self._writing() as connection:
            for table in ("resources", "tags", "outbox", "counters", "tokens", "timetable", "firings"):
                connection.execute(f"DELETE FROM {table}")

    def _record_change(
        self, connection: sqlite3.Connection, before: Resource | None, after: Resource
    ) -> None:
        self._local.changed.append(after)
        owner = after.key.owner
        connection.executemany(
            "INSERT INTO outbox (account_id, region, detail_type, resource_arn, time, detail, source) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    owner.account_id,
                    owner.region,
                    event.detail_type,
                    after.arn,
                    self._clock.now(),
                    json.dumps(event.detail),
                    event.source,
                )
                for event in self._events_of(before, after)
            ],
        )

    @staticmethod
    def _tag(connection: sqlite3.Connection, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
        connection.executemany(
            "INSERT INTO tags (arn, position, key, value) "
            "VALUES (?, (SELECT coalesce(max(position), 0) + 1 FROM tags WHERE arn = ?), ?, ?) "
            "ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value",
            [(arn, arn, tag["Key"], tag["Value"]) for tag in tags],
        )

    def _notify(self, changed: Sequence[Resource]) -> None:
        with self._changed:
            self._changed.notify_all()
        for resource in changed:
            for listener in self._listeners:
                listener(resource)

    def _connection(self) -> sqlite3.Connection:
        """This thread's own connection: SQLite lets readers go on beside one writer."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._file, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            # A commit in WAL mode survives the process at NORMAL, and a power cut only at FULL.
            connection.execute("PRAGMA synchronous = NORMAL")
            self._local.connection = connection
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        with self._write_lock:
            if connection.in_transaction:  # inside all_or_nothing
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            changed: list[Resource] = []
            self._local.changed = changed
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk ends a transaction by itself, sometimes; one that stayed open
                # would take in every later write of this thread and commit none.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        self._notify(changed)
