"""Records on their way from calls to a table: the temporary files that Spark reads."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.records import Flat, csv_line
from monitor.table import positional_names

# Of the label in merged data.
GROUND_TRUTH = "groundTruth"


@dataclass(frozen=True, slots=True)
class CsvRecords:
    """Lines without a header; the last columns have names of their own, the others by their place."""

    last_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectRecords:
    """A JSON object a line, whose key `f<index>` is the column of that index."""

    columns: tuple[tuple[int, str], ...]


class CsvFile:
    """Writes records that are CSV already."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        # JSON can hold half a surrogate pair, which UTF-8 has not; it becomes a question mark.
        self._file = path.open("w", encoding="utf-8", errors="replace", newline="")

    def write(self, line: str, truth: tuple[str | None, ...]) -> None:
        """One record, and its label as a further cell."""
        self.count += 1
        cells = (csv_line([cell]) if cell else "" for cell in truth)
        self._file.write(",".join([line, *cells]) + "\n")

    def __enter__(self) -> Self:
        """The file is open until the end of the `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """All is written."""
        self._file.close()


class ObjectFile:
    """Writes records with names; a column for each that was seen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.indexes: dict[str, int] = {}
        self._file = path.open("w", encoding="utf-8")

    def write(self, record: Flat, truth: tuple[str | None, ...]) -> None:
        """One record, and its label."""
        self.count += 1
        named = {**record, **dict.fromkeys((GROUND_TRUTH,) if truth else (), *truth)}
        indexes = self.indexes
        row = {f"f{indexes.setdefault(name, len(indexes))}": value for name, value in named.items()}
        self._file.write(json.dumps(row) + "\n")

    def layout(self, names: Sequence[str] | None, is_sorted: bool) -> ObjectRecords:
        """The columns in order of first sight, or of their keys.

        Keys that are numbers are places: their columns are named by `names`, as
        those of records without a header are.
        """
        keys = sorted(self.indexes) if is_sorted else list(self.indexes)
        places = [key for key in keys if key != GROUND_TRUTH]
        called = {key: key for key in keys}
        if all(key.isdecimal() for key in places):
            called |= dict(zip(places, positional_names(len(places), names), strict=True))
        return ObjectRecords(tuple((self.indexes[key], called[key]) for key in keys))

    def __enter__(self) -> Self:
        """The file is open until the end of the `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """All is written."""
        self._file.close()
