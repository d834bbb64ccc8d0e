"""places.csv as the records of a feature group."""

import csv
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from smcontract.failure import ContractError

from preprocess.feature_arguments import DIGEST_DIGITS
from preprocess.forecasting.places_table import LATITUDE, LONGITUDE
from preprocess.group_records import EVENT_TIME, GroupRecord
from preprocess.schema import FEATURE_NAME

NAME = "places.csv"
_TAKEN = (EVENT_TIME, "is_deleted", "write_time", "api_invocation_time")
_COUNT = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class PlaceRecords:
    """A record for each location: where it is, and how many places are around it."""

    columns: tuple[str, ...]
    records: tuple[GroupRecord, ...]

    @property
    def key_name(self) -> str:
        """The column that has the locations' names."""
        return self.columns[0]

    @property
    def feature_types(self) -> Mapping[str, str]:
        """Degrees, then counts."""
        degrees = dict.fromkeys((LATITUDE, LONGITUDE), "Fractional")
        return degrees | dict.fromkeys(self.columns[3:], "Integral")

    @property
    def description(self) -> str:
        """What the group is said to hold."""
        return f"Places around {len(self)} locations"

    @property
    def source(self) -> str:
        """What all of it comes from."""
        return NAME

    def group_name(self, prefix: str) -> str:
        """The group of these records: other counts, of another map or radius, are another group's."""
        document = [self.columns, [[record.key, *record.columns] for record in self.records]]
        digest = hashlib.sha256(json.dumps(document, separators=(",", ":")).encode()).hexdigest()
        return f"{prefix}-{digest[:DIGEST_DIGITS]}"

    def __len__(self) -> int:
        """How many locations there are."""
        return len(self.records)

    def __iter__(self) -> Iterator[GroupRecord]:
        """Each of them, in the file's order."""
        return iter(self.records)


def read_place_records(folder: Path) -> PlaceRecords:
    """The records of places.csv in `folder`. Raises ContractError where it is not what preprocess leaves."""
    path = folder / NAME
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines, strict=True))
    except FileNotFoundError:
        raise ContractError(f"{path} is missing; give the places output of the first job.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ContractError(f"{path} cannot be read ({error}); check the places input.") from error
    header, *others = rows or [[]]
    if header[1:3] != [LATITUDE, LONGITUDE] or len(header) < 4 or not others:
        raise ContractError(
            f"{NAME} must have a header of a key, {LATITUDE}, {LONGITUDE} and counts, and a row for each "
            f"location; it has {', '.join(header) or 'nothing'}."
        )
    for name in header:
        if not FEATURE_NAME.fullmatch(name) or name.lower() in _TAKEN:
            raise ContractError(f"{NAME}: the column '{name}' cannot name a feature; give it another name.")
    for number, row in enumerate(others, start=2):
        if len(row) != len(header) or not _is_sound(row):
            raise ContractError(
                f"{NAME} line {number} is not a key, two numbers of degrees and whole counts: {','.join(row)}"
            )
    if len({row[0] for row in others}) < len(others):
        raise ContractError(f"{NAME} has a key twice; keep one row of each.")
    return PlaceRecords(tuple(header), tuple(GroupRecord(row[0], tuple(row[1:])) for row in others))


def _is_sound(row: list[str]) -> bool:
    key, latitude, longitude, *counts = row
    try:
        degrees = [float(latitude), float(longitude)]
    except ValueError:
        return False
    return bool(key) and all(map(math.isfinite, degrees)) and all(map(_COUNT.fullmatch, counts))
