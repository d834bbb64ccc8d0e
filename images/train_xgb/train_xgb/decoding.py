"""Request bodies to encoded rows: CSV, JSON or JSON Lines, encoded or raw."""

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from train_xgb.encoding import Encoder, RowError, check_names, shown
from train_xgb.errors import BadRequestError, BadRowError
from train_xgb.media import CSV, JSON


def decode(media_type: str, body: bytes, encoder: Encoder) -> npt.NDArray[np.float32]:
    """The encoded rows in a request's body, in its order.

    Raises BadRowError for the first row that cannot be answered, with its number
    and the reason, and BadRequestError for a body that cannot be read at all.
    """
    try:
        # Spreadsheets put a byte order mark in front, which is no part of a name.
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequestError(f"The body is not UTF-8 (byte {error.start}).") from error
    if not text.strip():
        raise BadRequestError("The body is empty; send at least one row.")
    if media_type == CSV:
        rows = _csv_rows(text, encoder)
    elif media_type == JSON:
        rows = _json_rows(instances(parsed(text, "The body")), encoder)
    else:
        # Not splitlines(): a JSON string may hold characters that it takes for line ends.
        lines = (line for line in text.split("\n") if line.strip())
        rows = _json_rows((_parsed_line(line, number) for number, line in enumerate(lines, start=1)), encoder)
    return _checked(list(rows), encoder)


def _checked(rows: list[list[float]], encoder: Encoder) -> npt.NDArray[np.float32]:
    # Beyond float32 is inf, which first_invalid finds.
    with np.errstate(over="ignore"):
        encoded = np.array(rows, dtype=np.float64).astype(np.float32)
    invalid = encoder.first_invalid(encoded)
    if invalid is not None:
        raise BadRowError(invalid + 1, encoder.fault(encoded[invalid]))
    return encoded


def _csv_rows(text: str, encoder: Encoder) -> Iterator[list[float]]:
    """Encoded rows of a CSV body: raw ones under a header of raw names, else encoded ones."""
    lines = [cells for cells in _cells(text) if cells]
    header, data = (lines[0], lines[1:]) if is_header(lines[0]) else (None, lines)
    if header is None:
        names: Sequence[str] = encoder.encoded_names
        raw = False
    else:
        names = header
        raw = _names_raw_features(header, encoder)
        if not data:
            raise BadRequestError("The body has a header but no rows; send at least one row.")
    for number, cells in enumerate(data, start=1):
        try:
            if len(cells) != len(names):
                raise RowError(_wrong_width(len(cells), header is None, len(names)))
            if raw:
                yield encoder.encode(typed(dict(zip(names, cells, strict=True)), encoder))
            elif header is None:
                yield [_cell_number(name, cell, encoder) for name, cell in zip(names, cells, strict=True)]
            else:
                by_name = dict(zip(names, cells, strict=True))
                yield [_cell_number(name, by_name[name], encoder) for name in encoder.encoded_names]
        except RowError as error:
            raise BadRowError(number, str(error)) from error


