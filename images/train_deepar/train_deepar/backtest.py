"""Forecasts of days whose actuals are known: windows at the end of the series, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
from smcontract.failure import ContractError

from train_deepar.forecaster import Forecaster
from train_deepar.metrics import NEEDED_LEVELS, Forecasts, seasonal_error
from train_deepar.naive import seasonal_naive
from train_deepar.pictures import FAN_LEVELS
from train_deepar.samples import Samples
from train_deepar.series import Series
from train_deepar.values import day_text

Numbers = npt.NDArray[np.float64]
LEVELS = tuple(sorted({*NEEDED_LEVELS, *FAN_LEVELS}))


@dataclass(frozen=True, slots=True)
class Window:
    """The forecasts of one stretch of days, a row for each of `series`; `first` and `last` are ordinals.

    Each series is as it was the day before `first`. `in_training` where the
    model was fitted on some of these days.
    """

    first: int
    last: int
    in_training: bool
    series: tuple[Series, ...]
    left_out: int
    model: Forecasts
    reference: Forecasts


def backtest(
    forecaster: Forecaster, tested: Sequence[Series], count: int, num_samples: int, seed: int
) -> list[Window]:
    """`count` windows of the model's horizon, newest first; the k-th ends k horizons before the last day.

    A series that has not enough days before a window is left out of it.
    Raises ContractError for a window that no series is long enough for.
    """
    horizon = forecaster.prediction_length
    end = max(each.forecast_start for each in tested).toordinal()
    return [
        _window(forecaster, tested, end - (place + 1) * horizon, num_samples, seed) for place in range(count)
    ]


def _window(
    forecaster: Forecaster, tested: Sequence[Series], first: int, num_samples: int, seed: int
) -> Window:
    horizon = forecaster.prediction_length
    whole = [each for each in tested if _is_long_enough(each, first, horizon, forecaster.context_length)]
    if not whole:
        raise ContractError(
            f"No series has {forecaster.context_length} days before {day_text(first)} and "
            f"{horizon} from then on; give longer series, or fewer windows."
        )
    series = tuple(_as_before(each, first, horizon) for each in whole)
    actual = np.array([_days(each.target, each.start, first, horizon) for each in whole])
    errors = np.array([seasonal_error(each.target) for each in series])
    samples = Samples(forecaster.sample(series, horizon, num_samples, seed))
    naive = [seasonal_naive(each.target, horizon, LEVELS, forecaster.panel.target.minimum) for each in series]
    return Window(
        first=first,
        last=first + horizon - 1,
        in_training=first <= forecaster.trained_until.toordinal(),
        series=series,
        left_out=len(tested) - len(series),
        model=Forecasts(actual, samples.mean, {level: samples.quantile(level) for level in LEVELS}, errors),
        reference=Forecasts(
            actual,
            np.array([each.mean for each in naive]),
            {level: np.array([each.quantiles[level] for each in naive]) for level in LEVELS},
            errors,
        ),
    )


def _is_long_enough(series: Series, first: int, horizon: int, context: int) -> bool:
    """Whether all days of the window are there, and before it what a model looks back at."""
    before = first - series.start.toordinal()
    if before < context or len(series.target) < before + horizon:
        return False
    return not np.isnan(series.target[before - context : before]).all()


def _as_before(series: Series, first: int, horizon: int) -> Series:
    before = first - series.start.toordinal()
    return replace(
        series, target=series.target[:before], dynamic_feat=series.dynamic_feat[:, : before + horizon]
    )


def _days(values: Numbers, start: date, first: int, count: int) -> Numbers:
    place = first - start.toordinal()
    return values[place : place + count]


def pooled(forecasts: Sequence[Forecasts]) -> Forecasts:
    """The rows of all of them."""
    return Forecasts(
        np.concatenate([each.actual for each in forecasts]),
        np.concatenate([each.mean for each in forecasts]),
        {level: np.concatenate([each.quantiles[level] for each in forecasts]) for level in LEVELS},
        np.concatenate([each.seasonal_errors for each in forecasts]),
    )
