"""The API's page for a forecasting project in Chromium: a form of its schema, a fan of the API's answer."""

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.support.api_server import KEY
from tests.support.browser import Page
from tests.support.forecast_server import LEVELS, MOST_DAYS
from tests.support.prediction_page import (
    CONTRAST,
    PICTURES,
    STATUS,
    ask,
    contrasts,
    give,
    named_controls,
    numbers,
)
from tests.ui.conftest import URL, Site


@pytest.fixture
def tea(page: Page) -> Page:
    """The page with the forecasting project chosen and a key given."""
    page.open(f"{URL}#tea")
    page.wait_for("document.querySelector('#project').value === 'tea'")
    give(page, "#key", KEY)
    return page


def forecast(site: Site, prices: list[float], good: str = "410", **more: Any) -> dict[str, Any]:
    """What the API itself says of the series."""
    record = {
        "shop": "16",
        "good": good,
        "known": {"price": prices},
        "prediction_length": len(prices),
        **more,
    }
    answer = site.api.predict("tea", record)
    assert answer.status == 200, answer.body
    [found] = answer.json["predictions"]
    return dict(found)


def text_of(page: Page, selector: str) -> str:
    """The text of an element, shown or not."""
    found: str = page.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")
    return found


def table(page: Page) -> list[list[Any]]:
    """The rows of the table: the day, and its numbers."""
    rows: list[list[Any]] = page.evaluate(
        "[...document.querySelectorAll('.values tbody tr')].map((row) =>"
        " [row.querySelector('time').dateTime,"
        "  ...[...row.querySelectorAll('data')].map((each) => Number(each.value))])"
    )
    return rows


def line(page: Page, kind: str) -> list[tuple[float, float]]:
    """The points of a line of the chart, one a day: its ends are not counted."""
    points: str = page.evaluate(f"document.querySelector('polyline.{kind}').getAttribute('points')")
    pairs = [tuple(map(float, point.split(","))) for point in points.split(" ")]
    return [(x, y) for x, y in pairs][1:-1]


def test_the_form_begins_with_the_projects_example(tea: Page) -> None:
    values = (
        "['#field-0', '#field-1', '#days', '#ahead-0-one'].map((each) => document.querySelector(each).value)"
    )

    assert tea.evaluate(values) == ["16", "410", "30", "9.5"]
    assert tea.text("#project-hint") == "Forecasts sold for 1 to 30 days."
    # What a label adds up of, no forecast has.
    assert tea.evaluate("document.querySelector('#contributions')") is None


def test_what_is_shown_is_what_the_api_answers(tea: Page, site: Site) -> None:
    give(tea, "#ahead-0-one", "12")
    ask(tea)

    own = forecast(site, [12] * MOST_DAYS)
    assert table(tea) == [
        [date, *values]
        for date, *values in zip(
            own["dates"],
            own["mean"],
            own["median"],
            *(own["quantiles"][level] for level in LEVELS if level != "0.5"),
            strict=True,
        )
    ]
    assert tea.text("#series") == own["item_id"] == "16_410"
    assert numbers(tea, "#expected") == [pytest.approx(sum(own["mean"]))]
    facts = tea.text(".facts").splitlines()
    assert facts[facts.index("Variant") + 1] == "AllTraffic"


def test_the_chart_is_drawn_to_scale(tea: Page, site: Site) -> None:
    ask(tea)

    own = forecast(site, [9.5] * MOST_DAYS)
    median = line(tea, "median")
    assert len(median) == len(line(tea, "mean")) == MOST_DAYS
    # Straight from value to height: each step is as long as the first one says.
    (_, first), (_, second) = median[:2]
    scale = (first - second) / (own["median"][1] - own["median"][0])
    assert scale > 0
    for values, drawn in ((own["median"], median), (own["mean"], line(tea, "mean"))):
        for value, (_, y) in zip(values, drawn, strict=True):
            assert y == pytest.approx(first - scale * (value - own["median"][0]), abs=0.3)
    # Two pairs of quantiles are two bands, one inside the other.
    assert tea.evaluate("document.querySelectorAll('polygon.band').length") == 2
    assert "95\u00a0% interval" in tea.text(".legend")
    assert "80\u00a0% interval" in tea.text(".legend")


