"""Deequ's analyzers, by way of pydeequ: which ones a column needs, and what they found."""

import json
import logging
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydeequ.analyzers import (
    AnalysisRunner,
    Completeness,
    Compliance,
    DataType,
    Histogram,
    KLLParameters,
    KLLSketch,
    Maximum,
    Mean,
    Minimum,
    Size,
    StandardDeviation,
    Sum,
)
from pydeequ.repository import FileSystemMetricsRepository, ResultKey
from pyspark.sql import DataFrame
from smcontract.failure import ContractError

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
from monitor.spark import Spark
from monitor.table import MALFORMED, NOT_FINITE, Column, Kind, Table

log = logging.getLogger(__name__)

# Model Monitor's own: `"sketch": {"parameters": {"c": 0.64, "k": 2048.0}}` and ten buckets.
SKETCH_SIZE = 2048
SHRINKING_FACTOR = 0.64
BUCKETS = 10
# Deequ's limit on what a histogram tells in detail; it counts the values beyond it.
MAX_CATEGORIES = 1000


@dataclass(slots=True)
class Metrics:
    """What one or more runs of Deequ found, by analyzer and column.

    `why_not` says what kept Deequ from finding the rest.
    """

    found: dict[tuple[str, str], Any]
    why_not: Callable[[], str]

    def value(self, analyzer: str, column: str) -> Any:
        """A metric's value. Raises RuntimeError where Deequ could not compute it."""
        if (analyzer, column) not in self.found:
            raise RuntimeError(f"Deequ could not compute {analyzer} of '{column}': {self.why_not()}")
        return self.found[analyzer, column]["value"]

    def number(self, analyzer: str, column: str) -> float:
        """A metric that is one number."""
        return float(self.value(analyzer, column))

    def histogram(self, analyzer: str, column: str) -> tuple[int, dict[str, int]]:
        """How many distinct values there are, and how often the most frequent of them."""
        value = self.value(analyzer, column)
        return value["numberOfBins"], {name: each["absolute"] for name, each in value["values"].items()}

    def has(self, analyzer: str, column: str) -> bool:
        """Whether Deequ found it."""
        return (analyzer, column) in self.found

    def and_those_of(self, other: "Metrics") -> "Metrics":
        """Both runs in one."""
        return Metrics({**self.found, **other.found}, other.why_not)


class ValueCounts(Histogram):
    """How often each value occurs, NULL not among them."""

    def __init__(self, column: str) -> None:
        super().__init__(column, maxDetailBins=MAX_CATEGORIES, where=f"{column} IS NOT NULL")

    @property
    def _analyzer_jvm(self) -> Any:
        # pydeequ's always asks for shares, for which Deequ counts the rows once more for each column.
        histogram = self._deequAnalyzers.Histogram
        option = self._jvm.scala.Option
        count = getattr(histogram, "apply$default$6")()
        no_binning, where = option.apply(None), option.apply(self.where)
        return histogram(self.column, no_binning, self.maxDetailBins, where, False, count)


def numbers(spark: Spark, column: str) -> list[Any]:
    """Analyzers for all that `Numbers` holds."""
    parameters = KLLParameters(spark.python, SKETCH_SIZE, SHRINKING_FACTOR, BUCKETS)
    return [
        *(analyzer(column) for analyzer in (Mean, Sum, StandardDeviation, Minimum, Maximum)),
        KLLSketch(column, parameters),
    ]


def run(spark: Spark, frame: Any, analyzers: Sequence[Any]) -> Metrics:
    """What `analyzers` find in `frame`, in one run; a metric that Deequ could not compute is not there."""
    builder = AnalysisRunner(spark.python).onData(DataFrame(frame, spark.python))
    for analyzer in analyzers:
        builder.addAnalyzer(analyzer)
    with TemporaryDirectory(prefix="metrics-") as folder:
        # One file and not a call for each number: a sketch alone has thousands.
        file = Path(folder) / "metrics.json"
        builder.useRepository(FileSystemMetricsRepository(spark.python, f"file://{file}"))
        context = builder.saveOrAppendResult(ResultKey(spark.python)).run()
        (result,) = json.loads(file.read_text(encoding="utf-8"))
    found = {_key(each): each["metric"] for each in result["analyzerContext"]["metricMap"]}
    return Metrics(found, lambda: _first_failure(context, analyzers))


def _first_failure(context: Any, analyzers: Sequence[Any]) -> str:
    """What Deequ says of the first metric that it could not compute."""
    for analyzer in analyzers:
        value = context.metric(analyzer._analyzer_jvm).get().value()
        if value.isFailure():
            failure = value.failed().get()
            while failure.getCause() is not None:
                failure = failure.getCause()
            return str(failure.toString())
    return "no reason was given"


