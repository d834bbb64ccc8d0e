"""What Deequ's metrics say of a column."""

import math

from smcontract.failure import ContractError

from monitor.analyzers import Metrics
from monitor.profiles import Bucket, Categories, InferredType, Numbers, Profile, Sketch, TypeCounts
from monitor.questions import Question, first_question, is_type, is_value
from monitor.sketches import bucketed, exact_sketch
from monitor.table import FLAGS, Column, Kind, ValueType


def next_question(column: Column, metrics: Metrics, rows: int) -> Question | None:
    """What is still open about a column that was not what it looked like; None where nothing is."""
    asked = first_question(column)
    if asked.flags:
        are_all = sum(_flags(column, metrics, rows)) == _present(column, metrics, rows)
        return None if are_all else Question(column, types=True, numbers=True, categories=True)
    inferred = _type_counts(column, metrics, rows).inferred
    numbers = inferred.is_numeric and not asked.numbers
    categories = inferred is InferredType.STRING and not asked.categories
    return Question(column, numbers=numbers, categories=categories) if numbers or categories else None


def profile_of(column: Column, metrics: Metrics, rows: int) -> Profile:
    """All of a column, once no question is open.

    Raises ContractError for numbers that double precision does not hold.
    """
    present = _present(column, metrics, rows)
    if not metrics.has("Completeness", column.types):
        counts = _flags(column, metrics, rows)
        types, numbers = TypeCounts(integral=present), _numbers_of_flags(*counts) if present else None
        return Profile(column.name, present, rows - present, types, numbers)
    types = _type_counts(column, metrics, rows)
    finite = types.integral + types.fractional
    return Profile(
        name=column.name,
        present=present,
        missing=rows - present,
        types=types,
        numbers=_numbers(column, metrics, finite) if types.inferred.is_numeric and finite else None,
        categories=_categories(column, metrics) if types.inferred is InferredType.STRING else None,
    )


def _present(column: Column, metrics: Metrics, rows: int) -> int:
    where = column.types if metrics.has("Completeness", column.types) else column.values
    return round(metrics.number("Completeness", where) * rows)


def _flags(column: Column, metrics: Metrics, rows: int) -> tuple[int, int]:
    """How many zeros there are, and how many ones."""
    zeros, ones = (round(metrics.number("Compliance", is_value(column, flag)) * rows) for flag in FLAGS)
    return zeros, ones


def _type_counts(column: Column, metrics: Metrics, rows: int) -> TypeCounts:
    def count(value_type: ValueType) -> int:
        return round(metrics.number("Compliance", is_type(column, value_type)) * rows)

    present = _present(column, metrics, rows)
    if column.kind is Kind.INTEGRAL:
        return TypeCounts(integral=present)
    not_finite = count(ValueType.NOT_FINITE)
    if column.kind is Kind.FRACTIONAL:
        return TypeCounts(fractional=present - not_finite, not_finite=not_finite)
    integral, fractional = count(ValueType.INTEGRAL), count(ValueType.FRACTIONAL)
    text = present - integral - fractional - not_finite
    return TypeCounts(integral=integral, fractional=fractional, text=text, not_finite=not_finite)


def _numbers_of_flags(zeros: int, ones: int) -> Numbers:
    """Two counts are the whole distribution of zeros and ones, so nothing of it is estimated."""
    count = zeros + ones
    sketch = exact_sketch({0.0: zeros, 1.0: ones})
    low, high = 0.0 if zeros else 1.0, 1.0 if ones else 0.0
    return Numbers(
        mean=ones / count,
        sum=float(ones),
        std_dev=math.sqrt(zeros * ones) / count,
        min=low,
        max=high,
        buckets=bucketed(sketch, low, high),
        sketch=sketch,
    )


def _numbers(column: Column, metrics: Metrics, count: int) -> Numbers:
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
        buckets = bucketed(sketch, *ends)
    total = number("Sum")
    numbers = Numbers(
        mean=total / count,
        sum=total,
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


def _categories(column: Column, metrics: Metrics) -> Categories:
    distinct, counts = metrics.histogram("Histogram", column.values)
    return Categories(distinct, counts)