def test_a_list_has_a_value_for_each_day(tea: Page, site: Site) -> None:
    give(tea, "#days", "4")
    tea.click("#ahead-0-each-form")
    assert tea.evaluate("document.querySelector('#ahead-0-list').value") == "9.5 9.5 9.5 9.5"
    give(tea, "#ahead-0-list", "9.5 9.5\n8 8.25")
    assert "4 of 4 values" in tea.text("#ahead-0-hint")
    ask(tea)

    own = forecast(site, [9.5, 9.5, 8, 8.25])
    assert [row[:3] for row in table(tea)] == [
        list(day) for day in zip(own["dates"], own["mean"], own["median"], strict=True)
    ]


def test_what_if_shows_the_answer_before_beside_the_new_one(tea: Page, site: Site) -> None:
    ask(tea)
    assert tea.evaluate("document.querySelector('polyline.before')") is None
    before = line(tea, "median")
    give(tea, "#ahead-0-one", "7.6")
    ask(tea)
    tea.wait_for("document.querySelector('polyline.before')")

    dear, cheap = (sum(forecast(site, [price] * MOST_DAYS)["mean"]) for price in (9.5, 7.6))
    assert f"+{100 * (cheap / dear - 1):.1f}\u00a0%" in tea.text("#change")
    # The same days, at another scale.
    assert [x for x, _ in line(tea, "before")] == [x for x, _ in before]
    give(tea, "#field-0", "21")
    give(tea, "#field-1", "1307")
    ask(tea)
    tea.wait_for("document.querySelector('#series').textContent === '21_1307'")
    assert tea.evaluate("document.querySelector('polyline.before')") is None


def test_a_fault_stands_at_its_field_until_it_is_mended(tea: Page) -> None:
    give(tea, "#days", "31")
    give(tea, "#ahead-0-one", "-1")
    ask(tea)

    assert tea.text("#days-error") == "Is 31; the model forecasts 1 to 30 days."
    assert tea.text("#ahead-0-error") == "Is -1, below the minimum 0."
    assert tea.evaluate("document.activeElement.id") == "days"
    assert "422" in tea.text(".problem h3")
    tea.type("30")
    give(tea, "#ahead-0-one", "9")
    assert tea.evaluate("document.querySelector('[aria-invalid=true]')") is None
    tea.expect(STATUS.format(422))


def test_a_list_that_is_too_short_or_no_list_is_told_at_its_field(tea: Page) -> None:
    tea.click("#ahead-0-each-form")
    give(tea, "#ahead-0-list", "9 8 x7")
    ask(tea)
    assert tea.text("#ahead-0-error") == "Has “x7”, which is not a number."

    give(tea, "#ahead-0-list", "9 8 7")
    ask(tea)
    tea.wait_for("document.querySelector('.problem')")
    assert tea.text("#ahead-0-error") == "Has 3 values; it needs 30, one for each day of the horizon."
    assert tea.evaluate("document.activeElement.id") == "ahead-0-list"
    tea.expect(STATUS.format(422))


def test_a_series_that_the_model_does_not_have_is_refused_and_answered_with_its_past(
    tea: Page, site: Site
) -> None:
    give(tea, "#field-1", "999")
    ask(tea)
    assert 'the model holds no series "16_999"' in tea.text(".problem")

    tea.click("#past summary")
    give(tea, "#past-target", "3 – 5")
    ask(tea)
    tea.wait_for("document.querySelector('#past-start-error').textContent")
    assert tea.text("#past-start-error") == "Is ''; it needs a date, as 2026-01-31."
    give(tea, "#past-start", "2026-01-27")
    give(tea, "#past-0", "9 9 9.5")
    give(tea, "#static-0", "tea")
    ask(tea)
    tea.wait_for("document.querySelector('#series')")

    [sent] = [
        json.loads(each["request"]["postData"])["records"][0]
        for each in tea.events("Network.requestWillBeSent")
        if "known"
        in json.loads(each["request"].get("postData", "{}")).get("records", [{}])[0].get("history", {})
    ]
    assert sent["history"] == {"start": "2026-01-27", "target": [3, None, 5], "known": {"price": [9, 9, 9.5]}}
    assert sent["static"] == {"group": "tea"}
    own = forecast(site, [9.5] * MOST_DAYS, "999", history=sent["history"], static=sent["static"])
    assert [row[1] for row in table(tea)] == own["mean"]
    tea.expect(STATUS.format(422))


