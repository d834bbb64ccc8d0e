"""How far forecasts are from what came: the measures of GluonTS's Evaluator, and coverage of intervals.

Absolute errors are the median's and squared ones the mean's, as each minimises
its own. A day whose actual is missing is left out everywhere.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

# A week: the season of daily figures of shops, offices and roads alike.
SEASON = 7
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MEDIAN_LEVEL = 0.5
# Percent that an interval should cover, and the two levels that it lies between.
INTERVALS = {80: (0.1, 0.9), 95: (0.025, 0.975)}
NEEDED_LEVELS = tuple(sorted({*LEVELS, *(level for pair in INTERVALS.values() for level in pair)}))
MEAN_LOSS = "mean_weighted_quantile_loss"


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What was forecast and what came: a row each of a series in a window, a column a day ahead.

    `actual` is NaN where missing; `quantiles` has at least NEEDED_LEVELS;
    `seasonal_errors` are those of the days before each window.
    """

    actual: Numbers
    mean: Numbers
    quantiles: Mapping[float, Numbers]
    seasonal_errors: Numbers

    def rows(self, chosen: npt.NDArray[np.bool_] | Sequence[int]) -> "Forecasts":
        """Some of the rows."""
        return Forecasts(
            self.actual[chosen],
            self.mean[chosen],
            {level: values[chosen] for level, values in self.quantiles.items()},
            self.seasonal_errors[chosen],
        )


def seasonal_error(past: Numbers) -> float:
    """Mean change from a day to the same weekday a week on; NaN where no such pair is known.

    In-sample error of the seasonal naive forecast, which scales MASE (Hyndman and Koehler, 2006).
    A history of a week or less is taken from day to day, as GluonTS does.
    """
    season = SEASON if len(past) > SEASON else 1
    return _mean(np.abs(past[season:] - past[:-season]))


def measures(forecasts: Forecasts) -> dict[str, float]:
    """Every measure by its name; NaN for one that nothing is known of.

    mse, rmse, mean_absolute_error, mape, smape and mase are means over rows of
    the rows' means, absolute_error is a sum; the quantile losses are weighted by
    all actuals together, and coverage is a share of all days.
    """
    actual = forecasts.actual
    error = np.abs(actual - forecasts.quantiles[MEDIAN_LEVEL])
    size = np.abs(actual)
    mse = _mean(_row_means(np.square(actual - forecasts.mean)))
    losses = weighted_quantile_losses(forecasts)
    return {
        MEAN_LOSS: sum(losses.values()) / len(losses),
        "mse": mse,
        "rmse": math.sqrt(mse),
        "absolute_error": float(np.nansum(error)),
        "mean_absolute_error": _mean(_row_means(error)),
        # Where the actual is 0 the error is no share of it.
        "mape": _mean(_row_means(_ratio(error, size))),
        "smape": _mean(_row_means(2 * _ratio(error, size + np.abs(forecasts.quantiles[MEDIAN_LEVEL])))),
        "mase": _mean(_ratio(_row_means(error), forecasts.seasonal_errors)),
        **{f"coverage_{percent}": coverage(forecasts, percent) for percent in INTERVALS},
        **{f"weighted_quantile_loss_{level:g}": loss for level, loss in losses.items()},
    }


def weighted_quantile_losses(forecasts: Forecasts) -> dict[float, float]:
    """2 · sum of the quantile losses / sum of |actual|, by level."""
    total = float(np.nansum(np.abs(forecasts.actual)))
    return {
        level: float(np.nansum(quantile_loss(forecasts, level))) / total if total else math.nan
        for level in LEVELS
    }


def quantile_loss(forecasts: Forecasts, level: float) -> Numbers:
    """Twice the quantile loss of each day; NaN where the actual is missing."""
    over = forecasts.quantiles[level] - forecasts.actual
    loss: Numbers = 2 * np.maximum((1 - level) * over, -level * over)
    return loss


def coverage(forecasts: Forecasts, percent: int) -> float:
    """The share of known days inside the interval, its ends included."""
    low, high = (forecasts.quantiles[level] for level in INTERVALS[percent])
    inside = (low <= forecasts.actual) & (forecasts.actual <= high)
    return _mean(np.where(np.isnan(forecasts.actual), np.nan, inside))


def _ratio(above: Numbers, below: Numbers) -> Numbers:
    """NaN where `below` is 0 or either is NaN."""
    ratio: Numbers = np.divide(above, below, out=np.full_like(above, np.nan), where=below != 0)
    return ratio


def _row_means(values: Numbers) -> Numbers:
    """The mean of each row's known values; NaN where there is none."""
    return _ratio(np.nansum(values, axis=1), (~np.isnan(values)).sum(axis=1).astype(float))


def _mean(values: Numbers) -> float:
    """The mean of the known values; NaN where there is none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
