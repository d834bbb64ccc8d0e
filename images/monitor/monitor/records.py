"""From the text of a captured body, or of a label, to records."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from smcontract.failure import ContractError

from monitor.table import NOT_FINITE, NUMBER

Flat = dict[str, str | None]
_NUMBER = re.compile(f"{NUMBER}|{NOT_FINITE}", re.IGNORECASE)


def csv_lines(text: str) -> list[str]:
    """The records of a CSV body, each as a line without its end; blank lines are none."""
    if '"' not in text:
        return [line for line in text.replace("\r\n", "\n").split("\n") if line]
    # A quoted cell may hold a line break.
    return [csv_line(row) for row in csv.reader(io.StringIO(text, newline="")) if row]


def csv_line(cells: list[str]) -> str:
    """Cells as one record."""
    line = io.StringIO()
    # The characters of the line's end are those that the writer quotes in a cell.
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n")


def cells_of(line: str) -> list[str]:
    """The cells of a record."""
    return next(csv.reader(io.StringIO(line, newline="")), [])


def header_of(lines: list[str]) -> list[str] | None:
    """The names that a body's first record holds; None where that is a row as the others are.

    A header's cells are all there, differ, and none is a number, while the row below has one.
    """
    if len(lines) < 2:
        return None
    names = cells_of(lines[0])
    if not all(names) or len(set(names)) < len(names) or any(map(_is_number, names)):
        return None
    return names if any(map(_is_number, cells_of(lines[1]))) else None


def _is_number(cell: str) -> bool:
    return _NUMBER.match(cell) is not None


def json_records(text: str) -> list[Any]:
    """The records of a JSON body: a list's items, the lines of JSON Lines, or the one document.

    Numbers stay as they are written. Raises ValueError for a text that is no JSON.
    """
    try:
        document = _loads(text)
    except ValueError:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise
        return [_loads(line) for line in lines]
    return document if isinstance(document, list) else [document]


def _loads(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def flat(record: Any, place: str) -> Flat:
    """A record's values as text by key.

    Raises ContractError for a record that is no object of plain values.
    """
    if not isinstance(record, dict):
        raise ContractError(f"{place}: the record {_shown(record)} is no JSON object; {_WAY_OUT}.")
    for name, value in record.items():
        if isinstance(value, dict | list):
            raise ContractError(f"{place}: '{name}' holds {_shown(value)} and not one value; {_WAY_OUT}.")
    return {name: text_of(value) for name, value in record.items()}


_WAY_OUT = "send flat JSON objects, or make them so in a record_preprocessor_script"


def by_path(record: Any) -> Flat:
    """A record's values as text by JSON path, as `predictions[0].label`, however deep they are."""
    return dict(_paths(record, ""))


def _paths(value: Any, path: str) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _paths(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _paths(each, f"{path}[{index}]")
    else:
        yield path or "value", text_of(value)


def text_of(value: object) -> str | None:
    """One value as text, None where there is none."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def truths(data: str, encoding: str, count: int, place: str) -> list[str | None]:
    """The label of each of a call's `count` records.

    CSV has a line a record, JSON a list's item (where there is one record, any
    value); a record's label is one value, or an object that holds one.
    Raises ContractError where the label is not of this form.
    """
    if encoding == "CSV":
        labels: list[Any] = [_one(cells_of(line), place) for line in csv_lines(data)]
    elif encoding == "JSON":
        try:
            labels = json_records(data)
        except ValueError:
            raise ContractError(f"{place}: the label {_shown(data)} is no JSON; upload it again.") from None
        labels = [_one(list(each.values()), place) if isinstance(each, dict) else each for each in labels]
    else:
        raise ContractError(f"{place}: the label's encoding is {encoding}; upload it as CSV or JSON.")
    if len(labels) != count:
        raise ContractError(
            f"{place}: the call's records ({count}) and its label's ({len(labels)}) are not as many; a label "
            "needs a line for each record of its call."
        )
    return [_plain(each, place) for each in labels]


def _one(values: list[Any], place: str) -> Any:
    if len(values) != 1:
        raise ContractError(
            f"{place}: the label of a record has {len(values)} values; upload the one that is the truth."
        )
    return values[0]


def _plain(value: Any, place: str) -> str | None:
    if isinstance(value, dict | list):
        raise ContractError(f"{place}: the label {_shown(value)} is not one value; upload the one that is.")
    return text_of(value)


def _shown(value: object) -> str:
    return repr(value)[:100]
