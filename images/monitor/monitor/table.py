"""A dataset as Spark sees it, under column names that SQL cannot misread."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Holds a row that could not be read, as it stands in the file.
MALFORMED = "malformed"
# What Deequ's DataType takes for a number (StatefulDataType), and Spark's cast reads.
NUMBER = "^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$"
NOT_FINITE = "^[+-]?(nan|inf|infinity)$"
_NUMBER = re.compile(NUMBER)


class Kind(StrEnum):
    """How the values of a column are kept."""

    TEXT = "text"
    INTEGRAL = "integral"
    FRACTIONAL = "fractional"


@dataclass(frozen=True, slots=True)
class Column:
    """A feature and where it is: its values are in `f<index>`."""

    index: int
    name: str
    kind: Kind = Kind.TEXT
    looks_numeric: bool = True

    @property
    def values(self) -> str:
        """The SQL name of the values as they were read."""
        return f"f{self.index}"

    @property
    def numbers(self) -> str:
        """The SQL name of the values that are finite numbers."""
        return f"n{self.index}"

    @property
    def number_expression(self) -> str:
        """The SQL that makes a number of a value; NULL where it is none."""
        if self.kind is Kind.TEXT:
            return f"CASE WHEN {self.values} RLIKE '{NUMBER}' THEN CAST({self.values} AS DOUBLE) END"
        if self.kind is Kind.INTEGRAL:
            return f"CAST({self.values} AS DOUBLE)"
        return f"CASE WHEN {self.is_finite} THEN CAST({self.values} AS DOUBLE) END"

    @property
    def is_finite(self) -> str:
        """SQL that is true for a fractional value that is neither NaN nor infinite."""
        return f"NOT isnan({self.values}) AND abs({self.values}) < double('Infinity')"

    @property
    def is_not_finite(self) -> str:
        """SQL that is true for NaN and infinities."""
        if self.kind is Kind.TEXT:
            return f"lower({self.values}) RLIKE '{NOT_FINITE}'"
        return f"NOT ({self.is_finite})"


@dataclass(frozen=True, slots=True)
class Table:
    """A Spark frame with a column `f<index>` for each of `columns`.

    `can_be_malformed` says whether it also has the column `malformed`.
    """

    frame: Any
    columns: tuple[Column, ...]
    can_be_malformed: bool = False


def text_columns(names: Sequence[str], sample: Iterable[Sequence[object]]) -> tuple[Column, ...]:
    """Columns of text; a few rows of `sample` say which of them look like numbers.

    The guess saves a second look at the data, and is corrected where it is wrong.
    """
    numeric = [True] * len(names)
    for row in sample:
        for index, cell in enumerate(row[: len(names)]):
            if isinstance(cell, str) and cell and not _NUMBER.match(cell):
                numeric[index] = False
    return tuple(Column(index, name, looks_numeric=numeric[index]) for index, name in enumerate(names))
