"""The shortest way for a batch: CSV as preprocessing writes it, where a category's columns are a 0 or a 1.

Lines that end alike are compared as a whole, and only the numbers in front are
read. What is not surely right is left to `columns`.
"""

from collections.abc import Sequence
from operator import methodcaller

import numpy as np
import numpy.typing as npt

from train_xgb.encoding import Encoder

Rows = npt.NDArray[np.float32]

# A comma and a digit as one number of two bytes, as the memory has them.
_COUPLE = np.dtype(np.uint16)
_ZERO, _ONE = (np.frombuffer(text, _COUPLE)[0] for text in (b",0", b",1"))
_commas = methodcaller("count", b",")


class PlainCsv:
    """Reads bodies of encoded lines, to the bit those of `decode`."""

    def __init__(self, encoder: Encoder) -> None:
        self._numeric = len(encoder.numeric)
        self._columns = len(encoder.encoded_names) - self._numeric
        widths = [feature.width for feature in encoder.categorical]
        self._starts = np.cumsum([0, *widths[:-1]])
        self._needed = np.array([not feature.nullable for feature in encoder.categorical], dtype=np.uint8)
        # Others, and empty cells, are not as plain.
        self._is_usable = bool(self._numeric and self._columns and all(widths))

    def read(self, body: bytes) -> Rows | None:
        """The encoded rows; None where they are not plainly so."""
        # A header, and what a spreadsheet puts before it, begin with something else.
        if not self._is_usable or not body or body[:1] not in b"-0123456789" or b"\r" in body:
            return None
        lines = body.split(b"\n")
        if not lines[-1]:
            del lines[-1]
        end = -_COUPLE.itemsize * self._columns
        ones = self._ones(b"".join([line[end:] for line in lines]), len(lines))
        if ones is None:
            return None
        numbers = self._numbers([line[:end] for line in lines])
        if numbers is None:
            return None
        encoded = np.empty((len(lines), self._numeric + self._columns), dtype=np.float32)
        # Beyond float32 is inf.
        with np.errstate(over="ignore"):
            encoded[:, : self._numeric] = numbers
        encoded[:, self._numeric :] = ones
        return encoded if np.isfinite(encoded[:, : self._numeric]).all() else None

    def _ones(self, ends: bytes, count: int) -> npt.NDArray[np.uint8] | None:
        """Categories' columns: [rows, columns], one 1 for each category, or none where it may be empty."""
        if len(ends) != _COUPLE.itemsize * self._columns * count:
            return None
        couples = np.frombuffer(ends, _COUPLE)
        is_one = couples == _ONE
        if not (is_one | (couples == _ZERO)).all():
            return None
        ones = is_one.view(np.uint8).reshape(count, self._columns)
        sums = np.add.reduceat(ones, self._starts, axis=1)
        return ones if ((sums <= 1) & (sums >= self._needed)).all() else None

    def _numbers(self, lines: Sequence[bytes]) -> npt.NDArray[np.float64] | None:
        """The numbers in front: [rows, numbers]."""
        if set(map(_commas, lines)) != {self._numeric - 1}:
            return None
        text = b",".join(lines)
        # float() would read "1_0" as 10.
        if b"_" in text:
            return None
        cells = text.split(b",")
        try:
            numbers = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            return None
        return numbers.reshape(len(lines), self._numeric)