def _cells(text: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise BadRequestError(f"The body is not CSV: {error}.") from error


def is_header(cells: list[str]) -> bool:
    """Whether a first line holds names: some text, and not a single number."""
    return any(cell.strip() for cell in cells) and all(_number(cell) is None for cell in cells)


def _names_raw_features(header: list[str], encoder: Encoder) -> bool:
    """True for the raw names, False for the encoded ones. Raises BadRequestError for others."""
    raw = len(set(header) & set(encoder.names))
    encoded = len(set(header) & set(encoder.encoded_names))
    # A numeric feature has the same name raw and encoded.
    meant_encoded = encoded > raw
    try:
        if meant_encoded:
            check_names(header, encoder.encoded_names)
        else:
            encoder.check_names(header)
    except RowError as error:
        raise BadRequestError(
            f"The first line has no numbers, so it was read as a header; {error}. "
            "Name each raw feature, or send encoded rows without a header."
        ) from error
    return not meant_encoded


def _wrong_width(given: int, encoded: bool, wanted: int) -> str:
    if not encoded:
        return f"{given} columns, the header has {wanted}"
    return f"{given} columns, an encoded row has {wanted}; raw rows need a header that names them"


def typed(row: dict[str, str], encoder: Encoder) -> dict[str, object]:
    """A raw row's texts as the values that JSON would have carried."""
    values: dict[str, object] = {}
    for number in encoder.numeric:
        value = _cell_number(number.name, row[number.name], encoder)
        values[number.name] = None if math.isnan(value) else value
    for category in encoder.categorical:
        values[category.name] = row[category.name] or None
    return values


def _cell_number(name: str, cell: str, encoder: Encoder) -> float:
    """A cell's number; an empty one is NaN, which is checked against the column later."""
    if not cell.strip():
        return math.nan
    number = _number(cell)
    if number is not None and math.isfinite(number):
        return number
    if encoder.takes_text:
        return math.nan
    raise RowError(f"{name} is {shown(cell)}, not a {'number' if number is None else 'finite number'}")


def _number(cell: str) -> float | None:
    # float() would read "1_0" as 10, and the digits of every script.
    if "_" in cell or not cell.isascii():
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def parsed(text: str, what: str) -> object:
    """The value of a JSON text. Raises BadRequestError, beginning with `what`."""
    try:
        return json.loads(text, object_pairs_hook=_object_without_doubles, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"{what} is not valid JSON: {error}.") from error


def _parsed_line(line: str, number: int) -> object:
    try:
        return parsed(line, "the line")
    except BadRequestError as error:
        raise BadRowError(number, str(error).rstrip(".")) from error


def _object_without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {shown(doubled)} is given twice")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def instances(document: object) -> list[object]:
    """The rows of a JSON body: under "instances", a bare list, or one bare object."""
    if isinstance(document, dict) and "instances" in document:
        others = sorted(set(document) - {"instances"})
        if others:
            raise BadRequestError(f"Unknown key {shown(others[0])} beside 'instances'.")
        document = document["instances"]
        if not isinstance(document, list):
            raise BadRequestError("'instances' must be a list of rows.")
    if isinstance(document, dict):
        return [document]
    if not isinstance(document, list):
        raise BadRequestError(
            'The body must be {"instances": [...]}, a list of rows or one row; '
            'a row is {"features": [...]} or an object of raw features.'
        )
    if not document:
        raise BadRequestError("The body has no rows; send at least one row.")
    return document


def _json_rows(rows: Iterator[object] | list[object], encoder: Encoder) -> Iterator[list[float]]:
    for number, instance in enumerate(rows, start=1):
        try:
            yield json_row(instance, encoder)
        except RowError as error:
            raise BadRowError(number, str(error)) from error


def json_row(instance: object, encoder: Encoder) -> list[float]:
    """The encoded row of one row in JSON, encoded or raw. Raises RowError."""
    if not isinstance(instance, dict):
        raise RowError('a row must be {"features": [...]} or an object of raw features')
    if set(instance) == {"features"} and isinstance(instance["features"], list):
        return _json_features(instance["features"], encoder)
    encoder.check_names(list(instance))
    return encoder.encode(instance)


def _json_features(features: list[object], encoder: Encoder) -> list[float]:
    if len(features) != len(encoder.encoded_names):
        raise RowError(f"{len(features)} features, an encoded row has {len(encoder.encoded_names)}")
    named = zip(encoder.encoded_names, features, strict=True)
    return [_json_number(name, value, encoder.takes_text) for name, value in named]


def _json_number(name: str, value: object, takes_text: bool) -> float:
    if value is None or (takes_text and isinstance(value, str)):
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowError(f"{name} is {shown(value)}, not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise RowError(f"{name} is not a finite number")
    return number
