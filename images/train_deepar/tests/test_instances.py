"""Instances of a request become the series that preprocessing would have made of the same days."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from tests.demand import CONTEXT, DAYS, HORIZON, PANEL, START, panel_series
from train_deepar.errors import BadInstanceError
from train_deepar.instances import InstanceReader
from train_deepar.panel import Panel
from train_deepar.series import Series

# What a model holds, and the same series with what was known a horizon later.
HELD: Mapping[str, Series] = {str(each.item_id): each for each in panel_series()}
LATER: Mapping[str, Series] = {str(each.item_id): each for each in panel_series(DAYS + HORIZON)}
KEY = "13_410"
PRICES = LATER[KEY].dynamic_feat[0, DAYS:].tolist()
FIRST = START + timedelta(days=DAYS)


def reader(panel: Panel = PANEL) -> InstanceReader:
    return InstanceReader(panel, HELD, CONTEXT)


def read(instance: object, horizon: int = HORIZON, panel: Panel = PANEL) -> Series:
    (series,) = reader(panel).read([instance], horizon)
    return series


def assert_same(found: Series, expected: Series) -> None:
    assert (found.item_id, found.start, found.cat, found.static_real) == (
        expected.item_id,
        expected.start,
        expected.cat,
        expected.static_real,
    )
    np.testing.assert_array_equal(found.target, expected.target)
    np.testing.assert_array_equal(found.dynamic_feat, expected.dynamic_feat)


def history(series: Series) -> dict[str, Any]:
    """What a caller sends of it: start and target."""
    document = series.as_document()
    return {"start": document["start"], "target": document["target"]}


def day(place: int) -> str:
    return (START + timedelta(days=place)).isoformat()


def test_a_key_and_prices_continue_the_series_that_the_model_holds() -> None:
    found = read({"item_id": KEY, "known": {"unit_price": PRICES}})

    assert_same(found, replace(HELD[KEY], dynamic_feat=LATER[KEY].dynamic_feat))


def test_prices_may_come_by_date_in_any_order() -> None:
    by_date = {day(DAYS + place): price for place, price in enumerate(PRICES)}

    found = read({"item_id": KEY, "known": {"unit_price": dict(reversed(by_date.items()))}})

    np.testing.assert_array_equal(found.dynamic_feat, LATER[KEY].dynamic_feat)


def test_a_shorter_horizon_needs_its_own_days_alone() -> None:
    found = read({"item_id": KEY, "known": {"unit_price": PRICES[:3]}}, horizon=3)

    np.testing.assert_array_equal(found.dynamic_feat, LATER[KEY].dynamic_feat[:, : DAYS + 3])


def test_a_history_of_ones_own_takes_the_models_prices_of_its_days() -> None:
    # Five weeks less than the model holds, and another value on the last day.
    days = DAYS - 35
    instance: dict[str, Any] = {"item_id": KEY, **history(HELD[KEY].until(days))}
    instance["target"][-1] = 77
    prices = LATER[KEY].dynamic_feat[0, days : days + HORIZON].tolist()

    found = read(instance | {"known": {"unit_price": prices}})

    assert found.target[-1] == 77
    np.testing.assert_array_equal(found.target[:-1], HELD[KEY].target[: days - 1])
    np.testing.assert_array_equal(found.dynamic_feat, LATER[KEY].dynamic_feat[:, : days + HORIZON])


def test_as_many_days_as_the_model_looks_back_are_enough() -> None:
    instance = {"item_id": KEY, **history(HELD[KEY].until(CONTEXT))}
    prices = LATER[KEY].dynamic_feat[0, CONTEXT : CONTEXT + HORIZON].tolist()

    assert len(read(instance | {"known": {"unit_price": prices}}).target) == CONTEXT


def test_an_unknown_series_brings_history_prices_of_all_its_days_and_what_it_is() -> None:
    other = LATER["12_503"]
    instance = {
        "item_id": "12_999",
        **history(other.until(DAYS)),
        "static": {"store": "12", "item": 503, "amenity_count": 14},
        "known": {"unit_price": other.dynamic_feat[0].tolist()},
    }

    found = read(instance)

    assert_same(found, replace(other.until(DAYS), item_id="12_999"))

    instance["static"]["item"] = 999
    store, item = read(instance).cat
    assert (store, item) == (0, PANEL.cat[1].untrained)


def test_an_encoded_instance_is_taken_as_it_is() -> None:
    other = LATER["12_503"]
    encoded = other.until(DAYS).as_document()
    del encoded["item_id"]

    assert_same(read(encoded), replace(other.until(DAYS), item_id=None))


def test_days_that_are_missing_are_missing_and_need_no_price() -> None:
    other = LATER["12_503"]
    instance: dict[str, Any] = {
        **history(other.until(DAYS)),
        "static": {"store": "12", "item": "503", "amenity_count": 14},
    }
    instance["target"][:2] = [None, "NaN"]
    instance["target"][50] = None
    prices: dict[str, float] = {day(place): 5.0 for place in range(2, DAYS + HORIZON)}
    del prices[day(50)]
    prices[day(49)] = 4.0

    found = read(instance | {"known": {"unit_price": prices}})

    assert np.isnan(found.target[[0, 1, 50]]).all()
    # The last one before the gap, and the first one at the start, as preprocessing has it.
    assert found.dynamic_feat[0, [0, 1, 2, 49, 50, 51]].tolist() == [5, 5, 5, 4, 4, 5]


def test_holidays_are_the_models_own() -> None:
    found = read({"item_id": KEY, "known": {"unit_price": PRICES}})

    flagged = [day(place) for place in np.flatnonzero(found.dynamic_feat[1]).tolist()]
    # One before the forecast's first day, one on its fourth.
    assert (flagged, FIRST) == (["2025-04-18", "2025-05-09"], date(2025, 5, 6))


def test_a_start_may_be_written_as_the_built_in_deepar_does() -> None:
    instance = {"item_id": KEY, **history(HELD[KEY]), "known": {"unit_price": PRICES}}

    assert read(instance | {"start": f"{START.isoformat()} 00:00:00"}).start == START


def changed(**parts: object) -> dict[str, object]:
    return {"item_id": KEY, **history(HELD[KEY]), "known": {"unit_price": PRICES}} | parts


def with_value(place: int, value: object) -> dict[str, object]:
    target: Any = history(HELD[KEY])["target"]
    target[place] = value
    return changed(target=target)


def priced(**prices: object) -> dict[str, object]:
    return {"item_id": KEY, "known": prices}


@pytest.mark.parametrize(
    ("instance", "reason"),
    [
        (7, "7 is no object"),
        ({"item": KEY}, 'keys unknown: "item"; there are item_id, start'),
        ({"item_id": 13410}, "item_id is 13410; it needs a text"),
        ({}, "no history is given; name one of the model's 6 series (12_409, 12_410, …)"),
        ({"item_id": "99_1"}, 'the model holds no series "99_1", and no history is given'),
        ({"item_id": KEY, "start": "2025-01-06"}, "target is missing; a history is"),
        ({"item_id": KEY, "target": [1]}, "start is missing"),
        (changed(start="2025-01-06T06:00:00"), "the model's frequency is D, one value a day"),
        (changed(start="2025-02-30"), 'start is "2025-02-30"; it needs a day'),
        (changed(start="20250106"), 'start is "20250106"'),
        (changed(start=20250106), "start is 20250106"),
        (changed(start="9999-12-01"), "120 days from 9999-12-01 on are beyond the calendar"),
        (changed(target=3), "target is 3; it needs a list of numbers, null where missing"),
        (changed(target=[1] * 27), "the history has 27 days and the model looks back 28; give at least 28"),
        (changed(target=[1, None] + [None] * 40), "the last 28 days of the history are all missing"),
        (changed(target=[0] * 40 + [None]), "the history has no value but 0"),
        (with_value(3, -1), "target[3] (2025-01-09) is -1; quantity is at least 0"),
        (with_value(3, 1.5), "target[3] (2025-01-09) is 1.5; quantity is a whole number"),
        (with_value(3, "5"), 'target[3] is "5"; it needs a finite number'),
        (with_value(3, True), "target[3] is true; it needs a finite number"),
        (with_value(3, 1e400), "target[3] is Infinity; it needs a finite number"),
        (with_value(3, 10**400), "it needs a finite number"),
        (with_value(3, 10**300), "it needs a number of at most 1e+12"),
        (priced(unit_price=[*PRICES[:6], 1e300]), "2025-05-12 is 1e+300; it needs a number of at most 1e+12"),
        (priced(), "known.unit_price is missing for 2025-05-06, 2025-05-07, 2025-05-08 and 4 more days"),
        ({"item_id": KEY}, "give it for each day of the horizon, 2025-05-06 to 2025-05-12"),
        (priced(unit_price={day(DAYS): 9}), "missing for 2025-05-07, 2025-05-08, 2025-05-09 and 3 more"),
        (priced(unit_price=PRICES[:6]), "known.unit_price has 6 values, the horizon has 7 days"),
        (priced(unit_price=[*PRICES[:6], None]), "known.unit_price of 2025-05-12 is null; it needs"),
        (priced(unit_price=[*PRICES[:6], -1]), "known.unit_price of 2025-05-12 is -1; it is at least 0"),
        (priced(unit_price=[*PRICES[:6], "9,5"]), 'known.unit_price of 2025-05-12 is "9,5"'),
        (priced(unit_price=9.5), "known.unit_price is 9.5; it needs a list of 7 numbers"),
        (priced(unit_price={"May 6": 9}), 'a date of known.unit_price is "May 6"; it needs a day'),
        (priced(unit_price={"2025-05-06T06:00": 9}), "the model's frequency is D"),
        (priced(unit_price={day(DAYS + HORIZON): 9}), "has 2025-05-13; history and horizon are"),
        (priced(unit_price={day(-1): 9}), "has 2025-01-05; history and horizon are"),
        (priced(unit_price=PRICES, price=PRICES), 'known has "price"; a request gives unit_price'),
        (priced(unit_price=PRICES, is_holiday=[0] * 7), 'known has "is_holiday"; a request gives unit_price'),
        ({"item_id": KEY, "known": [1]}, "known is [1]; it needs an object with unit_price"),
        ({"item_id": KEY, "known": {}, "dynamic_feat": []}, "known and dynamic_feat say the same"),
        ({"item_id": KEY, "dynamic_feat": [[1]]}, "dynamic_feat needs 2 lists of numbers, for unit_price"),
        ({"item_id": KEY, "dynamic_feat": [[1], [1]]}, "dynamic_feat[0] (unit_price) has 1 values; it needs"),
        (
            {"item_id": KEY, "dynamic_feat": [[-1] + [1] * 126, [0] * 127]},
            "dynamic_feat[0] (unit_price) of 2025-01-06 is -1; it is at least 0",
        ),
        (changed(static={"shop": "12"}), 'static has "shop"; the model knows store, item, amenity_count'),
        (changed(static={"store": None}), "static.store is null; it needs a text, the model was trained on"),
        (changed(static={"store": ""}), 'static.store is ""; it needs a text'),
        (changed(static=3), "static is 3; it needs an object with store, item, amenity_count"),
        (changed(static={}, cat=[0, 0]), "static and cat say the same"),
        (changed(cat=[0]), "cat has 1 values; it needs 2"),
        (changed(cat=[0, 3]), "cat has 3 for item; its codes are 0 to 2"),
        (changed(cat=[0, 0.5]), "cat has 0.5 for item"),
        (changed(static_real=["many"]), 'static_real[0] is "many"'),
        (changed(item_id="12_999"), "the model holds no such series, so it needs store, item, amenity_count"),
        (changed(item_id="12_999", static={"store": "12"}), "static is without item, amenity_count"),
        (
            changed(item_id="12_999", static={"store": "12", "item": "503", "amenity_count": 1}),
            "2025-01-06, 2025-01-07, 2025-01-08 and 117 more days, days of the history",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_forecast_is_refused_with_the_reason(instance: object, reason: str) -> None:
    with pytest.raises(BadInstanceError) as refused:
        read(instance)

    assert reason in str(refused.value)


def test_the_first_instance_that_cannot_be_answered_is_named_by_its_number() -> None:
    good = {"item_id": KEY, "known": {"unit_price": PRICES}}

    with pytest.raises(BadInstanceError, match=r"^Instance 2: ") as refused:
        reader().read([good, {}, 7], HORIZON)

    assert refused.value.instance == 2


def test_a_horizon_beyond_the_holidays_that_the_model_knows_is_refused() -> None:
    panel = replace(PANEL, holidays_until=FIRST)

    with pytest.raises(BadInstanceError, match="holidays until 2025-05-06, the horizon ends 2025-05-12"):
        read({"item_id": KEY, "known": {"unit_price": PRICES}}, panel=panel)


def test_a_panel_without_features_asks_for_none() -> None:
    panel = replace(PANEL, dynamic_feat=(), cat=(), static_real=())
    bare = {
        key: replace(each, cat=(), static_real=(), dynamic_feat=np.empty((0, DAYS)))
        for key, each in HELD.items()
    }

    (series,) = InstanceReader(panel, bare, CONTEXT).read([{"item_id": KEY}], HORIZON)

    assert (series.cat, series.static_real, series.dynamic_feat.shape) == ((), (), (0, DAYS + HORIZON))
