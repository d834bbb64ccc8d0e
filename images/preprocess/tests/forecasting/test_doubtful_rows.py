"""Rows that contradict others of their series, and series that nobody can learn."""

from collections.abc import Callable, Iterable

import pytest
from preprocess.forecasting.doubtful_rows import Doubts
from smcontract.failure import ContractError

from tests.forecasting.conftest import DAYS, HORIZON, Row, iso

Doubted = Callable[[Iterable[Row]], Doubts]


def of_series(rows: list[Row], shop: str, good: str) -> list[Row]:
    return [row for row in rows if (row["shop"], row["good"]) == (shop, good)]


def reasons(doubts: Doubts) -> list[str]:
    return [str(fault) for fault in doubts.faults]


def test_rows_come_by_series_and_day_in_whatever_order_they_were(sales: list[Row], doubted: Doubted) -> None:
    found = doubted(reversed(sales))

    assert found.rows.item_ids == ("1_20", "1_7", "2_20")
    assert found.rows.series.tolist() == sorted(found.rows.series.tolist())
    assert found.rows.rows.numbers[:, -1].tolist() == [float(row["sold"]) for row in sales]
    assert (found.duplicates, found.bad_rows, found.faults) == (0, 0, [])


def test_a_row_that_is_there_twice_is_kept_once_and_counted(sales: list[Row], doubted: Doubted) -> None:
    found = doubted([*sales, sales[3], sales[3]])

    assert (found.duplicates, found.bad_rows, len(found.rows)) == (2, 0, len(sales))


def test_rows_of_a_day_that_differ_are_all_bad_and_name_each_other(
    sales: list[Row], doubted: Doubted
) -> None:
    found = doubted([*sales, sales[3], {**sales[3], "sold": "99"}])

    # sales[3] is line 5; the two after the 42 rows and the header are lines 44 and 45.
    assert reasons(found) == [
        f"a.csv line {line}, column 'day': '{iso(3)}' has a row of 1_20 that differs from the one at "
        f"a.csv line {other}; keep one row a series and day"
        for line, other in ((5, 45), (44, 5), (45, 5))
    ]
    assert (found.duplicates, found.bad_rows, len(found.rows)) == (0, 3, len(sales) - 1)


def test_a_category_that_changes_within_a_series_is_a_bad_row(sales: list[Row], doubted: Doubted) -> None:
    sales[20]["kind"] = "bread"

    found = doubted(sales)

    assert reasons(found) == [
        "a.csv line 22, column 'kind': 'bread' is not 'soap', its value on the other days of 1_7; "
        "a static column has one value a series"
    ]
    assert found.bad_rows == 1


def test_of_categories_that_are_as_frequent_the_first_in_the_alphabet_is_the_series(
    sales: list[Row], doubted: Doubted
) -> None:
    for row in of_series(sales, "1", "7")[: DAYS // 2]:
        row["kind"] = "bread"

    found = doubted(sales)

    assert found.bad_rows == DAYS // 2
    assert "'soap' is not 'bread', its value on the other days of 1_7" in reasons(found)[0]


def test_weekly_rows_among_daily_series_are_two_frequencies(sales: list[Row], doubted: Doubted) -> None:
    weekly = [{**sales[0], "shop": "9", "day": iso(7 * week)} for week in range(-5, 2)]

    found = doubted([*sales, *weekly])

    assert reasons(found) == [
        "a.csv line 44: series 9_20 has rows that are 7 days apart, and the frequency is D: two "
        "frequencies are mixed; give one row a day, or leave the series out"
    ]
    assert found.bad_rows == len(weekly)
    assert found.rows.item_ids == ("1_20", "1_7", "2_20")


def test_a_series_that_goes_over_to_months_is_two_frequencies_too(sales: list[Row], doubted: Doubted) -> None:
    first_days = [f"2025-{month:02d}-01" for month in range(7, 13)]

    found = doubted([*sales, *({**sales[0], "day": day} for day in first_days)])

    assert "series 1_20 has rows that are 30 days apart" in reasons(found)[0]


def test_a_few_missing_days_are_no_other_frequency(sales: list[Row], doubted: Doubted) -> None:
    gone = {iso(day) for day in (1, 3, 5, 7)}

    assert doubted(row for row in sales if row["day"] not in gone).faults == []


def test_a_series_too_short_for_its_horizon_is_named(sales: list[Row], doubted: Doubted) -> None:
    # The last two horizons are validation's and test's; of the days before them it has one less than needed.
    late = DAYS - 3 * HORIZON + 1
    short = [row for row in of_series(sales, "2", "20") if row["day"] >= iso(late)]

    found = doubted([*of_series(sales, "1", "20"), *short])

    assert "series 2_20 has 2 rows up to 2025-12-27" in reasons(found)[0]
    assert "too short for a horizon of 3 days" in reasons(found)[0]
    assert found.rows.item_ids == ("1_20",)


def test_a_series_just_long_enough_is_kept(sales: list[Row], doubted: Doubted) -> None:
    late = DAYS - 3 * HORIZON
    short = [row for row in of_series(sales, "2", "20") if row["day"] >= iso(late)]

    assert doubted([*of_series(sales, "1", "20"), *short]).faults == []


def test_a_series_of_zeros_is_named(sales: list[Row], doubted: Doubted) -> None:
    for row in of_series(sales, "1", "7"):
        row["sold"] = "0"

    found = doubted(sales)

    assert reasons(found) == [
        "a.csv line 16: series 1_7 has a sold of 0 on every day, and so nothing to learn, "
        "or leave the series out"
    ]
    assert found.bad_rows == DAYS


def test_keys_that_become_the_same_text_are_refused(sales: list[Row], doubted: Doubted) -> None:
    strange = [{**sales[0], "shop": "1_1", "good": "2"}, {**sales[0], "shop": "1", "good": "1_2"}]

    with pytest.raises(
        ContractError, match=r"^two series have the key '1_1_2' once shop and good are joined"
    ):
        doubted([*sales, *strange])
