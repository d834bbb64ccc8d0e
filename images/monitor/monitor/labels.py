"""Ground truth that was uploaded: one label an id, the last upload's."""

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor.json_lines import Line, json_lines, unreadable

# The folders in which labels are uploaded (developer guide, "Ingest Ground Truth labels and merge them").
_HOUR_FOLDER = re.compile(r"(?:^|/)(\d{4})/(\d{2})/(\d{2})/(\d{2})/[^/]+$")
_WHAT = "label"
_CACHE_KIBIBYTES = 65_536


@dataclass(frozen=True, slots=True)
class Label:
    """What became of a call; `hour` is when that was uploaded, where its folder says so."""

    data: str
    encoding: str
    hour: datetime | None


class Labels:
    """Every label, and which were asked for.

    Of labels for one id the last upload holds: that of the latest hour's
    folder, within an hour that of the file whose name is last, in a file the
    later line. The contract names no order.
    """

    def __init__(self) -> None:
        self.count = self.duplicates = self.conflicts = 0
        # A database without a name is SQLite's own temporary one: in memory up to
        # the cache's size, in a file beyond, so any number of labels fits.
        self._table = sqlite3.connect("", isolation_level=None)
        self._table.execute("PRAGMA journal_mode = OFF")
        self._table.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
        self._table.execute(
            "CREATE TABLE labels (id TEXT PRIMARY KEY, data TEXT, encoding TEXT, hour INTEGER, used INTEGER) "
            "WITHOUT ROWID"
        )
        self._table.execute("BEGIN")

    def read(self, source: Path, files: Iterable[Path]) -> None:
        """Take in the lines of `files` below `source`.

        Raises ContractError for a line that is no label, with its file and number.
        """
        for path in sorted(
            files, key=lambda path: (_hour_of(path) or datetime.min.replace(tzinfo=UTC), path)
        ):
            hour = _hour_of(path)
            for line in json_lines(path, source, _WHAT):
                self._add(line, hour)

    def _add(self, line: Line, hour: datetime | None) -> None:
        event_id, data, encoding = _parsed(line)
        self.count += 1
        found = self._table.execute("SELECT data, encoding FROM labels WHERE id = ?", (event_id,)).fetchone()
        if found == (data, encoding):
            # When it was first known is what makes it late or not.
            self.duplicates += 1
            return
        self.conflicts += found is not None
        moment = int(hour.timestamp()) if hour else None
        self._table.execute(
            "INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?, 0)", (event_id, data, encoding, moment)
        )

    def take(self, event_id: str) -> Label | None:
        """The label of a call, None where there is none."""
        found = self._table.execute(
            "UPDATE labels SET used = 1 WHERE id = ? RETURNING data, encoding, hour", (event_id,)
        ).fetchone()
        if found is None:
            return None
        data, encoding, moment = found
        return Label(data, encoding, None if moment is None else datetime.fromtimestamp(moment, UTC))

    @property
    def taken(self) -> int:
        """How many labels were of a call."""
        return self._how_many("used = 1")

    @property
    def left(self) -> int:
        """How many labels were of no call, the last ones of their ids."""
        return self._how_many("used = 0")

    def _how_many(self, which: str) -> int:
        (count,) = self._table.execute(f"SELECT count(*) FROM labels WHERE {which}").fetchone()
        return int(count)

    def close(self) -> None:
        """Give back memory and file."""
        self._table.close()


def _hour_of(path: Path) -> datetime | None:
    found = _HOUR_FOLDER.search(path.as_posix())
    if found is None:
        return None
    try:
        return datetime.strptime("".join(found.groups()), "%Y%m%d%H").replace(tzinfo=UTC)
    except ValueError:
        return None


def _parsed(line: Line) -> tuple[str, str, str]:
    match line.document:
        case {"groundTruthData": {"data": str(data), **rest}, "eventMetadata": {"eventId": str(event_id)}}:
            return event_id, data, str(rest.get("encoding", "CSV"))
    raise unreadable(line.place, _WHAT, line.text, "it has no groundTruthData.data or eventMetadata.eventId")
