"""What is asked about a column, and which analyzers of Deequ answer it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydeequ.analyzers import Completeness, Compliance, Maximum, Minimum, StandardDeviation, Sum

from monitor.analyzers import ValueCounts
from monitor.table import FLAGS, Column, Kind, ValueType


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a column in one run."""

    column: Column
    flags: bool = False
    types: bool = False
    numbers: bool = False
    categories: bool = False

    @property
    def expressions(self) -> Iterator[str]:
        """What the analyzers look at, by SQL."""
        if self.types:
            yield f"{self.column.type_expression} AS {self.column.types}"
        if self.numbers:
            yield f"{self.column.number_expression} AS {self.column.numbers}"
        if self.categories or self.flags:
            yield self.column.values

    @property
    def analyzers(self) -> Iterator[Any]:
        """Deequ's, without the sketch, which is another pass."""
        column = self.column
        if self.flags:
            yield Completeness(column.values)
            yield from (Compliance(is_value(column, flag), is_value(column, flag)) for flag in FLAGS)
        if self.types:
            yield Completeness(column.types)
            yield from (Compliance(is_type(column, each), is_type(column, each)) for each in _types(column))
        if self.numbers:
            # No Mean: it is the sum of as many values as are of a number's type.
            yield from (each(column.numbers) for each in (Sum, StandardDeviation, Minimum, Maximum))
        if self.categories:
            yield ValueCounts(column.values)


def first_question(column: Column) -> Question:
    """What tells all of a column that is as it looks."""
    if column.looks_like_flags:
        return Question(column, flags=True)
    is_text = column.kind is Kind.TEXT and not column.looks_numeric
    return Question(column, types=True, numbers=not is_text, categories=is_text)


def is_type(column: Column, value_type: ValueType) -> str:
    """SQL that is true for values of a type, and the name of what counts them."""
    # Of a column without a value, too: Deequ counts no condition that is never true or false.
    return f"{column.types} <=> {value_type:d}"


def is_value(column: Column, value: str) -> str:
    """SQL that is true for one value, and the name of what counts it."""
    return f"{column.values} <=> '{value}'"


def _types(column: Column) -> tuple[ValueType, ...]:
    """The types that values of the column can have beside text."""
    return {
        Kind.TEXT: (ValueType.INTEGRAL, ValueType.FRACTIONAL, ValueType.NOT_FINITE),
        Kind.INTEGRAL: (),
        Kind.FRACTIONAL: (ValueType.NOT_FINITE,),
    }[column.kind]