def test_the_keyboard_is_enough(tea: Page, site: Site) -> None:
    for typed in ("21", "1307", "5"):
        tea.press("Tab")
        tea.type(typed)
    tea.press("Tab")
    assert tea.evaluate("document.activeElement.id") == "ahead-0-same-form"
    tea.press("ArrowDown")  # the other form of the feature
    assert tea.evaluate("document.activeElement.id") == "ahead-0-each-form"
    tea.press("Tab")
    tea.type("9 9 9 9 8")
    tea.press("Tab", 3)  # past the series' past and the options, which stay closed
    assert tea.evaluate("document.activeElement.id") == "ask"
    tea.press("Enter")
    tea.wait_for("document.querySelector('#series')")

    own = forecast(site, [9, 9, 9, 9, 8])
    tea.press("Tab")
    assert tea.evaluate("document.activeElement.id") == "chart"
    tea.press("ArrowUp", 3)
    assert tea.text("#readout").startswith("2 Feb 2026: ")
    assert f"median {own['median'][3]:.1f}, " in tea.text("#readout")
    assert tea.evaluate("document.activeElement.ariaValueText") == text_of(tea, "#readout")
    tea.press("Tab")
    tea.press("Enter")  # the table
    assert tea.evaluate("document.querySelector('#values').open")
    assert "2 Feb 2026" in tea.text(".values")


def test_the_chart_fits_its_window_again_when_that_changes(tea: Page) -> None:
    ask(tea)
    tea.look(380)

    tea.wait_for("document.querySelector('.plot svg').getBoundingClientRect().width < 360")
    assert tea.evaluate("document.documentElement.scrollWidth") <= 380
    # Its letters keep their size, and its dates do not overlap.
    assert tea.evaluate("getComputedStyle(document.querySelector('.plot text')).fontSize") == "12px"
    boxes: list[list[float]] = tea.evaluate(
        "[...document.querySelectorAll('.plot text[text-anchor=middle]')].map((each) =>"
        " [each.getBoundingClientRect().left, each.getBoundingClientRect().right])"
    )
    assert len(boxes) > 2
    assert all(right < left for (_, right), (left, _) in pairwise(boxes))


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [("light", 1280, "light"), ("dark", 1280, "dark"), ("narrow-dark", 380, "dark")],
)
def test_it_can_be_read_in_every_light_and_width(tea: Page, name: str, width: int, scheme: str) -> None:
    tea.look(width, prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    ask(tea)
    tea.click("#ahead-0-each-form")
    give(tea, "#ahead-0-list", " ".join(["9.5"] * 10 + ["7.5"] * 10 + ["9.5"] * 10))
    ask(tea)
    tea.wait_for("document.querySelector('polyline.before')")
    tea.click("#values summary")
    tea.screenshot(PICTURES / f"forecast-{name}.png")

    texts = contrasts(tea)
    assert len(texts) > 150
    assert [each for each in texts if each[1] < CONTRAST] == []
    assert tea.evaluate("document.documentElement.scrollWidth") <= width


def test_assistive_technology_is_told_the_name_of_every_control(tea: Page) -> None:
    tea.click("#past summary")
    ask(tea)

    named = named_controls(tea)
    assert ("textbox", "good") in named
    assert ("spinbutton", "Days ahead") in named
    assert ("spinbutton", "price") in named
    assert ("radio", "The same for all days") in named
    assert ("slider", "Forecast of sold: arrow keys choose the day") in named
    assert [role for role, name in named if not name] == []
