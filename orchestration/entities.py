"""Rows of entities as the file of a table: who is asked about, and when."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from numbers import Real
from typing import Any

from orchestration.errors import TrainingSetError
from orchestration.point_in_time import TimeForm, check_columns

# OpenCSVSerde's properties, as SQL has them: all is quoted, and a backslash stands before a quote within.
PROPERTIES = {"separatorChar": ",", "quoteChar": '"', "escapeChar": "\\\\"}


@dataclass(frozen=True, slots=True)
class EntityFile:
    """A row for each entity, without a row of names; columns in their order, all of them text."""

    columns: tuple[str, ...]
    time_form: TimeForm
    body: bytes


def entity_file(rows: Any, event_time: str) -> EntityFile:
    """The file of a pandas DataFrame, or of a sequence of mappings by column.

    The moments in `event_time` are datetimes with a time zone, texts such as 2023-11-14T21:00:00Z, or
    seconds since 1970, all in one form. Raises TrainingSetError for rows that no table can hold.
    """
    records = list(rows.to_dict("records") if hasattr(rows, "to_dict") else rows)
    if not records:
        raise TrainingSetError("there is no row of an entity; a training set has a row for each")
    columns = tuple(records[0])
    check_columns(columns)
    if event_time not in columns:
        raise TrainingSetError(
            f"the rows have no column '{event_time}' of moments; they have {', '.join(columns)}"
        )
    return EntityFile(columns, _form_of(records, event_time), _body(records, columns))


def _form_of(records: Sequence[Mapping[str, Any]], event_time: str) -> TimeForm:
    forms = {_time_form(record.get(event_time), n, event_time) for n, record in enumerate(records, 1)}
    if len(forms) > 1:
        raise TrainingSetError(
            f"the moments in '{event_time}' are {' and '.join(sorted(forms))}; give all of them in one form"
        )
    return forms.pop()


def _body(records: Sequence[Mapping[str, Any]], columns: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, doublequote=False, escapechar="\\", lineterminator="\n")
    for number, record in enumerate(records, 1):
        if tuple(record) != columns:
            raise TrainingSetError(f"row {number} has other columns than the first: {', '.join(record)}")
        writer.writerow([_cell(value, number, name) for name, value in record.items()])
    return text.getvalue().encode()


def _time_form(value: Any, number: int, name: str) -> TimeForm:
    if _is_missing(value):
        raise TrainingSetError(f"row {number} has no moment in '{name}'; what was known then nobody can say")
    if isinstance(value, datetime):
        return TimeForm.ISO_8601
    if isinstance(value, str):
        _check_text(value, number, name)
        return TimeForm.ISO_8601
    if isinstance(value, Real) and not isinstance(value, bool):
        return TimeForm.SECONDS
    raise TrainingSetError(f"row {number} has {value!r} in '{name}', which is no moment")


def _check_text(value: str, number: int, name: str) -> None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    # What Python reads, and SQL does not: a blank in place of the T.
    if moment is None or moment.tzinfo is None or value[10:11] != "T":
        raise TrainingSetError(
            f"row {number} has '{value}' in '{name}'; moments are written as 2023-11-14T21:00:00Z"
        )


def _cell(value: Any, number: int, name: str) -> str:
    if _is_missing(value):
        return ""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TrainingSetError(
                f"row {number} has {value} in '{name}', of no time zone; give one, UTC perhaps"
            )
        # To the millisecond that has begun: rounded up, it would know of what came after it.
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    text = repr(float(value)) if isinstance(value, float) else str(value)
    if "\n" in text or "\r" in text:
        raise TrainingSetError(
            f"row {number} has a line's end in '{name}', which the table's format does not"
        )
    return text


def _is_missing(value: Any) -> bool:
    # What is not equal to itself is NaN, or pandas' NaT.
    return value is None or bool(value != value) or value == ""
