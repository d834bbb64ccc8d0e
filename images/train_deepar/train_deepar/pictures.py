"""The pictures of a report: fans of forecasts, and how well they are calibrated."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train_deepar.metrics import LEVELS, Forecasts, quantile_loss
from train_deepar.plot import Plot, day_ticks, number_ticks

Numbers = npt.NDArray[np.float64]

# Two hues that stay apart for colour-blind readers and in grey print.
MODEL_COLOUR = "#1f5fa8"
OTHER_COLOUR = "#d1762c"
ACTUAL_COLOUR = "#1c2430"
_QUIET = "#8a94a0"
# Days before the horizon that a fan shows.
HISTORY_DAYS = 56
# Widest first, so that the narrower ones lie above: levels, and how dark together they get.
FAN = (((0.025, 0.975), 0.14), ((0.1, 0.9), 0.2), ((0.25, 0.75), 0.3))
FAN_LEVELS = tuple(level for pair, _ in FAN for level in pair)
WIDE, HALF = (1040.0, 270.0), (480.0, 300.0)


@dataclass(frozen=True, slots=True)
class Fan:
    """A forecast beside what was and what came; `first` is the horizon's first day as an ordinal.

    `past` ends the day before; it and `actual` are NaN where missing.
    `quantiles` has FAN_LEVELS and the median.
    """

    first: int
    past: Numbers
    actual: Numbers
    quantiles: dict[float, Numbers]
    reference: Numbers


def fan_picture(fan: Fan, target: str, description: str) -> str:
    """The last weeks, then what was forecast, with its intervals, and what came."""
    past = fan.past[-HISTORY_DAYS:]
    before = np.arange(fan.first - len(past), fan.first, dtype=float)
    ahead = np.arange(fan.first, fan.first + len(fan.actual), dtype=float)
    shown = np.concatenate([past, fan.actual, fan.quantiles[0.975], fan.quantiles[0.025], fan.reference])
    low, high = min(0.0, float(np.nanmin(shown))), float(np.nanmax(shown))
    high += 0.05 * ((high - low) or 1.0)
    start, end = float(fan.first - len(past)), float(fan.first + len(fan.actual) - 1)
    plot = Plot((start - 0.5, end + 0.5), (low, high), *WIDE, ("", target))
    plot.axes(day_ticks(int(start), int(end)), number_ticks(low, high))
    for (lower, upper), opacity in FAN:
        plot.area(ahead, fan.quantiles[lower], fan.quantiles[upper], MODEL_COLOUR, opacity)
    plot.line(ahead, fan.reference, OTHER_COLOUR, 1.5, "5 4")
    plot.line(ahead, fan.quantiles[0.5], MODEL_COLOUR)
    plot.line(before, past, _QUIET, 1.2)
    plot.line(ahead, fan.actual, ACTUAL_COLOUR, 1.2)
    plot.dots(ahead, fan.actual, ACTUAL_COLOUR)
    plot.upright(fan.first - 0.5, "forecast")
    return plot.svg(description)


def observed_shares(forecasts: Forecasts) -> Numbers:
    """The share of known days whose actual is not above each of LEVELS' quantiles."""
    known = ~np.isnan(forecasts.actual)
    return np.array(
        [(forecasts.actual <= forecasts.quantiles[level])[known].mean() for level in LEVELS], dtype=float
    )


def calibration_picture(forecasts: Forecasts) -> str:
    """The share of actuals that were not above each quantile, beside the share that should be."""
    levels = np.array(LEVELS)
    observed = observed_shares(forecasts)
    plot = Plot((0.0, 1.0), (0.0, 1.0), *HALF, ("quantile", "share of actuals not above it"))
    ticks = number_ticks(0.0, 1.0)
    plot.axes(ticks, ticks)
    plot.line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), _QUIET, 1.2, "5 4")
    plot.line(levels, observed, MODEL_COLOUR)
    plot.dots(levels, observed, MODEL_COLOUR, 3.5)
    described = ", ".join(f"{level:g}: {share:.2f}" for level, share in zip(LEVELS, observed, strict=True))
    return plot.svg(f"Share of actuals not above each quantile. {described}")


def losses_by_day(forecasts: Forecasts) -> Numbers:
    """The mean weighted quantile loss of each day ahead, shape (days,); NaN where nothing is known."""
    losses = np.mean([np.nansum(quantile_loss(forecasts, level), axis=0) for level in LEVELS], axis=0)
    sizes = np.nansum(np.abs(forecasts.actual), axis=0)
    by_day: Numbers = np.divide(losses, sizes, out=np.full_like(losses, np.nan), where=sizes > 0)
    return by_day


def losses_picture(model: Forecasts, reference: Forecasts) -> str:
    """How the loss grows with the days ahead, beside the reference's."""
    ours, other = losses_by_day(model), losses_by_day(reference)
    days = np.arange(1, len(ours) + 1, dtype=float)
    high = 1.1 * float(np.nanmax(np.concatenate([ours, other]))) or 1.0
    last = float(len(days))
    plot = Plot(
        (min(1.0, last - 0.5), max(last, 1.5)), (0.0, high), *HALF, ("days ahead", "weighted quantile loss")
    )
    ticks = [tick for tick in number_ticks(1.0, max(last, 2.0)) if tick[0].is_integer()]
    plot.axes(ticks, number_ticks(0.0, high))
    plot.line(days, other, OTHER_COLOUR, 1.5, "5 4")
    plot.line(days, ours, MODEL_COLOUR)
    plot.dots(days, ours, MODEL_COLOUR)
    return plot.svg(
        f"Weighted quantile loss by days ahead: the model's is {np.nanmean(ours):.3f} on average, "
        f"the reference's {np.nanmean(other):.3f}"
    )
