"""What a network is told about each day beside the target: the calendar, the series' age, its features."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from train_deepar.panel import Panel
from train_deepar.series import Floats, Series

Float32s = npt.NDArray[np.float32]

_YEAR_DAYS = 365.25
# Waves of the year and of its half.
_HARMONICS = (1, 2)
# A feature that hardly varies must not be blown up to noise.
_SMALLEST_SCALE = 1e-6


@dataclass(frozen=True, slots=True)
class Scaling:
    """How raw numbers become inputs; fitted on the training part, kept with the model.

    `centers` and `scales` have one number for each dynamic feature, then one for each static number.
    """

    centers: tuple[float, ...]
    scales: tuple[float, ...]
    # The mean of the absolute target over the training part; a hundredth of it counts as silence.
    level: float

    def as_document(self) -> dict[str, object]:
        """The scaling, ready for JSON."""
        return {"centers": list(self.centers), "scales": list(self.scales), "level": self.level}

    @classmethod
    def from_document(cls, document: Any) -> "Scaling":
        """The scaling that `as_document` wrote."""
        return cls(tuple(document["centers"]), tuple(document["scales"]), float(document["level"]))


def fit_scaling(found: Sequence[Series], panel: Panel) -> Scaling:
    """Centres and scales over all days of `found`; 0 and 1 for what is not standardised."""
    centers, scales = [], []
    for row, feature in enumerate(panel.dynamic_feat):
        values = np.concatenate([series.dynamic_feat[row, : len(series.target)] for series in found])
        center, scale = _spread(values) if feature.scaling == "standard" else (0.0, 1.0)
        centers.append(center)
        scales.append(scale)
    for column in range(len(panel.static_real)):
        center, scale = _spread(np.array([series.static_real[column] for series in found]))
        centers.append(center)
        scales.append(scale)
    level = float(np.nanmean(np.abs(np.concatenate([series.target for series in found]))))
    return Scaling(tuple(centers), tuple(scales), level)


def _spread(values: Floats) -> tuple[float, float]:
    return float(values.mean()), float(max(values.std(), _SMALLEST_SCALE))


def relative_level(values: Floats) -> float:
    """What a `relative` feature is divided by: the median of the series' positive values, 1 without any."""
    positive = values[values > 0]
    return float(np.median(positive)) if len(positive) else 1.0


def dynamic_inputs(series: Series, panel: Panel, scaling: Scaling) -> Float32s:
    """The series' dynamic features as inputs [features, days]; all days that it has.

    A relative feature is the logarithm of value over the series' own median, which is taken of the
    target's days alone: a price asked about for the future does not change what the past looked like.
    """
    days = len(series.target)
    inputs = np.empty(series.dynamic_feat.shape, dtype=np.float32)
    for row, feature in enumerate(panel.dynamic_feat):
        values = series.dynamic_feat[row]
        if feature.scaling == "relative":
            level = relative_level(values[:days])
            inputs[row] = np.log(np.maximum(values, level * 1e-3) / level)
        else:
            inputs[row] = (values - scaling.centers[row]) / scaling.scales[row]
    return inputs


def static_inputs(series: Series, panel: Panel, scaling: Scaling) -> Float32s:
    """The series' static numbers as inputs."""
    first = len(panel.dynamic_feat)
    centers, scales = np.array(scaling.centers[first:]), np.array(scaling.scales[first:])
    inputs: Float32s = ((np.array(series.static_real) - centers) / scales).astype(np.float32)
    return inputs


def calendar_inputs(start: date, days: int) -> Float32s:
    """The calendar of `days` days from `start` as inputs [CALENDAR_WIDTH, days].

    Each weekday by itself, and smooth waves of the year: weekdays have no order that a number would tell.
    """
    ordinals = start.toordinal() + np.arange(days)
    weekday = (ordinals - 1) % 7  # date.toordinal() 1 is a Monday
    angle = 2 * np.pi * ordinals / _YEAR_DAYS
    rows = [weekday == each for each in range(7)]
    rows += [wave(harmonic * angle) for harmonic in _HARMONICS for wave in (np.sin, np.cos)]
    # As GluonTS's age feature: how long the series has been observed, on a logarithmic scale.
    rows.append(np.log10(2.0 + np.arange(days)))
    return np.stack(rows).astype(np.float32)


CALENDAR_WIDTH = 12
