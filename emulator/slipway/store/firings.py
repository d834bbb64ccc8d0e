"""Which schedules fire when, and what has fired and is not delivered yet."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from slipway.resources.document import Document
from slipway.resources.resource import Key, Kind, Owner
from slipway.store.store import Store

IDENTITY = "account_id = ? AND region = ? AND kind = ? AND name = ?"
IS_DUE = "due_at <= ? AND id NOT IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Firing:
    """One time at which a schedule fired, until its target has it or it is given up.

    `scheduled_at` is the schedule's own time, `due_at` the one within its window; both go by
    the control plane's clock. `first_tried_at` goes by the machine's.
    """

    id: int
    key: Key
    scheduled_at: float
    due_at: float
    target: Document
    attempts: int
    first_tried_at: float | None


class Firings:
    """The timetable, and the firings that came of it; what is written here survives the process."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- the timetable --------------------------------------------------------

    def plan(self, key: Key, next_at: float | None) -> None:
        """Have a schedule fire at `next_at`, or never again; when it fired last stays known."""
        with self._store.all_or_nothing() as connection:
            connection.execute(
                "INSERT INTO timetable (account_id, region, kind, name, next_at) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET next_at = excluded.next_at",
                [*_identity(key), next_at],
            )

    def forget(self, key: Key) -> None:
        """Have a schedule never fire again, and what has fired of it undelivered."""
        with self._store.all_or_nothing() as connection:
            for table in ("timetable", "firings"):
                connection.execute(f"DELETE FROM {table} WHERE {IDENTITY}", _identity(key))

    def last_at(self, key: Key) -> float | None:
        """When a schedule fired last; None where it has not."""
        with self._store.all_or_nothing() as connection:
            row = connection.execute(
                f"SELECT last_at FROM timetable WHERE {IDENTITY}", _identity(key)
            ).fetchone()
        return row["last_at"] if row else None

    def next_planned(self) -> tuple[Key, float] | None:
        """Which schedule fires next, and when; None where none does."""
        with self._store.all_or_nothing() as connection:
            row = connection.execute(
                "SELECT * FROM timetable WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1"
            ).fetchone()
        return (_key(row), row["next_at"]) if row else None

    def fire(self, key: Key, scheduled_at: float, due_at: float, target: Document) -> None:
        """Record that a schedule has fired; a time that it has fired at already stays as it is."""
        with self._store.all_or_nothing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO firings "
                "(account_id, region, kind, name, scheduled_at, due_at, target) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [*_identity(key), scheduled_at, due_at, json.dumps(target)],
            )
            connection.execute(
                f"UPDATE timetable SET last_at = ? WHERE {IDENTITY}", [scheduled_at, *_identity(key)]
            )

    # -- what has fired -------------------------------------------------------

    def due(self, now: float, without: Sequence[int] = ()) -> list[Key]:
        """The schedules that have something to deliver now, but for some firings; the earliest first."""
        with self._store.all_or_nothing() as connection:
            rows = connection.execute(
                f"SELECT account_id, region, kind, name FROM firings WHERE {IS_DUE} "
                "GROUP BY account_id, region, kind, name ORDER BY min(due_at), min(id)",
                [now, json.dumps(without)],
            ).fetchall()
        return [_key(row) for row in rows]

    def first(self, key: Key, now: float, without: Sequence[int] = ()) -> Firing | None:
        """The earliest firing of a schedule that is due, but for some; None where there is none."""
        with self._store.all_or_nothing() as connection:
            row = connection.execute(
                f"SELECT * FROM firings WHERE {IDENTITY} AND {IS_DUE} ORDER BY due_at, id LIMIT 1",
                [*_identity(key), now, json.dumps(without)],
            ).fetchone()
        return _firing(row) if row else None

    def is_over(self, key: Key) -> bool:
        """Whether a schedule will not fire again, and all that has fired has come to its end."""
        with self._store.all_or_nothing() as connection:
            waiting = connection.execute(f"SELECT 1 FROM firings WHERE {IDENTITY}", _identity(key)).fetchone()
            planned = connection.execute(
                f"SELECT 1 FROM timetable WHERE {IDENTITY} AND next_at IS NOT NULL", _identity(key)
            ).fetchone()
        return waiting is None and planned is None

    def next_due(self, now: float) -> float | None:
        """When the first firing after `now` is due; None where none is."""
        with self._store.all_or_nothing() as connection:
            row = connection.execute(
                "SELECT min(due_at) AS due_at FROM firings WHERE due_at > ?", [now]
            ).fetchone()
        moment: float | None = row["due_at"]
        return moment

    def tried(self, firing: Firing, tried_at: float) -> None:
        """Count one more attempt, before it is made."""
        with self._store.all_or_nothing() as connection:
            connection.execute(
                "UPDATE firings SET attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, ?) "
                "WHERE id = ?",
                [tried_at, firing.id],
            )

    def end(self, firing: Firing) -> None:
        """A firing is delivered, or given up."""
        with self._store.all_or_nothing() as connection:
            connection.execute("DELETE FROM firings WHERE id = ?", [firing.id])


def _identity(key: Key) -> list[str]:
    return [key.owner.account_id, key.owner.region, key.kind.value, key.name]


def _key(row: sqlite3.Row) -> Key:
    return Key(Owner(row["account_id"], row["region"]), Kind(row["kind"]), row["name"])


def _firing(row: sqlite3.Row) -> Firing:
    return Firing(
        row["id"],
        _key(row),
        row["scheduled_at"],
        row["due_at"],
        json.loads(row["target"]),
        row["attempts"],
        row["first_tried_at"],
    )
