"""The short way for a request of one row: plain Python on a few dozen numbers.

NumPy takes longer to begin than such a row takes as a whole. What is not
surely right is left to `decoding`, which says what is wrong with it.
"""

import csv
import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from train_xgb.decoding import instances, is_header, json_row, parsed, typed
from train_xgb.encoding import Encoder
from train_xgb.errors import BadRequestError
from train_xgb.media import CSV, JSON

# Longer bodies are batches, or strange.
LONGEST_BODY = 8192
_LARGEST = float(np.finfo(np.float32).max)


class SingleRows:
    """Reads bodies that hold one row, to the very numbers that `decode` would give."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._width = len(encoder.encoded_names)
        self._numeric = len(encoder.numeric)
        self._may_be_empty = any(feature.nullable for feature in encoder.numeric)
        blocks, start = [], self._numeric
        for category in encoder.categorical:
            blocks.append((start, start + category.width, category.width, category.nullable))
            start += category.width
        self._blocks = tuple(blocks)
        # Callers repeat their header; a new one costs as much as a row.
        self._columns: Callable[[str], tuple[str, ...] | None] = lru_cache(maxsize=64)(self._raw_header)

    def read(self, media_type: str, body: bytes) -> Sequence[float] | None:
        """The encoded row in a body, None where it is not surely one that can be answered."""
        if len(body) > LONGEST_BODY:
            return None
        try:
            row = self._csv(body) if media_type == CSV else self._json(media_type, body)
        except (ValueError, csv.Error, BadRequestError, RecursionError):  # RowError is a ValueError
            return None
        return row if row is not None and self._is_valid(row) else None

    def _csv(self, body: bytes) -> list[float] | None:
        line = body[:-1] if body.endswith(b"\n") else body
        if line.endswith(b"\r"):
            line = line[:-1]
        if b"\r" in line:
            line = line.replace(b"\r\n", b"\n")
            if b"\r" in line:
                return None
        if b"\n" in line:
            return self._raw_csv(line)
        # float() would read "1_0" as 10, and knows nan and inf, which are refused.
        if b"_" in line or b"n" in line or b"N" in line:
            return None
        cells = line.split(b",")
        if len(cells) != self._width:
            return None
        if self._may_be_empty and b"" in cells:
            return [float(cell) if cell else math.nan for cell in cells]
        return list(map(float, cells))

    def _raw_csv(self, lines: bytes) -> list[float] | None:
        header, _, line = lines.decode("utf-8-sig").partition("\n")
        names = self._columns(header)
        if names is None or "\n" in line:
            return None
        if '"' in line:
            rows = list(csv.reader([line], strict=True))
            cells = rows[0] if len(rows) == 1 else []
        else:
            cells = line.split(",")
        if len(cells) != len(names):
            return None
        return self._encoder.encode(typed(dict(zip(names, cells, strict=True)), self._encoder))

    def _raw_header(self, line: str) -> tuple[str, ...] | None:
        names = line.split(",")
        is_raw = '"' not in line and is_header(names) and sorted(names) == sorted(self._encoder.names)
        return tuple(names) if is_raw else None

    def _json(self, media_type: str, body: bytes) -> list[float] | None:
        text = body.decode("utf-8")
        document = parsed(text, "The body")
        if media_type == JSON:
            rows = instances(document)
            return json_row(rows[0], self._encoder) if len(rows) == 1 else None
        # A row of JSON Lines may not go over several of them.
        return json_row(document, self._encoder) if "\n" not in text.strip() else None

    def _is_valid(self, row: Sequence[float]) -> bool:
        """Whether the encoder could have made this row; False also where that is not quickly told."""
        numbers = row[: self._numeric]
        # False for NaN as well.
        if not sum(map(abs, numbers)) <= _LARGEST and not self._are_valid(numbers):
            return False
        for start, stop, width, nullable in self._blocks:
            block = row[start:stop]
            ones = block.count(1.0)
            if ones + block.count(0.0) != width or ones > 1 or (ones == 0 and not nullable):
                return False
        return True

    def _are_valid(self, numbers: Sequence[float]) -> bool:
        return all(
            abs(number) <= _LARGEST or (math.isnan(number) and feature.nullable)
            for number, feature in zip(numbers, self._encoder.numeric, strict=True)
        )
