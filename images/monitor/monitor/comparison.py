"""How far two distributions are apart.

The formulas are those of Deequ's `Distance` (awslabs/deequ, analyzers/Distance.scala);
that Model Monitor's words Simple, Robust, LInfinity and ChiSquared mean them is likely and
not documented. They are here because Deequ's own test of categories needs all of Spark's MLlib.
"""

import math
from collections.abc import Iterator, Mapping

from monitor.profiles import Sketch

# c(alpha) of the two-sample Kolmogorov-Smirnov test at alpha = 0.003 (Knuth,
# The Art of Computer Programming, volume 2, 3.3.1), as in Deequ.
_C_ALPHA = 1.8
# Categories that are too rare for the chi-squared test are joined: at most a
# fifth of them may be expected fewer than 5 times (Moore & McCabe), none of
# two fewer than 10 times (Cochran, 1952).
_RARE = 5.0
_RARE_OF_TWO = 10.0
_LARGEST_SHARE_RARE = 0.2


def sketch_distance(baseline: Sketch, current: Sketch, robust: bool) -> float:
    """The largest difference of the two distribution functions, 0 to 1.

    `robust` subtracts what two samples of these sizes may differ by chance.
    """
    first, second = _weights(baseline), _weights(current)
    totals = sum(first.values()), sum(second.values())
    if not all(totals):
        return 0.0
    steps = _distribution_steps(first, second, totals)
    return _corrected(max(steps), totals, robust)


def _weights(sketch: Sketch) -> dict[float, int]:
    """How many values each item of a sketch stands for."""
    weights: dict[float, int] = {}
    for level, items in enumerate(sketch.levels):
        for item in items:
            weights[item] = weights.get(item, 0) + 2**level
    return weights


def _distribution_steps(
    first: Mapping[float, int], second: Mapping[float, int], totals: tuple[int, int]
) -> Iterator[float]:
    below_first = below_second = 0
    for item in sorted(first.keys() | second.keys()):
        below_first += first.get(item, 0)
        below_second += second.get(item, 0)
        yield abs(below_first / totals[0] - below_second / totals[1])


def _corrected(distance: float, totals: tuple[int, int], robust: bool) -> float:
    if not robust:
        return distance
    n, m = totals
    return max(0.0, distance - _C_ALPHA * math.sqrt((n + m) / (n * m)))


def category_distance(baseline: Mapping[str, int], current: Mapping[str, int], robust: bool) -> float:
    """The largest difference of a category's share (LInfinity), 0 to 1; `robust` as for sketches."""
    totals = sum(baseline.values()), sum(current.values())
    if not all(totals):
        return 0.0
    distance = max(
        abs(baseline.get(value, 0) / totals[0] - current.get(value, 0) / totals[1])
        for value in baseline.keys() | current.keys()
    )
    return _corrected(distance, totals, robust)


def chi_squared_p_value(baseline: Mapping[str, int], current: Mapping[str, int]) -> float | None:
    """How likely `current` is, were its categories those of the baseline (Pearson's test).

    Categories that the baseline does not have do not count here: what they are
    worth the check of the domain says. None where fewer than two categories can
    be told apart, so that there is nothing to test.
    """
    observed = {value: float(current.get(value, 0)) for value in baseline}
    total, expected_total = sum(observed.values()), sum(baseline.values())
    if not total or not expected_total:
        return None
    expected = {value: count / expected_total * total for value, count in baseline.items()}
    _join_rare(observed, expected)
    if len(expected) < 2:
        return None
    statistic = sum((observed[value] - count) ** 2 / count for value, count in expected.items() if count)
    return chi_squared_survival(statistic, degrees=len(expected) - 1)


def _join_rare(observed: dict[str, float], expected: dict[str, float]) -> None:
    """Add the rarest category to the next rarest until enough are expected of each."""
    while len(expected) > 1:
        least, allowed = (
            (_RARE_OF_TWO, 0)
            if len(expected) == 2
            else (
                _RARE,
                int(_LARGEST_SHARE_RARE * len(expected)),
            )
        )
        if sum(count < least for count in expected.values()) <= allowed:
            return
        rarest = min(expected, key=lambda value: expected[value])
        joined_expected, joined_observed = expected.pop(rarest), observed.pop(rarest)
        next_rarest = min(expected, key=lambda value: expected[value])
        expected[next_rarest] += joined_expected
        observed[next_rarest] += joined_observed


def chi_squared_survival(statistic: float, degrees: int) -> float:
    """P(X > statistic) for the chi-squared distribution: the regularised upper gamma function.

    A series below degrees / 2 + 1, Lentz's continued fraction above (Numerical
    Recipes, 6.2); exact to about 1e-12.
    """
    shape, x = degrees / 2, statistic / 2
    if x <= 0:
        return 1.0
    scale = math.exp(-x + shape * math.log(x) - math.lgamma(shape))
    if x < shape + 1:
        return 1.0 - scale * _gamma_series(shape, x)
    return scale * _gamma_fraction(shape, x)


def _gamma_series(shape: float, x: float) -> float:
    term = total = 1.0 / shape
    step = shape
    while abs(term) > abs(total) * 1e-16:
        step += 1
        term *= x / step
        total += term
    return total


def _gamma_fraction(shape: float, x: float) -> float:
    smallest = 1e-300
    b = x + 1 - shape
    c, d = 1 / smallest, 1 / b
    result = d
    for step in range(1, 10_000):
        a = -step * (step - shape)
        b += 2
        d = 1 / ((a * d + b) or smallest)
        c = (b + a / c) or smallest
        result *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return result