def _key(entry: dict[str, Any]) -> tuple[str, str]:
    analyzer = entry["analyzer"]
    return analyzer["analyzerName"], analyzer.get("column") or analyzer.get("instance") or ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked about a column in one run."""

    column: Column
    numbers: bool = False
    categories: bool = False
    not_finite: bool = False


def profile(spark: Spark, table: Table) -> DatasetProfile:
    """Every feature of `table`.

    One run says all where the columns are what they looked like; what turns out
    otherwise is asked in a second one.
    Raises ContractError for rows that cannot be read, for no rows, and for
    numbers that double precision does not hold.
    """
    first = [_first_questions(column) for column in table.columns]
    metrics = _ask(spark, table, first, is_first=True)
    rows = round(metrics.number("Size", ""))
    refuse_malformed(table, metrics, rows)
    if rows == 0:
        raise ContractError("Job inputs had no data: there is no row in dataset_source.")
    missing = [
        wanted for column in table.columns if (wanted := _second_question(column, metrics, rows)) is not None
    ]
    if missing:
        log.info("profile.second_run columns=%d", len(missing))
        metrics = metrics.and_those_of(_ask(spark, table, missing, is_first=False))
    return DatasetProfile(rows, tuple(_profile(column, metrics, rows) for column in table.columns))


def _first_questions(column: Column) -> _Wanted:
    if column.kind is Kind.TEXT:
        return _Wanted(column, numbers=column.looks_numeric, categories=not column.looks_numeric)
    return _Wanted(column, numbers=True, not_finite=column.kind is Kind.FRACTIONAL)


def _second_question(column: Column, metrics: Metrics, rows: int) -> _Wanted | None:
    """What the first run left open about a column."""
    if column.kind is not Kind.TEXT:
        return None
    counts = _type_counts(column, metrics, rows)
    mixed = counts.text > 0 and (counts.integral > 0 or counts.fractional > 0)
    asked = _first_questions(column)
    wanted = _Wanted(
        column,
        numbers=(mixed or counts.inferred.is_numeric) and not asked.numbers,
        categories=counts.inferred is InferredType.STRING and not asked.categories,
        not_finite=mixed or _may_hold_not_finite(column, metrics),
    )
    return wanted if wanted.numbers or wanted.categories or wanted.not_finite else None


def _may_hold_not_finite(column: Column, metrics: Metrics) -> bool:
    """Whether a column of words alone has one that stands for NaN or an infinity."""
    if not metrics.has("Histogram", column.values):
        return False
    _, counts = metrics.histogram("Histogram", column.values)
    return any(re.match(NOT_FINITE, value.lower()) for value in counts)


def _ask(spark: Spark, table: Table, questions: Iterable[_Wanted], is_first: bool) -> Metrics:
    selected: list[str] = []
    analyzers: list[Any] = []
    if is_first:
        analyzers.append(Size())
        if table.can_be_malformed:
            selected.append(MALFORMED)
            analyzers.append(Completeness(MALFORMED))
    for wanted in questions:
        column = wanted.column
        selected.append(column.values)
        if is_first:
            analyzers.append(Completeness(column.values))
            if column.kind is Kind.TEXT:
                analyzers.append(DataType(column.values))
        if wanted.numbers:
            selected.append(f"{column.number_expression} AS {column.numbers}")
            analyzers += numbers(spark, column.numbers)
        if wanted.categories:
            analyzers.append(ValueCounts(column.values))
        if wanted.not_finite:
            analyzers.append(Compliance(column.values, column.is_not_finite))
    return run(spark, spark.select(table.frame, selected), analyzers)


def refuse_malformed(table: Table, metrics: Metrics, rows: int) -> None:
    """Raise ContractError where rows could not be read, which `Completeness` of MALFORMED counts."""
    if not table.can_be_malformed or not metrics.has("Completeness", MALFORMED):
        return
    malformed = round(metrics.number("Completeness", MALFORMED) * rows)
    if not malformed:
        return
    example = table.frame.filter(f"{MALFORMED} IS NOT NULL").head(1)[0].getAs(MALFORMED)
    raise ContractError(
        f"{malformed:,} of {rows:,} rows {'is' if malformed == 1 else 'are'} torn or malformed: "
        f"they do not have {len(table.columns)} columns. The first is {example[:200]!r}. "
        "Mend or remove them; no statistics were computed."
    )


def _type_counts(column: Column, metrics: Metrics, rows: int) -> TypeCounts:
    present = round(metrics.number("Completeness", column.values) * rows)
    not_finite = (
        round(metrics.number("Compliance", column.values) * rows)
        if metrics.has("Compliance", column.values)
        else 0
    )
    if column.kind is Kind.INTEGRAL:
        return TypeCounts(integral=present)
    if column.kind is Kind.FRACTIONAL:
        return TypeCounts(fractional=present - not_finite, not_finite=not_finite)
    _, seen = metrics.histogram("DataType", column.values)
    return TypeCounts(
        integral=seen["Integral"],
        fractional=seen["Fractional"],
        text=seen["String"] + seen["Boolean"] - not_finite,
        not_finite=not_finite,
    )


def _profile(column: Column, metrics: Metrics, rows: int) -> Profile:
    present = round(metrics.number("Completeness", column.values) * rows)
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
    numbers = Numbers(
        mean=number("Mean"),
        sum=number("Sum"),
        std_dev=number("StandardDeviation"),
        min=number("Minimum"),
        max=number("Maximum"),
        buckets=tuple(
            Bucket(bucket["lowValue"], bucket["highValue"], bucket["count"]) for bucket in value["buckets"]
        ),
        sketch=Sketch(
            shrinking_factor=shrinking_factor,
            size=round(size),
            levels=tuple(tuple(map(float, level)) for level in value["data"]),
        ),
    )
    if not all(map(math.isfinite, (numbers.sum, numbers.std_dev, numbers.min, numbers.max))):
        raise ContractError(
            f"feature '{column.name}' has numbers beyond double precision (1.8e308); "
            "scale it or leave it out."
        )
    return numbers


def _categories(column: Column, metrics: Metrics) -> Categories:
    distinct, counts = metrics.histogram("Histogram", column.values)
    return Categories(distinct, counts)
