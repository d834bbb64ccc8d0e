import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.demand import DAYS, HORIZON, panel_series
from train_deepar.backtest import backtest
from train_deepar.evaluation import Evaluation
from train_deepar.forecaster import Forecaster
from train_deepar.metrics import LEVELS, MEAN_LOSS
from train_deepar.pictures import losses_by_day, observed_shares
from train_deepar.report import render_report
from train_deepar.series import Series

TESTED = panel_series(DAYS + HORIZON)


def evaluation(forecaster: Forecaster, tested: list[Series] = TESTED, windows: int = 2) -> Evaluation:
    found = backtest(forecaster, tested, windows, num_samples=40, seed=0)
    return Evaluation(forecaster, found, "cd" * 32, 40, 0, "2026-01-02T03:04:05Z")


@pytest.fixture(scope="module")
def measured(deepar: Forecaster) -> Evaluation:
    return evaluation(deepar)


@pytest.fixture(scope="module")
def page(measured: Evaluation) -> str:
    return render_report(measured)


class Tags(HTMLParser):
    """Counts tags, and complains of one that is closed and was not opened last."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self.seen.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, _attributes: object) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_beside_it(page: str) -> None:
    tags = Tags()
    tags.feed(page)

    assert tags.open == []
    # Three fans, the calibration, the loss by days ahead.
    assert tags.seen.count("svg") == 5
    assert not re.search(r"(src|href|url)\s*[=(]", page)
    assert "http" not in page
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)


def test_every_picture_has_a_text_for_those_who_cannot_see_it(page: str) -> None:
    texts = re.findall(r'<svg [^>]*role="img" aria-label="([^"]{20,})"', page)

    assert len(texts) == 5
    assert [text.split(":")[0] for text in texts[:3]] == ["Best series", "Median series", "Worst series"]


def test_the_fans_are_of_the_best_the_median_and_the_worst_series(measured: Evaluation, page: str) -> None:
    losses = {item_id: each.model[MEAN_LOSS] for item_id, each in measured.by_series.items()}
    in_order = sorted(losses, key=lambda item_id: losses[item_id])

    shown = re.findall(r"<b>(?:Best|Median|Worst) series: (\S+)</b>", page)

    assert shown == [in_order[0], in_order[3], in_order[-1]]


def test_the_page_says_what_was_measured(measured: Evaluation, page: str) -> None:
    known = sum(int((~np.isnan(window.model.actual)).sum()) for window in measured.windows)

    for text in (
        "6 series, 2025-04-29 to 2025-05-12 in 2 windows of 7 days",
        f"{known} known days, {84 - known} missing",
        "2026-01-02T03:04:05Z",
        "2025-05-06 to 2025-05-12</th><td>no</td>",
        "2025-04-29 to 2025-05-05</th><td>yes</td>",
        "cdcdcdcdcdcdcdcd…",
        f"<b>{measured.model[MEAN_LOSS]:.4f}</b>",
        "<td>deepar</td>",
    ):
        assert text in page, text
    rows = re.findall(r"<tr><th>(\d\d_\d\d\d)</th>", page)
    assert rows == measured.ranked
    assert len(rows) == 6


def test_names_are_shown_as_they_are(deepar: Forecaster) -> None:
    odd = [replace(each, item_id=f"<b>{each.item_id}&") for each in TESTED]
    target = replace(deepar.panel.target, name="<i>sold</i>")

    page = render_report(evaluation(replace(deepar, panel=replace(deepar.panel, target=target)), odd, 1))

    assert "<b>12_409" not in page
    assert "&lt;b&gt;12_409&amp;" in page
    assert "How well the model forecasts &lt;i&gt;sold&lt;/i&gt;" in page


def test_the_same_numbers_give_the_same_page(deepar: Forecaster, page: str) -> None:
    assert render_report(evaluation(deepar)) == page


def test_a_series_of_which_nothing_came_has_a_row_and_no_fan(deepar: Forecaster) -> None:
    tested = [replace(each, target=each.target.copy()) for each in TESTED]
    tested[0].target[-HORIZON:] = np.nan

    page = render_report(evaluation(deepar, tested, 1))

    assert re.search(r'<tr><th>12_409</th><td class="n">0</td><td class="n">–</td><td class="n">–</td>', page)
    assert "series: 12_409<" not in page


def test_one_series_is_best_median_and_worst(deepar: Forecaster) -> None:
    page = render_report(evaluation(deepar, TESTED[:1], 1))

    assert re.findall(r"(Best|Median|Worst) series: 12_409<", page) == ["Best", "Median", "Worst"]


def test_the_pictures_numbers_are_those_of_plain_loops(measured: Evaluation) -> None:
    model, _ = measured.forecasts
    rows, days = model.actual.shape
    known = [(row, day) for row in range(rows) for day in range(days) if not np.isnan(model.actual[row, day])]

    shares, losses = observed_shares(model), losses_by_day(model)

    for place, level in enumerate(LEVELS):
        below = [model.actual[at] <= model.quantiles[level][at] for at in known]
        assert shares[place] == pytest.approx(sum(below) / len(below))
    for day in range(days):
        of_day = [at for at in known if at[1] == day]
        total = sum(
            2
            * max(
                q * (model.actual[at] - model.quantiles[q][at]),
                (q - 1) * (model.actual[at] - model.quantiles[q][at]),
            )
            for at in of_day
            for q in LEVELS
        )
        assert losses[day] == pytest.approx(total / 9 / sum(model.actual[at] for at in of_day))
