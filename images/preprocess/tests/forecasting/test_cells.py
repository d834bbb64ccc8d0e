"""Cells of long rows: what is read from them, and what is wrong with them."""

import pyarrow as pa
import pytest
from preprocess.csv_rows import read_csv
from preprocess.faults import Fault
from preprocess.forecasting.cells import as_texts, check_rows, day_of, iso_day
from preprocess.forecasting.schema import ForecastSchema

from tests.forecasting.conftest import Row, csv_of


def faults(rows: list[Row], schema: ForecastSchema) -> list[Fault]:
    return check_rows(read_csv(csv_of(rows, ";"), "a.csv", schema.columns), schema, 10).faults


def test_a_decimal_comma_is_a_point(sales: list[Row], schema: ForecastSchema) -> None:
    sales[0]["price"] = "1,25"

    checked = check_rows(read_csv(csv_of(sales, ";"), "a.csv", schema.columns), schema, 10)

    assert checked.bad_rows == 0
    # The first price of `sales` but for this one, and its quantities: price, sold.
    assert checked.rows.numbers[:2].tolist() == [[1.25, 0], [2.5, 1]]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("day", "2025-02-30", "is not a date such as 2025-01-31"),
        ("day", "31.12.2025", "is not a date such as 2025-01-31"),
        (
            "day",
            "2025-12-31 13:00",
            "is not a day but a moment in it; the frequency is D, so give one row a day",
        ),
        ("day", "", "is empty"),
        ("shop", "", "is empty"),
        ("sold", "-1", "is below the minimum 0"),
        ("sold", "2.5", "is not a whole number"),
        ("sold", "2,5", "is not a whole number"),
        ("sold", "", "is empty"),
        ("sold", "many", "is not a whole number"),
        ("price", "1.234,50", "is not a number"),
        (
            "price",
            "0",
            "is not above 0, and scaling 'relative' takes logarithms; scale it otherwise, or mend it",
        ),
        ("price", "nan", "is not a number"),
    ],
)
def test_a_bad_cell_is_named(
    sales: list[Row], schema: ForecastSchema, column: str, value: str, reason: str
) -> None:
    sales[4][column] = value

    # The header is line 1, so that row 4, from 0, is line 6.
    assert faults(sales, schema) == [Fault("a.csv", 6, column, value, reason)]


@pytest.mark.parametrize(
    "text", ["2025-12-31", "2025-12-31 00:00:00", "2025-12-31T00:00:00Z", "2025-12-31 00:00:00.000000"]
)
def test_a_day_may_be_written_as_its_midnight(text: str) -> None:
    day = day_of(text)

    assert day is not None
    assert iso_day(day) == "2025-12-31"


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        (pa.array([16, 7]), ["16", "7"]),
        (pa.array([16.0, None, float("nan")]), ["16", "", ""]),
        (pa.array([1.5, 2.0]), ["1.5", "2"]),
        (pa.array(["a", None]), ["a", ""]),
    ],
)
def test_a_key_may_be_a_number(cells: pa.Array, texts: list[str]) -> None:
    assert as_texts(pa.chunked_array([cells])).to_pylist() == texts


def test_no_more_faults_than_wanted_are_described(sales: list[Row], schema: ForecastSchema) -> None:
    for row in sales:
        row["sold"] = "-1"

    checked = check_rows(read_csv(csv_of(sales), "a.csv", schema.columns), schema, 10)

    assert (checked.bad_rows, len(checked.faults), checked.faults_truncated) == (len(sales), 10, True)
    assert len(checked.rows) == 0
