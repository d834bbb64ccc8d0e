"""A small plot as SVG, to stand in a page: axes, lines, areas and dots in the units of the data."""

import math
from collections.abc import Sequence
from datetime import date
from html import escape

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Tick = tuple[float, str]

_QUIET = "#8a94a0"
_GRID = "#e3e7ec"
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 12.0, 10.0, 24.0
_LABEL = 16.0


class Plot:
    """A plot of `width` by `height` pixels; what is drawn later lies above."""

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        width: float,
        height: float,
        labels: tuple[str, str],
    ) -> None:
        """`x` and `y` are the ranges shown, in the data's units; `labels` say what they mean."""
        self._x, self._y = x, y
        self._width, self._height = width, height
        self._labels = labels
        self._bottom = height - _BOTTOM - (_LABEL if labels[0] else 0)
        self._parts: list[str] = []

    def axes(self, x_ticks: Sequence[Tick], y_ticks: Sequence[Tick]) -> None:
        """Lines of the grid with their texts, and what the axes mean."""
        bottom, (x_label, y_label) = self._bottom, self._labels
        for value, text in y_ticks:
            at = self._down(value)
            self._line(_LEFT, at, self._width - _RIGHT, at, _GRID)
            self._text(_LEFT - 6, at + 4, text, "end")
        for value, text in x_ticks:
            at = self._across(value)
            self._line(at, bottom, at, bottom + 4, _QUIET)
            self._text(at, bottom + 17, text, "middle")
        self._line(_LEFT, bottom, self._width - _RIGHT, bottom, _QUIET)
        self._text((_LEFT + self._width - _RIGHT) / 2, self._height - 4, x_label, "middle")
        middle = (bottom + _TOP) / 2
        self._parts.append(
            f'<text x="12" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 12 {middle:.1f})">'
            f"{escape(y_label)}</text>"
        )

    def area(self, x: Numbers, low: Numbers, high: Numbers, colour: str, opacity: float) -> None:
        """All between two lines."""
        corners = [*self._points(x, low), *reversed(self._points(x, high))]
        self._parts.append(
            f'<polygon points="{" ".join(corners)}" fill="{colour}" fill-opacity="{opacity:g}"/>'
        )

    def line(self, x: Numbers, y: Numbers, colour: str, width: float = 2.0, dashes: str = "") -> None:
        """A line, with gaps where `y` is NaN."""
        for run in _runs(y):
            dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
            self._parts.append(
                f'<polyline points="{" ".join(self._points(x[run], y[run]))}" fill="none" '
                f'stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round"{dashed}/>'
            )

    def dots(self, x: Numbers, y: Numbers, colour: str, radius: float = 2.5) -> None:
        """A dot for each value that is not NaN."""
        for across, down in zip(x.tolist(), y.tolist(), strict=True):
            if not math.isnan(down):
                self._parts.append(
                    f'<circle cx="{self._across(across):.1f}" cy="{self._down(down):.1f}" r="{radius:g}" '
                    f'fill="{colour}"/>'
                )

    def upright(self, x: float, text: str) -> None:
        """A dotted line from bottom to top, and what begins there."""
        at = self._across(x)
        self._line(at, _TOP, at, self._bottom, _QUIET, "2 3")
        self._text(at + 5, _TOP + 10, text, "start")

    def svg(self, description: str) -> str:
        """The picture, with a text for those who cannot see it."""
        return (
            f'<svg viewBox="0 0 {self._width:g} {self._height:g}" role="img" '
            f'aria-label="{escape(description)}">{"".join(self._parts)}</svg>'
        )

    def _points(self, x: Numbers, y: Numbers) -> list[str]:
        return [f"{self._across(a):.1f},{self._down(b):.1f}" for a, b in zip(x, y, strict=True)]

    def _across(self, value: float) -> float:
        low, high = self._x
        return _LEFT + (value - low) / (high - low) * (self._width - _LEFT - _RIGHT)

    def _down(self, value: float) -> float:
        low, high = self._y
        return self._bottom - (value - low) / (high - low) * (self._bottom - _TOP)

    def _line(self, x1: float, y1: float, x2: float, y2: float, colour: str, dashes: str = "") -> None:
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashed}/>'
        )

    def _text(self, x: float, y: float, text: str, anchor: str) -> None:
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>')


def number_ticks(low: float, high: float, count: int = 5) -> list[Tick]:
    """About `count` round numbers from `low` to `high`: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [(place * step, f"{place * step:g}") for place in range(first, last + 1)]


def day_ticks(first: int, last: int, count: int = 8) -> list[Tick]:
    """Some days as `5 Jan`, whole weeks apart; days are ordinals."""
    step = 7 * max(1, math.ceil((last - first) / 7 / count))
    days = range(first, last + 1, step)
    return [(day, f"{date.fromordinal(day).day} {date.fromordinal(day):%b}") for day in days]


def _runs(values: Numbers) -> list[slice]:
    """The stretches without NaN."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], np.isnan(values), [True]]).astype(int)))
    return [slice(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
