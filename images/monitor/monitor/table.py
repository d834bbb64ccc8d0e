"""A dataset as Spark sees it, under column names that SQL cannot misread."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

# Holds a row that could not be read, as it stands in the file.
MALFORMED = "malformed"
# As Deequ tells types (StatefulDataType); Spark's cast reads it.
NUMBER = "^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$"
NOT_FINITE = "^[+-]?(nan|inf|infinity)$"
_NUMBER = re.compile(NUMBER)
# What encoders write of a column that is yes or no.
FLAGS = ("0", "1")


class Kind(StrEnum):
    """How the values of a column are kept."""

    TEXT = "text"
    INTEGRAL = "integral"
    FRACTIONAL = "fractional"


class ValueType(IntEnum):
    """What a value looks like."""

    TEXT = 0
    INTEGRAL = 1
    FRACTIONAL = 2
    NOT_FINITE = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A feature and where it is: its values are in `f<index>`."""

    index: int
    name: str
    kind: Kind = Kind.TEXT
    looks_numeric: bool = True
    looks_like_flags: bool = False

    @property
    def values(self) -> str:
        """The SQL name of the values as they were read."""
        return f"f{self.index}"

    @property
    def numbers(self) -> str:
        """The SQL name of the values that are finite numbers."""
        return f"n{self.index}"

    @property
    def types(self) -> str:
        """The SQL name of what the values look like."""
        return f"t{self.index}"

    @property
    def number_expression(self) -> str:
        """The SQL that makes a number of a value; NULL where it is none."""
        if self.kind is Kind.TEXT:
            return f"CASE WHEN {self.values} RLIKE '{NUMBER}' THEN CAST({self.values} AS DOUBLE) END"
        if self.kind is Kind.INTEGRAL:
            return f"CAST({self.values} AS DOUBLE)"
        return f"CASE WHEN {self._is_finite} THEN CAST({self.values} AS DOUBLE) END"

    @property
    def type_expression(self) -> str:
        """The SQL that makes a ValueType of a value; NULL where there is none."""
        if self.kind is Kind.TEXT:
            cases = self._text_cases
        elif self.kind is Kind.INTEGRAL:
            cases = f"WHEN {self.values} IS NOT NULL THEN {ValueType.INTEGRAL:d}"
        else:
            cases = (
                f"WHEN {self._is_finite} THEN {ValueType.FRACTIONAL:d} "
                f"WHEN {self.values} IS NOT NULL THEN {ValueType.NOT_FINITE:d}"
            )
        return f"CAST(CASE {cases} END AS TINYINT)"

    @property
    def _text_cases(self) -> str:
        value = self.values
        is_fractional = " OR ".join(f"contains({value}, '{mark}')" for mark in ".eE")
        # The first condition is the number's own, so that Spark tries it once for both.
        return (
            f"WHEN {value} RLIKE '{NUMBER}' "
            f"THEN IF({is_fractional}, {ValueType.FRACTIONAL:d}, {ValueType.INTEGRAL:d}) "
            f"WHEN {value} IS NULL THEN NULL "
            # Looking at long texts costs, and `+infinity` is the longest.
            f"WHEN length({value}) < 10 AND lower({value}) RLIKE '{NOT_FINITE}' "
            f"THEN {ValueType.NOT_FINITE:d} "
            f"ELSE {ValueType.TEXT:d}"
        )

    @property
    def _is_finite(self) -> str:
        return f"NOT isnan({self.values}) AND abs({self.values}) < double('Infinity')"


@dataclass(frozen=True, slots=True)
class Table:
    """A Spark frame with a column `f<index>` for each of `columns`.

    `can_be_malformed` says whether it also has the column `malformed`.
    """

    frame: Any
    columns: tuple[Column, ...]
    can_be_malformed: bool = False


def text_columns(names: Sequence[str], sample: Iterable[Sequence[object]]) -> tuple[Column, ...]:
    """Columns of text; a few rows of `sample` say which look like numbers, and which like flags.

    The guess saves a second look at the data, and is corrected where it is wrong.
    """
    seen: list[set[str]] = [set() for _ in names]
    for row in sample:
        for cells, cell in zip(seen, row, strict=False):
            if isinstance(cell, str) and cell:
                cells.add(cell)
    return tuple(
        Column(
            index,
            name,
            looks_numeric=all(map(_NUMBER.match, cells)),
            looks_like_flags=bool(cells) and cells <= set(FLAGS),
        )
        for index, (name, cells) in enumerate(zip(names, seen, strict=True))
    )


def positional_names(count: int, baseline_names: Sequence[str] | None) -> list[str]:
    """The baseline's names for as many columns as it has; `_c0`, `_c1` … for others."""
    known = list(baseline_names or ())[:count]
    return known + [f"_c{index}" for index in range(len(known), count)]
