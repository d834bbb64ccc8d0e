"""The short way for a batch: column by column, with NumPy.

Row by row a thousand rows take longer to read than to predict. What is not
surely right is left to `decoding`, which finds the row and says what is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from train_xgb.decoding import instances, is_header, parsed
from train_xgb.encoding import Encoder
from train_xgb.errors import BadRequestError
from train_xgb.media import CSV, JSON

Rows = npt.NDArray[np.float32]

_COMMA, _NEWLINE, _ZERO = (ord(character) for character in ",\n0")


def decode_columns(media_type: str, body: bytes, encoder: Encoder) -> Rows | None:
    """The encoded rows of a body, to the bit those of `decode`; None where it is not surely right."""
    try:
        if media_type == CSV:
            encoded = _csv(body, encoder)
        elif media_type == JSON:
            encoded = _json(instances(parsed(body.decode("utf-8"), "The body")), encoder)
        else:
            lines = body.decode("utf-8").split("\n")
            encoded = _json([parsed(line, "The line") for line in lines if line.strip()], encoder)
    # What Python says to text that is no number, another category, rows of
    # other lengths or other types than expected.
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, BadRequestError):
        return None
    return encoded if encoded is not None and encoder.first_invalid(encoded) is None else None


def _csv(body: bytes, encoder: Encoder) -> Rows | None:
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n")
    if b'"' in body or b"\r" in body:
        return None
    if not body.endswith(b"\n"):
        body += b"\n"
    first = body[: body.index(b"\n")].decode("utf-8-sig").split(",")
    if is_header(first):
        return _raw_csv(body, first, encoder)
    return _encoded_csv(body, encoder)


def _encoded_csv(body: bytes, encoder: Encoder) -> Rows | None:
    """Lines of numbers. Most cells are a 0 or a 1 and are read all at once, the others by float()."""
    # float() would read "1_0" as 10.
    if b"_" in body:
        return None
    width = len(encoder.encoded_names)
    characters = np.frombuffer(body, dtype=np.uint8)
    is_newline = characters == _NEWLINE
    ends = np.flatnonzero(is_newline | (characters == _COMMA))
    count = int(is_newline.sum())
    if len(ends) != count * width or not is_newline[ends[width - 1 :: width]].all():
        return None
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    lengths = ends - starts
    # An empty cell's "digit" is its separator, which is below "0".
    digits = characters[starts] - np.uint8(_ZERO)
    is_digit = (lengths == 1) & (digits <= 9)
    values = digits.astype(np.float64)
    values[lengths == 0] = np.nan
    is_text = ~is_digit & (lengths > 0)
    if is_text.any():
        texts = characters[np.repeat(is_text, lengths + 1)]
        texts[texts == _NEWLINE] = _COMMA
        numbers = np.array(list(map(float, texts.tobytes()[:-1].split(b","))))
        if not np.isfinite(numbers).all():
            return None
        values[is_text] = numbers
    return _as_float32(values.reshape(count, width))


def _raw_csv(body: bytes, header: list[str], encoder: Encoder) -> Rows | None:
    if sorted(header) != sorted(encoder.names):
        return None
    lines = body.decode("utf-8").split("\n")[1:-1]
    if not lines:
        return None
    rows = [line.split(",") for line in lines]
    # strict: all lines are as long as the header.
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    texts = ["".join(columns[number.name]) for number in encoder.numeric]
    # float() would read "1_0" as 10, and the digits of every script.
    if any("_" in text or not text.isascii() for text in texts):
        return None
    numbers = {number.name: _texts_as_numbers(columns[number.name]) for number in encoder.numeric}
    return _encoded(len(rows), numbers, columns, "", encoder)


def _texts_as_numbers(cells: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """A column of numbers, NaN where a cell is empty; None where something is not finite."""
    empty = cells.count("")
    if empty:
        numbers = np.array([float(cell) if cell else np.nan for cell in cells])
    else:
        numbers = np.array(list(map(float, cells)))
    return numbers if np.isfinite(numbers).sum() == len(cells) - empty else None


def _json(rows: Sequence[object], encoder: Encoder) -> Rows | None:
    if not rows or not all(isinstance(row, dict) for row in rows):
        return None
    documents: Sequence[Mapping[str, object]] = rows  # type: ignore[assignment]
    if set(documents[0]) == {"features"} and isinstance(documents[0]["features"], list):
        return _features(documents, encoder)
    if any(len(row) != len(encoder.names) for row in documents):
        return None
    columns = {name: [row[name] for row in documents] for name in encoder.names}
    numbers = {number.name: _values_as_numbers(columns[number.name]) for number in encoder.numeric}
    return _encoded(len(rows), numbers, columns, None, encoder)


def _features(documents: Sequence[Mapping[str, object]], encoder: Encoder) -> Rows | None:
    rows = [row["features"] for row in documents if len(row) == 1]
    if len(rows) != len(documents) or not all(isinstance(row, list) for row in rows):
        return None
    lists: Sequence[list[object]] = rows  # type: ignore[assignment]
    width = len(encoder.encoded_names)
    if any(len(row) != width for row in lists):
        return None
    cells = list(chain.from_iterable(lists))
    numbers = _values_as_numbers(cells)
    return None if numbers is None else _as_float32(numbers.reshape(len(rows), width))


def _values_as_numbers(values: Sequence[object]) -> npt.NDArray[np.float64] | None:
    """Values of JSON as numbers, NaN for null; None where something is not a finite number."""
    # By type, and not by isinstance: a bool is no number here.
    kinds = set(map(type, values))
    if not kinds <= {int, float, type(None)}:
        return None
    empty = values.count(None) if type(None) in kinds else 0
    numbers = np.array([np.nan if value is None else float(value) for value in values])  # type: ignore[arg-type]
    return numbers if np.isfinite(numbers).sum() == len(values) - empty else None


def _encoded(
    count: int,
    numbers: Mapping[str, npt.NDArray[np.float64] | None],
    columns: Mapping[str, Iterable[object]],
    empty: object,
    encoder: Encoder,
) -> Rows | None:
    """The encoded rows of raw columns; `empty` is what a cell without a category holds."""
    encoded = np.zeros((count, len(encoder.encoded_names)))
    for place, feature in enumerate(encoder.numeric):
        column = numbers[feature.name]
        if column is None:
            return None
        if feature.integral and not ((column == np.floor(column)) | np.isnan(column)).all():
            return None
        encoded[:, place] = (column - feature.mean) / feature.scale
    start, rows = len(encoder.numeric), np.arange(count)
    for category in encoder.categorical:
        known: dict[object, int] = dict(category.positions.items())
        if category.nullable:
            known[empty] = -1
        elif empty in known and empty == "":
            # An empty cell means no category, even where one has no name.
            del known[empty]
        places = np.array(list(map(known.__getitem__, columns[category.name])))
        given = places >= 0
        encoded[rows[given], start + places[given]] = 1.0
        start += category.width
    return _as_float32(encoded)


def _as_float32(numbers: npt.NDArray[np.float64]) -> Rows:
    # Beyond float32 is inf, which first_invalid finds.
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32)
