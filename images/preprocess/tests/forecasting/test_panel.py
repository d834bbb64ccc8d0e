"""The panel: what is missing, what is carried on, and which days were closed everywhere."""

import math
from collections.abc import Callable, Iterable

import pytest
from preprocess.forecasting.cells import iso_day
from preprocess.forecasting.doubtful_rows import Doubts
from preprocess.forecasting.panel import Panel, build_panel
from preprocess.forecasting.schema import ForecastSchema
from smcontract.failure import ContractError

from tests.forecasting.conftest import DAYS, FIRST_DAY, Row, iso

Doubted = Callable[[Iterable[Row]], Doubts]


@pytest.fixture
def panel_of(doubted: Doubted, schema: ForecastSchema) -> Callable[[Iterable[Row]], Panel]:
    return lambda rows: build_panel(doubted(rows).rows, schema)


def test_a_day_without_a_row_is_missing_and_its_price_is_the_one_before(
    sales: list[Row], panel_of: Callable[[Iterable[Row]], Panel]
) -> None:
    panel = panel_of(row for row in sales if (row["shop"], row["good"], row["day"]) != ("1", "7", iso(5)))

    place = panel.item_ids.index("1_7")
    assert math.isnan(panel.target[place, 5])
    # sales: the price of the second series on day 4, from 0, is 10 + 4 + 1.5.
    assert panel.known[0, place, 4:7].tolist() == [15.5, 15.5, 17.5]
    assert (panel.missing_days, panel.closed_days) == (1, ())


def test_a_day_on_which_nobody_sold_is_closed_and_not_missing(
    sales: list[Row], panel_of: Callable[[Iterable[Row]], Panel]
) -> None:
    panel = panel_of(row for row in sales if row["day"] != "2025-12-25")

    assert [iso_day(day) for day in panel.closed_days] == ["2025-12-25"]
    assert panel.missing_days == 0
    assert math.isnan(panel.target[0, 5])


def test_a_series_begins_at_its_own_first_day(
    sales: list[Row], panel_of: Callable[[Iterable[Row]], Panel]
) -> None:
    panel = panel_of(row for row in sales if row["shop"] == "1" or row["day"] >= iso(4))

    assert panel.starts.tolist() == [0, 0, 4]
    assert (iso_day(panel.first_day), panel.days) == (FIRST_DAY.isoformat(), DAYS)
    assert panel.missing_days == 0


def test_texts_are_coded_by_their_order(sales: list[Row], panel_of: Callable[[Iterable[Row]], Panel]) -> None:
    panel = panel_of(sales)

    assert panel.cat_values == (("shop", ("1", "2")), ("good", ("20", "7")), ("kind", ("bread", "soap")))
    assert panel.cat.tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 0]]


def test_a_mistyped_year_is_no_panel_of_empty_years(
    sales: list[Row], panel_of: Callable[[Iterable[Row]], Panel]
) -> None:
    sales[0]["day"] = "1925-12-20"

    with pytest.raises(ContractError) as refused:
        panel_of(sales)

    assert "days from 1925-12-20 (a.csv line 2) to 2026-01-02 (a.csv line 15)" in str(refused.value)
    assert "a date is mistyped" in str(refused.value)
