import re

import numpy as np
import pytest
from train_deepar.plot import Plot, day_ticks, number_ticks


def plot() -> Plot:
    # 100 units are 336 pixels across and 250 down.
    return Plot((0.0, 100.0), (0.0, 100.0), 400, 300, ("days", "<sold>"))


def test_what_is_drawn_lies_where_it_belongs() -> None:
    drawn = plot()
    drawn.line(np.array([0.0, 100.0]), np.array([0.0, 100.0]), "#000")

    # From the left margin and above the texts to the right and the upper margin.
    assert 'points="52.0,260.0 388.0,10.0"' in drawn.svg("")


def test_a_line_has_gaps_where_nothing_is_known_and_dots_stand_alone() -> None:
    drawn = plot()
    x, y = np.arange(6.0), np.array([np.nan, 1, 2, np.nan, 4, np.nan])
    drawn.line(x, y, "#000")
    drawn.dots(x, y, "#111")

    svg = drawn.svg("")
    assert [len(points.split()) for points in re.findall(r'<polyline points="([^"]*)"', svg)] == [2, 1]
    assert svg.count("<circle") == 3


def test_an_area_goes_there_and_back() -> None:
    drawn = plot()
    drawn.area(np.array([0.0, 100.0]), np.array([0.0, 0.0]), np.array([100.0, 100.0]), "#000", 0.5)

    assert 'points="52.0,260.0 388.0,260.0 388.0,10.0 52.0,10.0"' in drawn.svg("")


def test_texts_are_shown_as_they_are() -> None:
    drawn = plot()
    drawn.axes([], [])

    svg = drawn.svg('"worst" & <best>')
    assert ">&lt;sold&gt;</text>" in svg
    assert 'aria-label="&quot;worst&quot; &amp; &lt;best&gt;"' in svg


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (0, 262.5, ["0", "100", "200"]),
        (-3, 7, ["-2", "0", "2", "4", "6"]),
        (0, 0.004, ["0", "0.001", "0.002", "0.003", "0.004"]),
        (1, 30, ["10", "20", "30"]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, texts: list[str]) -> None:
    assert [text for _, text in number_ticks(low, high)] == texts


def test_days_are_ticked_by_whole_weeks() -> None:
    # 2025-01-06 is the ordinal 739257 (Python's calendar).
    ticks = day_ticks(739257, 739257 + 85)

    assert [text for _, text in ticks[:3]] == ["6 Jan", "20 Jan", "3 Feb"]
    assert len(ticks) == 7
