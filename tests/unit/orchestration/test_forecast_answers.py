"""What is asked of a model that forecasts, what a person is shown of it, and what is a contradiction."""

import json
from typing import Any

import pytest

from orchestration.errors import EndpointError
from orchestration.forecast_answers import ForecastAnswers, ask_about_the_last_days
from orchestration.forecasting_project import ForecastingProject
from orchestration.project_file import load_project

PROJECT = load_project("retail")
assert isinstance(PROJECT, ForecastingProject)
DAYS = 3
PRICES = [10.0, 10.0, 8.0]


def instance(item_id: str) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "start": "2025-12-29",
        "target": [5, None],
        "known": {"unit_price": [*PRICES]},
    }


class Shop:
    """A model whose demand halves where the price doubles; `encoded_as` of it where that comes encoded."""

    def __init__(self, encoded_as: float = 1.0, forgets: bool = False) -> None:
        self.asked: list[list[dict[str, Any]]] = []
        self.encoded_as = encoded_as
        self.forgets = forgets

    def __call__(self, body: str, content_type: str, accept: str) -> str:
        assert (content_type, accept) == ("application/json", "application/json")
        instances = json.loads(body)["instances"]
        self.asked.append(instances)
        answered = instances[:-1] if self.forgets else instances
        return json.dumps({"predictions": [self.predict(each) for each in answered]})

    def predict(self, asked: dict[str, Any]) -> dict[str, Any]:
        is_encoded = "dynamic_feat" in asked
        prices = asked["dynamic_feat"][0][-DAYS:] if is_encoded else asked["known"]["unit_price"]
        mean = [100 / price * (self.encoded_as if is_encoded else 1) for price in prices]
        return {
            "item_id": asked["item_id"],
            "start": "2025-12-31",
            "mean": mean,
            "quantiles": {
                "0.1": [value - 4 for value in mean],
                "0.5": mean,
                "0.9": [value + 4 for value in mean],
            },
        }


def ask(shop: Shop) -> ForecastAnswers:
    live: list[dict[str, Any]] = [
        {"instance": instance(name), "start_of_forecast": "2025-12-31", "actual": actual}
        for name, actual in (("16_410", [12, 30, None]), ("60_7", [9, 10, 12]))
    ]
    encoded = [
        {**line, "instance": {"item_id": line["instance"]["item_id"], "dynamic_feat": [[9, 9, *PRICES]]}}
        for line in live
    ]
    texts = ("\n".join(map(json.dumps, lines)) for lines in (live, encoded))
    assert isinstance(PROJECT, ForecastingProject)
    return ask_about_the_last_days(shop, PROJECT, *texts)


def test_live_series_are_asked_about_in_both_ways() -> None:
    shop = Shop()

    answers = ask(shop)

    assert answers.said == "2 series, 3 days, asked by name and encoded: same answers"
    assert [[each["item_id"] for each in asked] for asked in shop.asked[-2:]] == [["16_410", "60_7"]] * 2


def test_the_interval_and_the_actuals_stand_beside_the_forecast() -> None:
    rows = ask(Shop()).rows()

    assert rows[0] == ("series", "day", "forecast", "80 % interval", "actual")
    assert rows[1:4] == [
        ("16_410", "2025-12-31", "10.0", "6 to 14", "12"),
        ("", "2026-01-01", "10.0", "6 to 14", "30"),
        # A day that nobody wrote down.
        ("", "2026-01-02", "12.5", "8 to 16", "none"),
    ]
    assert rows[4] == ("", "4 of 5 days of 2 series are inside")


def test_what_if_changes_the_price_and_nothing_else_and_is_asked_before_all_else() -> None:
    shop = Shop()

    answers = ask(shop)

    as_it_is, as_if = (asked[0] for asked in shop.asked[:2])
    assert as_if == {**as_it_is, "known": {"unit_price": [8.0, 8.0, 6.4]}}
    # 10 + 10 + 12.5 at the price that was, a quarter more at a fifth less.
    assert answers.rows()[-1] == ("what if", "16_410 with unit_price -20% on all 3 days: 32 → 41 (+25%)")
    assert answers.figures()["what_if"]["change"] == pytest.approx(0.25)


def test_the_record_keeps_what_was_said_and_what_came_true() -> None:
    (first, _) = ask(Shop()).figures()["answers"]

    assert first["item_id"] == "16_410"
    assert (first["mean"], first["actual"]) == ([10.0, 10.0, 12.5], [12, 30, None])
    assert set(first["quantiles"]) == {"0.1", "0.5", "0.9"}


def test_a_person_is_given_a_request_that_needs_no_history() -> None:
    assert ask(Shop()).request() == {"instances": [{"item_id": "16_410", "known": {"unit_price": PRICES}}]}


def test_two_ways_that_do_not_agree_are_an_error() -> None:
    with pytest.raises(EndpointError, match="16_410 asked by the values of what is known has the mean"):
        ask(Shop(encoded_as=1.01))


def test_a_forecast_that_is_missing_is_an_error() -> None:
    with pytest.raises(EndpointError, match="1 series were asked about, and 0 forecasts came"):
        ask(Shop(forgets=True))
