"""Merged lines: captured requests, each with what came true of it."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError

# What a client says of a request that it encoded, in CustomAttributes.
_ENCODER = re.compile(r"\bencoder=([0-9a-f]{64})\b")
_FEATURES = "features"

# A record as it was sent: its cells in their order, or by their columns' names.
Record = list[str] | dict[str, str]


class LeftOutError(Exception):
    """A call cannot become a row; the message says why in words that other calls share."""


@dataclass(frozen=True, slots=True)
class LabelledRecord:
    """One record of a call and its label; cells without names are encoded ones."""

    event_id: str
    encoder_sha256: str | None
    record: Record
    label: str


def read_merged(folder: Path) -> Iterator[tuple[str, str]]:
    """Every line of the files in `folder` and below, with where it is: `part-00000.jsonl line 3`.

    Names that begin with a dot or an underscore are passed over.
    Raises ContractError where there is no file, or one cannot be read.
    """
    if not folder.is_dir():
        raise ContractError(f"the folder {folder} is missing; give the job an input that lands there.")
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    names = sorted(name for name in found if not any(part.startswith((".", "_")) for part in name.parts))
    if not names:
        raise ContractError(f"{folder} has no files; give the output of a merge job.")
    for name in names:
        try:
            with found[name].open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        yield f"{name.as_posix()} line {number}", line
        except (OSError, UnicodeDecodeError) as error:
            raise ContractError(f"{found[name]} cannot be read ({error}); check the merged input.") from error


def labelled_records(line: str, columns: frozenset[str]) -> list[LabelledRecord]:
    """The records of a merged line, each with its label.

    `columns` are the features' names: a header that has all of them makes
    named records of the lines after it. A call of several records needs as
    many labels: which of them a single one is about, nobody knows.
    Raises LeftOutError.
    """
    try:
        call: Any = json.loads(line)
        asked, told = call["captureData"]["endpointInput"], call["groundTruthData"]
        metadata = call["eventMetadata"]
        event_id = str(metadata.get("inferenceId") or metadata["eventId"])
        labels = [cells[0] for cells in csv.reader(io.StringIO(told["data"])) if cells]
        records = _records(asked["data"], asked["encoding"], columns)
    except (ValueError, TypeError, KeyError, AttributeError, csv.Error):
        raise LeftOutError("is no merged line") from None
    if len(labels) != len(records):
        raise LeftOutError("has not as many labels as records")
    encoder = _encoder(metadata)
    return [
        LabelledRecord(event_id, encoder, record, label)
        for record, label in zip(records, labels, strict=True)
    ]


def _encoder(metadata: Mapping[str, Any]) -> str | None:
    # One text or a list of them: which of both AWS writes is not documented.
    attributes = metadata.get("customAttributes") or ""
    found = _ENCODER.search(attributes if isinstance(attributes, str) else " ".join(map(str, attributes)))
    return found[1] if found else None


def _records(data: str, encoding: str, columns: frozenset[str]) -> list[Record]:
    if encoding == "CSV":
        return _csv_records(data, columns)
    if encoding == "JSON":
        return _json_records(json.loads(data))
    raise LeftOutError("is neither CSV nor JSON")


def _csv_records(data: str, columns: frozenset[str]) -> list[Record]:
    rows = [cells for cells in csv.reader(io.StringIO(data, newline=""), strict=True) if cells]
    if not rows or not columns <= set(rows[0]):
        return list(rows)
    header, *others = rows
    if any(len(cells) != len(header) for cells in others):
        raise LeftOutError("has rows of another width than its header")
    return [dict(zip(header, cells, strict=True)) for cells in others]


def _json_records(document: Any) -> list[Record]:
    """What a model takes as application/json: a row, a list of rows, or `instances`."""
    rows = document["instances"] if isinstance(document, dict) and "instances" in document else document
    return [_json_record(row) for row in (rows if isinstance(rows, list) else [rows])]


def _json_record(row: Any) -> Record:
    if not isinstance(row, dict):
        raise LeftOutError("has a record that is no JSON object")
    if set(row) == {_FEATURES} and isinstance(row[_FEATURES], list):
        return [_text(value) for value in row[_FEATURES]]
    return {str(name): _text(value) for name, value in row.items()}


def _text(value: object) -> str:
    """A JSON value as a cell: what is null is empty."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
