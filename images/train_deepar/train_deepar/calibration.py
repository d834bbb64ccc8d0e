"""Samples widened around their median, so that intervals cover what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from train_deepar.series import Floats

Samples = npt.NDArray[np.float64]

# The interval that is set right, one tail at a time; the others follow.
LOWER, UPPER = 0.1, 0.9
# One window's coverage is itself a draw, so half of the way (on a logarithmic scale) is gone, and not far.
_SHARE = 0.5
_LEAST, _MOST = 0.8, 1.3


@dataclass(frozen=True, slots=True)
class Calibration:
    """By how much samples below and above their median move away from it."""

    below: float = 1.0
    above: float = 1.0

    def apply(self, samples: Samples, minimum: float | None, maximum: float | None) -> Samples:
        """The samples [series, samples, days], moved, and never beyond what the target can be."""
        if (self.below, self.above) != (1.0, 1.0):
            median = np.median(samples, axis=1, keepdims=True)
            away = samples - median
            samples = median + away * np.where(away < 0, self.below, self.above)
        floor = -np.inf if minimum is None else minimum
        ceiling = np.inf if maximum is None else maximum
        return np.clip(samples, floor, ceiling)

    def as_document(self) -> dict[str, float]:
        """The factors, ready for JSON."""
        return {"below": self.below, "above": self.above}

    @classmethod
    def from_document(cls, document: Any) -> "Calibration":
        """The calibration that `as_document` wrote."""
        return cls(float(document["below"]), float(document["above"]))


def calibrate(samples: Samples, actual: Floats) -> Calibration:
    """The factors towards which a tenth of `actual` [series, days] lies beyond each end of the 80 % interval.

    An actual value is as many half-widths from the median as it is; the quantile of those numbers over all
    days that were observed would have been the factor for this window. Its square root is taken.
    """
    low, median, high = np.quantile(samples, (LOWER, 0.5, UPPER), axis=1)
    observed = ~np.isnan(actual)
    return Calibration(
        below=_factor((median - actual)[observed], (median - low)[observed], 1 - LOWER),
        above=_factor((actual - median)[observed], (high - median)[observed], UPPER),
    )


def _factor(distance: Floats, width: Floats, level: float) -> float:
    if not len(distance):
        return 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(distance <= 0, distance, distance / width)
    exact = max(float(np.quantile(ratio, level)), 0.0)
    return float(np.clip(exact**_SHARE, _LEAST, _MOST))


def mean_weighted_quantile_loss(samples: Samples, actual: Floats, levels: Sequence[float]) -> float:
    """The mean over `levels` of twice the pinball loss of all observed days over their absolute sum.

    Source: SageMaker developer guide, "Forecast" accuracy metrics, wQL; NaN where nothing is observed.
    """
    observed = ~np.isnan(actual)
    total = np.abs(actual[observed]).sum()
    if not total:
        return float("nan")
    losses = []
    for level, forecast in zip(levels, np.quantile(samples, levels, axis=1), strict=True):
        error = (actual - forecast)[observed]
        losses.append(2 * np.maximum(level * error, (level - 1) * error).sum() / total)
    return float(np.mean(losses))
