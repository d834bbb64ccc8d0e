"""Records of feature groups on disk: the online store, and what the offline store is owed."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
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
    acknowledged survives the end of the process. One connection writes, and
    every thread has one to read with: SQLite lets them go on beside each other.
    """

    def __init__(self, file: Path) -> None:
        self._writer = _connection(file)
        self._writer.executescript(files("slipway.store").joinpath("feature_records.sql").read_text("utf-8"))
        self._write_lock = threading.Lock()
        self._file = file
        self._local = threading.local()

    # -- the online store ----------------------------------------------------

    def get(self, generation: str, identifier: str, now_us: int) -> Stored | None:
        """The record of that identifier, deleted or not; None where there is none, or none any more."""
        row = self._reader().execute(ONE, (generation, identifier)).fetchone()
        return _living(row, now_us)

    def identifiers(
        self, generation: str, after: str, limit: int, now_us: int, with_deleted: bool
    ) -> list[str]:
        """The identifiers of records, in their order, those after `after`."""
        rows = self._reader().execute(
            "SELECT identifier FROM online WHERE generation = ? AND identifier > ? "
            "AND (expires_us IS NULL OR expires_us > ?) AND (reply IS NOT NULL OR ?) "
            "ORDER BY identifier LIMIT ?",
            (generation, after, now_us, with_deleted, limit),
        )
        return [row[0] for row in rows.fetchall()]

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
                "ON CONFLICT (generation) DO UPDATE SET document = excluded.document "
                # Features are only added: who read the group before somebody else changed it comes late.
                "WHERE json_array_length(excluded.document, '$.features') "
                ">= json_array_length(document, '$.features')",
                (generation, json.dumps(destination)),
            )

    def next_batch(self, most_rows: int, most_bytes: int, without: Collection[str] = ()) -> Batch | None:
        """Rows to store as one object, the same again until they are `stored`; None where none are owed.

        Groups in `without` are passed over. Called by one thread alone.
        """
        reader = self._reader()
        for name, generation, is_stored in reader.execute(
            "SELECT name, generation, is_stored FROM batches"
        ).fetchall():
            if is_stored:
                self._clear(name)
            elif generation not in without:
                return self._batch(name)
        for (generation,) in reader.execute("SELECT generation FROM destinations").fetchall():
            if generation not in without:
                name = self._begin_batch(generation, most_rows, most_bytes)
                if name is not None:
                    return self._batch(name)
        return None

    def lines(self, batch: Batch) -> Iterator[str]:
        """The rows of a batch, oldest first, some at a time: others may read between them."""
        last = 0
        while True:
            rows = (
                self._reader()
                .execute(
                    "SELECT sequence, line FROM offline WHERE generation = ? AND hour = ? "
                    "AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
                    (batch.generation, batch.hour, last, batch.last_sequence, SOME),
                )
                .fetchall()
            )
            if not rows:
                return
            yield from (row[1] for row in rows)
            last = rows[-1][0]

    def stored(self, batch: Batch) -> None:
        """S3 has the rows of a batch."""
        with self._writing() as connection:
            connection.execute("UPDATE batches SET is_stored = 1 WHERE name = ?", (batch.name,))
        self._clear(batch.name)

    def owed(self) -> int:
        """How many rows S3 has not got."""
        count: int = self._reader().execute("SELECT count(*) FROM offline").fetchone()[0]
        return count

    def _begin_batch(self, generation: str, most_rows: int, most_bytes: int) -> str | None:
        reader = self._reader()
        first = reader.execute(
            "SELECT hour FROM offline WHERE generation = ? ORDER BY hour LIMIT 1", (generation,)
        ).fetchone()
        if first is None:
            return None
        total, last_sequence, last_event_us = 0, 0, 0
        # Rows are only ever added at the end: what is counted here is what the batch will have.
        for sequence, event_us, size in reader.execute(
            "SELECT sequence, event_us, size FROM offline WHERE generation = ? AND hour = ? "
            "ORDER BY sequence LIMIT ?",
            (generation, first[0], most_rows),
        ):
            total += size
            if last_sequence and total > most_bytes:
                break
            last_sequence, last_event_us = sequence, max(last_event_us, event_us)
        name = secrets.token_hex(8)
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO batches (name, generation, hour, last_sequence, last_event_us) "
                "VALUES (?, ?, ?, ?, ?)",
                (name, generation, first[0], last_sequence, last_event_us),
            )
        return name

    def _batch(self, name: str) -> Batch:
        row = (
            self._reader()
            .execute(
                "SELECT b.name, d.document, b.generation, b.hour, b.last_sequence, b.last_event_us "
                "FROM batches b JOIN destinations d ON d.generation = b.generation WHERE b.name = ?",
                (name,),
            )
            .fetchone()
        )
        return Batch(row[0], json.loads(row[1]), *row[2:])

    def _clear(self, name: str) -> None:
        """Remove the rows of a batch that S3 has, then the batch."""
        batch = self._batch(name)
        self._delete_in_parts(
            "DELETE FROM offline WHERE sequence IN (SELECT sequence FROM offline "
            "WHERE generation = ? AND hour = ? AND sequence <= ? ORDER BY sequence LIMIT ?)",
            batch.generation,
            batch.hour,
            batch.last_sequence,
        )
        with self._writing() as connection:
            connection.execute("DELETE FROM batches WHERE name = ?", (name,))

    def _delete_in_parts(self, statement: str, *values: str | int) -> int:
        removed = 0
        while True:
            with self._writing() as connection:
                count = connection.execute(statement, (*values, SOME)).rowcount
            removed += count
            if count < SOME:
                return removed

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = _connection(self._file)
            # There are many threads, and the operating system keeps the file's pages anyway.
            connection.execute("PRAGMA cache_size = -256")
            self._local.connection = connection
        return connection

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
            "INSERT INTO offline (generation, hour, event_us, size, line) VALUES (?, ?, ?, ?, ?)",
            (write.generation, write.event_us // HOUR_US, write.event_us, len(write.line), write.line),
        )


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
