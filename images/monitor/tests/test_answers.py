"""What metrics say of a column that looks like nothing but zeros and ones."""

import numpy as np
import pytest
from monitor.analyzers import Metrics
from monitor.answers import next_question, profile_of
from monitor.questions import first_question, is_type, is_value
from monitor.table import Column, ValueType

FLAG = Column(0, "is_new", looks_like_flags=True)


def metrics(rows: int, present: int, zeros: int, ones: int) -> Metrics:
    """As Deequ tells them: shares of all rows."""
    counts = {
        ("Completeness", FLAG.values): present,
        ("Compliance", is_value(FLAG, "0")): zeros,
        ("Compliance", is_value(FLAG, "1")): ones,
    }
    return Metrics(
        {key: {"value": count / rows} for key, count in counts.items()}, lambda: "it was not asked"
    )


@pytest.mark.parametrize(("zeros", "ones"), [(30_000, 516), (0, 7), (3, 0), (1, 1)])
def test_two_counts_say_of_zeros_and_ones_what_numpy_says(zeros: int, ones: int) -> None:
    values = np.repeat([0, 1], [zeros, ones])
    rows = len(values) + 10

    found = profile_of(FLAG, metrics(rows, len(values), zeros, ones), rows)

    assert (found.present, found.missing, found.types.integral) == (len(values), 10, len(values))
    assert found.inferred_type == "Integral"
    assert found.numbers is not None
    assert (found.numbers.min, found.numbers.max) == (values.min(), values.max())
    assert found.numbers.mean == pytest.approx(values.mean(), rel=1e-12)
    assert found.numbers.std_dev == pytest.approx(values.std(), rel=1e-12)
    assert found.numbers.sum == values.sum()
    edges = (values.min(), values.max()) if zeros and ones else (0, 0)
    counts = np.histogram(values, bins=10, range=edges)[0] if zeros and ones else [0] * 9 + [len(values)]
    assert [bucket.count for bucket in found.numbers.buckets] == list(counts)


def test_nothing_more_is_asked_of_zeros_and_ones() -> None:
    assert list(first_question(FLAG).expressions) == ["f0"]
    assert next_question(FLAG, metrics(100, 90, 60, 30), 100) is None


def test_a_column_that_only_looked_like_flags_is_asked_everything() -> None:
    question = next_question(FLAG, metrics(100, 90, 60, 29), 100)

    assert question is not None
    assert (question.types, question.numbers, question.categories) == (True, True, True)


def test_what_the_second_look_says_of_it_holds() -> None:
    counts = {ValueType.INTEGRAL: 89, ValueType.FRACTIONAL: 0, ValueType.NOT_FINITE: 0}
    second = {
        ("Completeness", FLAG.types): {"value": 0.9},
        **{("Compliance", is_type(FLAG, each)): {"value": count / 100} for each, count in counts.items()},
        ("Histogram", FLAG.values): {
            "value": {"numberOfBins": 3, "values": {"0": {"absolute": 60}, "yes": {"absolute": 1}}}
        },
    }
    both = metrics(100, 90, 60, 29).and_those_of(Metrics(second, lambda: "it was not asked"))

    found = profile_of(FLAG, both, 100)

    assert (found.inferred_type, found.types.integral, found.types.text) == ("String", 89, 1)
    assert found.categories is not None
    assert (found.categories.distinct, found.categories.counts) == (3, {"0": 60, "yes": 1})


def test_a_column_without_a_value_has_no_numbers() -> None:
    found = profile_of(FLAG, metrics(100, 0, 0, 0), 100)

    assert (found.present, found.missing, found.numbers, found.inferred_type) == (0, 100, None, "Unknown")
