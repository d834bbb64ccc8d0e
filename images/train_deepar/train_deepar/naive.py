"""The seasonal naive forecast: each weekday as it was last time. What a model must beat."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from train_deepar.metrics import SEASON

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NaiveForecast:
    """Shape (days,) each; the median is the mean."""

    mean: Numbers
    quantiles: dict[float, Numbers]


def seasonal_naive(
    past: Numbers, horizon: int, levels: Iterable[float], minimum: float | None
) -> NaiveForecast:
    """The last known value of each weekday, repeated, with normal errors around it.

    Their deviation is that of the change from week to week, times the root of
    the weeks ahead (Hyndman and Athanasopoulos, Forecasting: Principles and
    Practice, 3rd ed., 5.5). Nothing is below `minimum`. `past` is NaN where missing.
    """
    mean = np.resize(_last_season(past), horizon)
    changes = past[SEASON:] - past[:-SEASON]
    known = changes[~np.isnan(changes)]
    deviation = float(np.sqrt(np.mean(np.square(known)))) if len(known) else 0.0
    spread = deviation * np.sqrt(1 + np.arange(horizon) // SEASON)
    floor = -np.inf if minimum is None else minimum
    quantiles = {level: np.maximum(mean + NormalDist().inv_cdf(level) * spread, floor) for level in levels}
    return NaiveForecast(np.maximum(mean, floor), quantiles)


def _last_season(past: Numbers) -> Numbers:
    """The newest known value of each weekday, the oldest day first; the last of all where one has none."""
    weeks = -(-len(past) // SEASON)
    padded = np.concatenate([np.full(weeks * SEASON - len(past), np.nan), past]).reshape(weeks, SEASON)
    is_known = ~np.isnan(padded)
    newest = weeks - 1 - is_known[::-1].argmax(axis=0)
    season: Numbers = padded[newest, np.arange(SEASON)]
    last = past[np.flatnonzero(~np.isnan(past))[-1]]
    return np.where(np.isnan(season), last, season)
