"""Windows of series as the tensors that a network takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from train_deepar.covariates import (
    Float32s,
    Scaling,
    calendar_inputs,
    dynamic_inputs,
    static_inputs,
)
from train_deepar.panel import Panel
from train_deepar.series import Floats, Series

Batch = dict[str, torch.Tensor]
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Prepared:
    """A series as inputs: target and observed [days of the target], covariates [covariates, all days]."""

    target: Float32s
    observed: Float32s
    covariates: Float32s
    cat: tuple[int, ...]
    static_real: Float32s


@dataclass(frozen=True, slots=True)
class Shape:
    """How many days a network looks back on, and how many it forecasts."""

    past: int
    future: int


def prepare(series: Series, panel: Panel, scaling: Scaling, days_ahead: int = 0) -> Prepared:
    """The inputs of one series: as far as its features go, or `days_ahead` days where a panel has none."""
    observed = ~np.isnan(series.target)
    days = series.dynamic_feat.shape[1] if panel.dynamic_feat else len(series.target) + days_ahead
    dynamic = (
        dynamic_inputs(series, panel, scaling) if panel.dynamic_feat else np.empty((0, days), np.float32)
    )
    return Prepared(
        target=filled(series.target).astype(np.float32),
        observed=observed.astype(np.float32),
        covariates=np.concatenate([calendar_inputs(series.start, days), dynamic]),
        # A network has at least one category and one static number.
        cat=series.cat or (0,),
        static_real=np.append(static_inputs(series, panel, scaling), np.float32(0)),
    )


def filled(target: Floats) -> Floats:
    """The target with a missing day's place held by the same weekday before it, else by the mean.

    A network must be given some number; that the day is missing it is told beside it, and no loss counts it.
    """
    whole = target.copy()
    for day in np.flatnonzero(np.isnan(target)):
        before = whole[day - _WEEK] if day >= _WEEK else np.nan
        whole[day] = before if not np.isnan(before) else np.nanmean(target)
    return whole


def batch(windows: Sequence[tuple[Prepared, int]], shape: Shape) -> Batch:
    """The windows as one batch; a window is a series and the day on which its forecast starts.

    What lies before a series' first day is zero and unobserved; a future that is not known yet as well.
    """
    count, covariates = len(windows), len(windows[0][0].covariates)
    target = np.zeros((count, shape.past + shape.future), dtype=np.float32)
    observed = np.zeros_like(target)
    times = np.zeros((count, shape.past + shape.future, covariates), dtype=np.float32)
    for row, (series, start) in enumerate(windows):
        first = max(start - shape.past, 0)
        place = shape.past - (start - first)
        known = series.target[first : start + shape.future]
        target[row, place : place + len(known)] = known
        observed[row, place : place + len(known)] = series.observed[first : start + shape.future]
        told = series.covariates[:, first : start + shape.future].T
        times[row, place : place + len(told)] = told
    return {
        "feat_static_cat": torch.tensor([series.cat for series, _ in windows], dtype=torch.long),
        "feat_static_real": torch.from_numpy(np.stack([series.static_real for series, _ in windows])),
        **_split("target", target, shape.past),
        **_split("observed_values", observed, shape.past),
        **_split("time_feat", times, shape.past),
    }


def _split(name: str, values: Float32s, past: int) -> Batch:
    return {
        f"past_{name}": torch.from_numpy(values[:, :past]),
        f"future_{name}": torch.from_numpy(values[:, past:]),
    }


def drawn_windows(
    prepared: Sequence[Prepared], shape: Shape, least: int, count: int, random: np.random.Generator
) -> list[tuple[Prepared, int]]:
    """`count` windows to learn from: any series, then any day that has `least` days before it."""
    chosen: list[tuple[Prepared, int]] = []
    for index, place in zip(random.integers(len(prepared), size=count), random.random(count), strict=True):
        series = prepared[index]
        last = len(series.target) - shape.future
        chosen.append((series, least + int(place * (last - least + 1))))
    return chosen


def last_windows(prepared: Sequence[Prepared], shape: Shape) -> list[tuple[Prepared, int]]:
    """Each series' last days as the future of a window."""
    return [(series, len(series.target) - shape.future) for series in prepared]
