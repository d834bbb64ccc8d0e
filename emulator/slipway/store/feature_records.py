"""Records of feature groups on disk: the online store, and what the offline store is owed."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from slipway.resources.document import Document

HOUR_US = 3_600_000_000
# So many are removed at a time: a lock is never held for long.
SOME = 2000


@dataclass(frozen=True, slots=True)
class Stored:
    """A record of the online store; `reply` is None once it was deleted. Times in microseconds since 1970."""

    event_us: int
    expires_us: int | None
    reply: bytes | None


@dataclass(frozen=True, slots=True)
class Write:
    """A record on its way in: what each store gets; None for the one that gets nothing."""

    generation: str
    identifier: str
    event_us: int
    online: Stored | None
    line: str | None
    # Whether a record with the same event time gives way, too.
    replaces_equal: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that become one object of S3, of events within one hour."""

    name: str
    destination: Document
    generation: str
    hour: int
    last_sequence: int
    last_event_us: int


class FeatureRecords:
    """The online store of every feature group, and a journal of what S3 has not got yet.

    A record is in both, or in neither, once a call returns; what has been
    acknowledged survives the end of the process. One connection writes and one
    reads: SQLite lets them go on beside each other.
    """

    def __init__(self, file: Path) -> None:
        self._writer = _connection(file)
        self._writer.executescript(files("slipway.store").joinpath("feature_records.sql").read_text("utf-8"))
        self._reader = _connection(file)
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()

    # -- the online store ----------------------------------------------------

    def get(self, generation: str, identifier: str, now_us: int) -> Stored | None:
        """The record of that identifier, deleted or not; None where there is none, or none any more."""
        with self._read_lock:
            row = self._reader.execute(ONE, (generation, identifier)).fetchone()
        return _living(row, now_us)

    def identifiers(
        self, generation: str, after: str, limit: int, now_us: int, with_deleted: bool
    ) -> list[str]:
        """The identifiers of records, in their order, those after `after`."""
        with self._read_lock:
            rows = self._reader.execute(
                "SELECT identifier FROM online WHERE generation = ? AND identifier > ? "
                "AND (expires_us IS NULL OR expires_us > ?) AND (reply IS NOT NULL OR ?) "
                "ORDER BY identifier LIMIT ?",
                (generation, after, now_us, with_deleted, limit),
            ).fetchall()
        return [row[0] for row in rows]

    # -- writing -------------------------------------------------------------

    def put(self, writes: Sequence[Write], now_us: int) -> None:
        """Take records, all or none; an older one than the present goes to the offline store alone."""
        with self._writing() as connection:
            for write in writes:
                _write(connection, write, now_us)

    def change(
        self, generation: str, identifier: str, now_us: int, decide: Callable[[Stored | None], Write]
    ) -> None:
        """Take what `decide` makes of the present record; what it raises leaves everything as it was."""
        with self._writing() as connection:
            row = connection.execute(ONE, (generation, identifier)).fetchone()
            _write(connection, decide(_living(row, now_us)), now_us)

    def remove(
        self, generation: str, identifier: str, now_us: int, decide: Callable[[Stored | None], Write]
    ) -> None:
        """Remove a record; `decide` gets it and tells what the offline store gets, or raises."""
        with self._writing() as connection:
            row = connection.execute(ONE, (generation, identifier)).fetchone()
            write = decide(_living(row, now_us))
            connection.execute(
                "DELETE FROM online WHERE generation = ? AND identifier = ?", (generation, identifier)
            )
            _write(connection, write, now_us)

    def purge(self, now_us: int) -> int:
        """Remove what has expired; returns how many records."""
        return self._delete_in_parts(
            "DELETE FROM online WHERE rowid IN (SELECT rowid FROM online WHERE expires_us <= ? LIMIT ?)",
            now_us,
        )

    def forget(self, generation: str) -> None:
        """Remove the online records of a group; what the offline store is owed stays."""
        self._delete_in_parts(
            "DELETE FROM online WHERE rowid IN (SELECT rowid FROM online WHERE generation = ? LIMIT ?)",
            generation,
        )

    def reset(self) -> None:
        """Forget everything, what S3 has not got as well."""
        with self._writing() as connection:
            for table in ("online", "offline", "batches", "destinations"):
                connection.execute(f"DELETE FROM {table}")

    # -- the journal of the offline store --------------------------------------

    def remember(self, generation: str, destination: Document) -> None:
        """Keep where the rows of a group go, before there is one."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO destinations VALUES (?, ?) "
                "ON CONFLICT (generation) DO UPDATE SET document = excluded.document",
                (generation, json.dumps(destination)),
            )

    def next_batch(self, most_rows: int) -> Batch | None:
        """Rows to store as one object, the same again until they are `stored`; None where none are owed."""
        with self._writing() as connection:
            row = connection.execute("SELECT name FROM batches LIMIT 1").fetchone()
            if row is None:
                begun = _begin_batch(connection, most_rows)
                if begun is None:
                    return None
                row = (begun,)
            found = connection.execute(
                "SELECT b.name, d.document, b.generation, b.hour, b.last_sequence, "
                "(SELECT max(event_us) FROM offline o WHERE o.generation = b.generation "
                "AND o.hour = b.hour AND o.sequence <= b.last_sequence) "
                "FROM batches b JOIN destinations d ON d.generation = b.generation WHERE b.name = ?",
                row,
            ).fetchone()
        return Batch(found[0], json.loads(found[1]), *found[2:])

    def lines(self, batch: Batch) -> Iterator[str]:
        """The rows of a batch, oldest first, some at a time: others may read between them."""
        last = 0
        while True:
            with self._read_lock:
                rows = self._reader.execute(
                    "SELECT sequence, line FROM offline WHERE generation = ? AND hour = ? "
                    "AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
                    (batch.generation, batch.hour, last, batch.last_sequence, SOME),
                ).fetchall()
            if not rows:
                return
            yield from (row[1] for row in rows)
            last = rows[-1][0]

    def stored(self, batch: Batch) -> None:
        """S3 has the rows of a batch."""
        # The batch goes last: a crash in between finds fewer rows for the same name, which it must not
        # store over the object; so both go in one transaction.
        with self._writing() as connection:
            connection.execute(
                "DELETE FROM offline WHERE generation = ? AND hour = ? AND sequence <= ?",
                (batch.generation, batch.hour, batch.last_sequence),
            )
            connection.execute("DELETE FROM batches WHERE name = ?", (batch.name,))

    def owed(self) -> int:
        """How many rows S3 has not got."""
        with self._read_lock:
            count: int = self._reader.execute("SELECT count(*) FROM offline").fetchone()[0]
        return count

    def close(self) -> None:
        """Let go of the file."""
        with self._write_lock, self._read_lock:
            self._writer.close()
            self._reader.close()

    def _delete_in_parts(self, statement: str, value: str | int) -> int:
        removed = 0
        while True:
            with self._writing() as connection:
                count = connection.execute(statement, (value, SOME)).rowcount
            removed += count
            if count < SOME:
                return removed

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk ends a transaction by itself, sometimes.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise


ONE = "SELECT event_us, expires_us, reply FROM online WHERE generation = ? AND identifier = ?"
NEWER = (
    "INSERT INTO online VALUES (?, ?, ?, ?, ?) ON CONFLICT (generation, identifier) DO UPDATE SET "
    "event_us = excluded.event_us, expires_us = excluded.expires_us, reply = excluded.reply "
    "WHERE excluded.event_us > online.event_us OR online.expires_us <= ? "
    "OR (? AND excluded.event_us = online.event_us)"
)


def _write(connection: sqlite3.Connection, write: Write, now_us: int) -> None:
    online = write.online
    if online is not None:
        connection.execute(
            NEWER,
            (
                write.generation,
                write.identifier,
                online.event_us,
                online.expires_us,
                online.reply,
                now_us,
                write.replaces_equal,
            ),
        )
    if write.line is not None:
        connection.execute(
            "INSERT INTO offline (generation, hour, event_us, line) VALUES (?, ?, ?, ?)",
            (write.generation, write.event_us // HOUR_US, write.event_us, write.line),
        )


def _begin_batch(connection: sqlite3.Connection, most_rows: int) -> str | None:
    first = connection.execute("SELECT generation, hour FROM offline ORDER BY sequence LIMIT 1").fetchone()
    if first is None:
        return None
    last = connection.execute(
        "SELECT max(sequence) FROM (SELECT sequence FROM offline WHERE generation = ? AND hour = ? "
        "ORDER BY sequence LIMIT ?)",
        (*first, most_rows),
    ).fetchone()[0]
    name = secrets.token_hex(8)
    connection.execute("INSERT INTO batches VALUES (?, ?, ?, ?)", (name, *first, last))
    return name


def _living(row: tuple[int, int | None, bytes | None] | None, now_us: int) -> Stored | None:
    if row is None or (row[1] is not None and row[1] <= now_us):
        return None
    return Stored(*row)


def _connection(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    # As of the control plane's own rows: a commit survives the process, not a power cut.
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection
