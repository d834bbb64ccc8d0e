"""Distances, against numbers worked out elsewhere."""

import math

import pytest
from monitor.comparison import (
    category_distance,
    chi_squared_p_value,
    chi_squared_survival,
    sketch_distance,
)
from monitor.profiles import Sketch


def sketch(*levels: tuple[float, ...]) -> Sketch:
    return Sketch(0.64, 2048, levels)


def test_simple_is_the_largest_difference_of_the_distribution_functions() -> None:
    # By hand: after 2 the first has 2/4 below, the second 0/2.
    assert sketch_distance(sketch((1, 2, 3, 4)), sketch((3, 4)), robust=False) == 0.5


def test_an_item_of_a_higher_level_stands_for_more_values() -> None:
    # 2 and its like count twice: 1, 2, 2 against 1, 1, 2.
    assert sketch_distance(sketch((1,), (2,)), sketch((1, 1, 2)), robust=False) == pytest.approx(1 / 3)


def test_robust_takes_away_what_chance_gives() -> None:
    first, second = sketch(tuple(range(1000))), sketch(tuple(range(500, 1500)))

    # 1.8 * sqrt((n + m) / (n * m)), Deequ's Distance.
    expected = 0.5 - 1.8 * math.sqrt(2000 / 1_000_000)
    assert sketch_distance(first, second, robust=True) == pytest.approx(expected)
    assert sketch_distance(first, first, robust=True) == 0.0


def test_nothing_is_not_far_from_anything() -> None:
    assert sketch_distance(sketch(()), sketch((1,)), robust=False) == 0.0
    assert category_distance({}, {"a": 1}, robust=False) == 0.0


def test_categories_differ_by_the_share_of_one() -> None:
    assert category_distance({"a": 8, "b": 2}, {"a": 5, "c": 5}, robust=False) == pytest.approx(0.5)
    assert category_distance({"a": 8, "b": 2}, {"a": 5, "c": 5}, robust=True) == 0.0


@pytest.mark.parametrize(
    ("statistic", "degrees", "expected"),
    [
        # scipy.stats.chi2.sf(statistic, degrees), 1.17.1
        (0.0, 3, 1.0),
        (0.5, 1, 0.47950012218695337),
        (3.841458820694124, 1, 0.05),
        (10.0, 4, 0.04042768199451279),
        (2.0, 9, 0.9914676066288135),
        (250.0, 200, 0.009379131668826098),
        (1000.0, 5, 6.0100776879208495e-214),
    ],
)
def test_the_tail_of_chi_squared_is_scipys(statistic: float, degrees: int, expected: float) -> None:
    assert chi_squared_survival(statistic, degrees) == pytest.approx(expected, rel=1e-9)


def test_the_p_value_is_pearsons() -> None:
    # scipy.stats.chisquare([30, 50, 20], [40, 40, 20]).pvalue
    found = chi_squared_p_value({"a": 400, "b": 400, "c": 200}, {"a": 30, "b": 50, "c": 20})

    assert found == pytest.approx(0.0820849986238988, rel=1e-9)


def test_rare_categories_are_joined() -> None:
    # Expected 96, 2, 2 of 100: the two rare ones together are 4, still too few, so nothing can be told.
    assert chi_squared_p_value({"a": 96, "b": 2, "c": 2}, {"a": 90, "b": 5, "c": 5}) is None
    # Expected 80, 12, 4, 4: two of four are rare and are joined, 80, 12, 8.
    # scipy.stats.chisquare([70, 15, 15], [80, 12, 8]).pvalue
    joined = chi_squared_p_value({"a": 80, "b": 12, "c": 4, "d": 4}, {"a": 70, "b": 15, "c": 10, "d": 5})
    assert joined == pytest.approx(0.017205950425851387, rel=1e-9)


def test_new_categories_alone_cannot_be_tested() -> None:
    assert chi_squared_p_value({"a": 5, "b": 5}, {"c": 10}) is None
