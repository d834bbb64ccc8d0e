"""A model's measures: their values, and how far chance moves them."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# AWS: "at least 200 samples", and five samples of 80 % (developer guide, "Model quality metrics").
ROWS_FOR_DEVIATION = 200
SAMPLES = 5
SAMPLED_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure; NaN is what cannot be told.

    `standard_deviation` is AWS's, of five random samples of 80 %. `of_one_row`
    says how much chance moves it: by `of_one_row / sqrt(n)` in a window of n rows.
    """

    value: float
    standard_deviation: float = math.nan
    of_one_row: float = math.nan


def measured(
    values: Mapping[str, float],
    samples: Sequence[Mapping[str, float]],
    of_one_row: Mapping[str, float],
    rows: int,
) -> dict[str, Measure]:
    """The measures of all rows, with what the samples and one row more say of them."""
    return {
        name: Measure(
            value,
            spread([sample[name] for sample in samples]) if rows >= ROWS_FOR_DEVIATION else math.nan,
            of_one_row.get(name, math.nan),
        )
        for name, value in values.items()
    }


def spread(values: Sequence[float]) -> float:
    """The standard deviation of a sample; NaN where a value is."""
    return statistics.stdev(values) if all(map(math.isfinite, values)) else math.nan


def ratio(part: float, whole: float) -> float:
    """A share; NaN of nothing."""
    return part / whole if whole else math.nan
