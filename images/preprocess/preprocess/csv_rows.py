"""CSV files as columns of text, each row with the line at which it begins.

Python's own reader is used rather than a faster one because it alone says on
which line it is; a quoted line break must not shift the numbers in a report.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import pyarrow as pa
from smcontract.failure import ContractError

from preprocess.faults import Fault
from preprocess.raw_table import RawTable, check_columns

DELIMITERS = (",", ";")
# Cells as Python texts are large; this many rows at a time are held so.
_CHUNK_ROWS = 50_000
# A quote that is never closed swallows the rest of the file; Python's limit of
# 131,072 characters would blame the size instead of the quote.
_FIELD_LIMIT = 2**31 - 1
# No header is longer, and a longer one is still read whole.
_HEADER_LIMIT = 1_000_000

Record = tuple[int, list[str]]


def read_csv(content: bytes, name: str, wanted: tuple[str, ...]) -> RawTable:
    """The `wanted` columns of a CSV file with a header.

    Raises ContractError, naming the file, when it is empty, not UTF-8, has a
    quote out of place, has no rows, or lacks a column.
    """
    text = _decoded(content, name)
    records = _records(text, _delimiter(text, wanted), name)
    header_line, header = next(records, (0, []))
    if not header:
        raise ContractError(f"{name} is empty; it needs a header and rows.")
    ignored = check_columns(name, header, wanted)
    width = len(header)
    places = [header.index(column) for column in wanted]
    chunks: list[list[pa.Array]] = [[] for _ in wanted]
    lines: list[int] = []
    malformed: list[Fault] = []
    for chunk in _chunks(records):
        whole = [record for record in chunk if len(record[1]) == width]
        if len(whole) != len(chunk):
            malformed += (_malformed(name, record, width) for record in chunk if len(record[1]) != width)
        lines += (line for line, _ in whole)
        cells = list(zip(*(row for _, row in whole), strict=True)) or [()] * width
        for column, place in zip(chunks, places, strict=True):
            column.append(pa.array(cells[place], type=pa.string()))
    if not lines and not malformed:
        raise ContractError(
            f"{name} has a header on line {header_line} and no rows; send rows, or leave it out."
        )
    return RawTable(
        name=name,
        columns={
            column: pa.chunked_array(arrays, type=pa.string())
            for column, arrays in zip(wanted, chunks, strict=True)
        },
        lines=np.array(lines, dtype=np.int64),
        malformed=malformed,
        ignored_columns=ignored,
    )


def csv_columns(content: bytes, name: str, likely: tuple[str, ...]) -> list[str]:
    """The header of a CSV file. Raises ContractError, naming the file, where there is none."""
    text = _decoded(content, name)
    _, header = next(_records(text, _delimiter(text, likely), name), (0, []))
    if not header:
        raise ContractError(f"{name} is empty; it needs a header and rows.")
    return header


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ContractError(
            f"{name} is not UTF-8: line {line} has the byte 0x{content[error.start]:02x}; save it as UTF-8."
        ) from error


def _delimiter(text: str, wanted: Iterable[str]) -> str:
    """The delimiter under which the header has most of the wanted names, the comma if none has."""
    names = set(wanted)
    head = text[:_HEADER_LIMIT]

    def known_names(delimiter: str) -> int:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        return len(names.intersection(next(filter(None, reader), [])))

    return max(DELIMITERS, key=known_names)


def _records(text: str, delimiter: str, name: str) -> Iterator[Record]:
    """Every row that is not a blank line, with the line it begins at."""
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins_at = 1
    try:
        for row in reader:
            if row:
                yield begins_at, row
            begins_at = reader.line_num + 1
    except csv.Error as error:
        raise ContractError(
            f"{name}: the row that begins at line {begins_at} has a quote out of place ({error}); "
            'close every quoted cell, and double the quotes inside one ("").'
        ) from error


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(records, _CHUNK_ROWS)):
        yield chunk


def _malformed(name: str, record: Record, width: int) -> Fault:
    line, cells = record
    return Fault(
        file=name,
        line=line,
        column=None,
        value=None,
        reason=f"the row has {len(cells)} {'cell' if len(cells) == 1 else 'cells'}, the header has {width}",
    )
