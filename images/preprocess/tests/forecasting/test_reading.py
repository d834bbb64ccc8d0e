"""Files of rows: long and wide, CSV and Parquet, several of them."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from preprocess.forecasting.cells import iso_day
from preprocess.forecasting.reading import read_rows
from preprocess.forecasting.rows import LongRows
from preprocess.forecasting.schema import ForecastSchema
from preprocess.report import Report
from smcontract.failure import ContractError

from tests.forecasting.conftest import Row, csv_of, parse, write


def read(folder: Path, schema: ForecastSchema, report: Report | None = None) -> LongRows:
    return read_rows(folder, schema, report or Report(), lambda: None)


@pytest.fixture
def wide_schema(document: dict[str, Any]) -> ForecastSchema:
    return parse(document | {"static": ["shop", "good"], "known": []})


def cells(rows: LongRows) -> list[tuple[str, str, str, float]]:
    shops, goods = (rows.texts[name].to_pylist() for name in ("shop", "good"))
    days = map(iso_day, rows.days.tolist())
    return list(zip(days, shops, goods, rows.numbers[:, -1].tolist(), strict=True))


def test_parquet_with_dates_and_numeric_keys_is_read_as_csv_is(
    sales: list[Row], schema: ForecastSchema, tmp_path: Path
) -> None:
    write(tmp_path / "csv/a.csv", csv_of(sales, ";"))
    columns: Mapping[str, list[object]] = {
        "day": [date.fromisoformat(row["day"]) for row in sales],
        "shop": [int(row["shop"]) for row in sales],
        "good": [float(row["good"]) for row in sales],
        "kind": [row["kind"] for row in sales],
        "price": [float(row["price"]) for row in sales],
        "sold": [int(row["sold"]) for row in sales],
    }
    (tmp_path / "parquet").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "parquet/a")

    long, parquet = (read(tmp_path / name, schema) for name in ("csv", "parquet"))

    assert cells(long) == cells(parquet)
    assert long.numbers.tolist() == parquet.numbers.tolist()


def test_wide_cells_are_rows_and_empty_ones_are_none(wide_schema: ForecastSchema, tmp_path: Path) -> None:
    write(tmp_path / "wide.csv", b"day;1_20;2_7\n2025-12-30;3;\n2025-12-31;4;5\n")
    report = Report()

    rows = read(tmp_path, wide_schema, report)

    assert cells(rows) == [
        ("2025-12-30", "1", "20", 3.0),
        ("2025-12-31", "1", "20", 4.0),
        ("2025-12-31", "2", "7", 5.0),
    ]
    assert (report.rows_read, report.bad_rows) == (3, 0)


def test_a_bad_wide_cell_is_named_by_its_line(wide_schema: ForecastSchema, tmp_path: Path) -> None:
    write(tmp_path / "wide.csv", b"day;1_20;2_7\n2025-12-30;3;-1\n")
    report = Report()

    read(tmp_path, wide_schema, report)

    assert [str(fault) for fault in report.faults] == [
        "wide.csv line 2, column 'sold': '-1' is below the minimum 0"
    ]


def test_a_wide_parquet_file_may_have_gaps(wide_schema: ForecastSchema, tmp_path: Path) -> None:
    days = pa.array([date(2025, 12, 30), date(2025, 12, 31)])
    pq.write_table(pa.table({"day": days, "1_20": [3.0, float("nan")]}), tmp_path / "wide.parquet")

    assert cells(read(tmp_path, wide_schema)) == [("2025-12-30", "1", "20", 3.0)]


def test_wide_rows_have_no_place_for_prices_and_categories(schema: ForecastSchema, tmp_path: Path) -> None:
    write(tmp_path / "wide.csv", b"day,1_20\n2025-12-30,3\n")

    with pytest.raises(ContractError) as refused:
        read(tmp_path, schema)

    assert "wide.csv is wide (days by series), which has no place for 'price', 'kind'" in str(refused.value)
    assert "send long rows with the columns day, shop, good, kind, price, sold" in str(refused.value)


def test_a_wide_column_that_is_no_series_is_named(wide_schema: ForecastSchema, tmp_path: Path) -> None:
    write(tmp_path / "wide.csv", b"day,1_20,total\n2025-12-30,3,3\n")

    with pytest.raises(ContractError, match="column 'total' is no series"):
        read(tmp_path, wide_schema)


def test_a_long_file_that_lacks_a_column_is_not_taken_for_a_wide_one(
    schema: ForecastSchema, tmp_path: Path
) -> None:
    write(tmp_path / "a.csv", b"day,shop,good,kind,sold\n2025-12-30,1,20,bread,3\n")

    with pytest.raises(ContractError, match=r"a.csv: missing column 'price'"):
        read(tmp_path, schema)


def test_a_row_is_named_by_its_own_file(sales: list[Row], schema: ForecastSchema, tmp_path: Path) -> None:
    write(tmp_path / "a.csv", csv_of(sales[:2]))
    write(tmp_path / "b.csv", csv_of(sales[2:4]))

    rows = read(tmp_path, schema)

    assert [rows.where(place) for place in range(4)] == [
        f"{name} line {line}" for name, line in (("a.csv", 2), ("a.csv", 3), ("b.csv", 2), ("b.csv", 3))
    ]
