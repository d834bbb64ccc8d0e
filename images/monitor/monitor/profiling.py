"""What every feature of a table is like: which analyzers of Deequ it needs, and what they found."""

import logging
import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydeequ.analyzers import (
    Completeness,
    Compliance,
    KLLParameters,
    KLLSketch,
    Maximum,
    Mean,
    Minimum,
    Size,
    StandardDeviation,
    Sum,
)
from smcontract.failure import ContractError

from monitor.analyzers import Metrics, ValueCounts, refuse_malformed, run
from monitor.profiles import (
    Bucket,
    Categories,
    DatasetProfile,
    InferredType,
    Numbers,
    Profile,
    Sketch,
    TypeCounts,
)
from monitor.spark import SMALL_ROWS, Spark
from monitor.table import MALFORMED, Column, Kind, Table, ValueType

log = logging.getLogger(__name__)

# Model Monitor's own: `"sketch": {"parameters": {"c": 0.64, "k": 2048.0}}` and ten buckets.
SKETCH_SIZE = 2048
SHRINKING_FACTOR = 0.64
BUCKETS = 10
# Spark's time to plan a query grows with the square of the columns, of a file's and of
# what it keeps too; a checkpoint knows neither of the file nor of the other columns.
COLUMNS_A_RUN = 100
FEW_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked about a column in one run."""

    column: Column
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
        if self.categories:
            yield self.column.values


def profile(spark: Spark, table: Table, about: int) -> DatasetProfile:
    """Every feature of `table`, which has `about` as many rows.

    One run over some columns says all where they are what they looked like; what
    turns out otherwise is asked in a second one. Large data is read and its cells
    understood once, and kept for the run in memory or beyond it on disk.
    Raises ContractError for rows that cannot be read, for no rows, and for
    numbers that double precision does not hold.
    """
    metrics = _ask(spark, table, [_first_questions(column) for column in table.columns], about)
    rows = round(metrics.number("Size", ""))
    missing = [
        wanted for column in table.columns if (wanted := _second_question(column, metrics, rows)) is not None
    ]
    if missing:
        log.info("profile.second_run columns=%d", len(missing))
        metrics = metrics.and_those_of(_ask(spark, table, missing, about, is_first=False))
    return DatasetProfile(rows, tuple(_profile(column, metrics, rows) for column in table.columns))


def _first_questions(column: Column) -> _Wanted:
    is_text = column.kind is Kind.TEXT and not column.looks_numeric
    return _Wanted(column, types=True, numbers=not is_text, categories=is_text)


def _second_question(column: Column, metrics: Metrics, rows: int) -> _Wanted | None:
    """What the first run left open about a column."""
    inferred = _type_counts(column, metrics, rows).inferred
    asked = _first_questions(column)
    wanted = _Wanted(
        column,
        numbers=inferred.is_numeric and not asked.numbers,
        categories=inferred is InferredType.STRING and not asked.categories,
    )
    return wanted if wanted.numbers or wanted.categories else None


def _ask(
    spark: Spark, table: Table, questions: Sequence[_Wanted], about: int, is_first: bool = True
) -> Metrics:
    """Some columns a run; the first of all also counts the rows and finds those that are malformed."""
    about_rows: list[Any] = []
    if is_first:
        about_rows = [Size(), *([Completeness(MALFORMED)] if table.can_be_malformed else [])]
    metrics = Metrics({}, lambda: "it was not asked")
    # Alike beside alike: what Spark compiles for some columns then serves for others.
    questions = sorted(questions, key=lambda wanted: wanted.categories)
    for begin in range(0, len(questions), COLUMNS_A_RUN):
        asked = questions[begin : begin + COLUMNS_A_RUN]
        expressions = [each for wanted in asked for each in wanted.expressions]
        frame = spark.select(table.frame, [*([MALFORMED] if len(about_rows) > 1 else []), *expressions])
        if len(questions) > COLUMNS_A_RUN:
            # In one piece nothing is shuffled, of which wide data would have the most.
            frame = (frame.coalesce(1) if about <= FEW_ROWS else frame).localCheckpoint(True)
        elif about > SMALL_ROWS:
            frame = frame.persist()
        metrics = metrics.and_those_of(_run(spark, frame, asked, about_rows))
        frame.unpersist(False)
        if about_rows:
            _refuse_bad_rows(table, metrics)
            about_rows = []
    return metrics


def _refuse_bad_rows(table: Table, metrics: Metrics) -> None:
    rows = round(metrics.number("Size", ""))
    refuse_malformed(table, metrics, rows)
    if rows == 0:
        raise ContractError("Job inputs had no data: there is no row in dataset_source.")


def _run(spark: Spark, frame: Any, questions: Sequence[_Wanted], about_rows: Sequence[Any]) -> Metrics:
    analyzers, sketches = [*about_rows], []
    selected = [MALFORMED] if len(about_rows) > 1 else []
    for wanted in questions:
        column = wanted.column
        if wanted.types:
            selected.append(column.types)
            analyzers.append(Completeness(column.types))
            analyzers += [Compliance(condition, condition) for condition in _type_conditions(column)]
        if wanted.numbers:
            selected.append(column.numbers)
            analyzers += [each(column.numbers) for each in (Mean, Sum, StandardDeviation, Minimum, Maximum)]
            sketches.append(column.numbers)
        if wanted.categories:
            selected.append(column.values)
            analyzers.append(ValueCounts(column.values))
    metrics = run(spark, spark.select(frame, selected), analyzers)
    if sketches:
        # Deequ sketches in a pass of its own, in which every column of the frame is an object a row.
        parameters = KLLParameters(spark.python, SKETCH_SIZE, SHRINKING_FACTOR, BUCKETS)
        analyzers = [KLLSketch(column, parameters) for column in sketches]
        metrics = metrics.and_those_of(run(spark, spark.select(frame, sketches), analyzers))
    return metrics


def _type_conditions(column: Column) -> list[str]:
    """SQL that is true for values of a type, for each that the column can have beside text."""
    types = {
        Kind.TEXT: (ValueType.INTEGRAL, ValueType.FRACTIONAL, ValueType.NOT_FINITE),
        Kind.INTEGRAL: (),
        Kind.FRACTIONAL: (ValueType.NOT_FINITE,),
    }[column.kind]
    return [_is_type(column, each) for each in types]


def _is_type(column: Column, value_type: ValueType) -> str:
    # Of a column without a value, too: Deequ counts no condition that is never true or false.
    return f"{column.types} <=> {value_type:d}"


def _type_counts(column: Column, metrics: Metrics, rows: int) -> TypeCounts:
    def count(value_type: ValueType) -> int:
        return round(metrics.number("Compliance", _is_type(column, value_type)) * rows)

    present = round(metrics.number("Completeness", column.types) * rows)
    if column.kind is Kind.INTEGRAL:
        return TypeCounts(integral=present)
    not_finite = count(ValueType.NOT_FINITE)
    if column.kind is Kind.FRACTIONAL:
        return TypeCounts(fractional=present - not_finite, not_finite=not_finite)
    integral, fractional = count(ValueType.INTEGRAL), count(ValueType.FRACTIONAL)
    text = present - integral - fractional - not_finite
    return TypeCounts(integral=integral, fractional=fractional, text=text, not_finite=not_finite)


def _profile(column: Column, metrics: Metrics, rows: int) -> Profile:
    present = round(metrics.number("Completeness", column.types) * rows)
    types = _type_counts(column, metrics, rows)
    finite = types.integral + types.fractional
    return Profile(
        name=column.name,
        present=present,
        missing=rows - present,
        types=types,
        numbers=_numbers(column, metrics) if types.inferred.is_numeric and finite else None,
        categories=_categories(column, metrics) if types.inferred is InferredType.STRING else None,
    )


def _numbers(column: Column, metrics: Metrics) -> Numbers:
    def number(analyzer: str) -> float:
        return metrics.number(analyzer, column.numbers)

    value = metrics.value("KLLSketch", column.numbers)
    shrinking_factor, size = value["parameters"]
    sketch = Sketch(
        shrinking_factor=shrinking_factor,
        size=round(size),
        levels=tuple(tuple(map(float, level)) for level in value["data"]),
    )
    buckets = tuple(
        Bucket(bucket["lowValue"], bucket["highValue"], bucket["count"]) for bucket in value["buckets"]
    )
    ends = number("Minimum"), number("Maximum")
    if (buckets[0].lower_bound, buckets[-1].upper_bound) != ends:
        # Deequ's sketches begin their ends with those of 32 bits, which all values may be beyond.
        buckets = _buckets(sketch, *ends)
    numbers = Numbers(
        mean=number("Mean"),
        sum=number("Sum"),
        std_dev=number("StandardDeviation"),
        min=ends[0],
        max=ends[1],
        buckets=buckets,
        sketch=sketch,
    )
    if not all(map(math.isfinite, (numbers.sum, numbers.std_dev, numbers.min, numbers.max))):
        raise ContractError(
            f"feature '{column.name}' has numbers beyond double precision (1.8e308); "
            "scale it or leave it out."
        )
    return numbers


def _buckets(sketch: Sketch, low: float, high: float) -> tuple[Bucket, ...]:
    """Equally wide buckets from `low` to `high`, counted by the sketch."""
    edges = [low + (high - low) * place / BUCKETS for place in range(BUCKETS)]
    counts = [0] * BUCKETS
    for level, items in enumerate(sketch.levels):
        for item in items:
            counts[max(bisect_right(edges, item) - 1, 0)] += 1 << level
    return tuple(map(Bucket, edges, [*edges[1:], high], counts))


def _categories(column: Column, metrics: Metrics) -> Categories:
    distinct, counts = metrics.histogram("Histogram", column.values)
    return Categories(distinct, counts)
