"""The job of a forecasting project: what it leaves, and how it fails."""

import csv
import hashlib
import io
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from preprocess.forecasting.writing import EVERY_NAME, PLACES
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

from tests.forecasting.conftest import DAYS, DOCUMENT, FIRST_DAY, HORIZON, Row, csv_of, iso, run, write

MAP = (
    b'<osm version="0.6"><node id="1" version="1" lat="51.5" lon="0"><tag k="amenity" v="cafe"/></node></osm>'
)
PLACES_OF_SCHEMA = {
    "column": "shop",
    "radius_meters": 1000,
    "locations": {name: {"latitude": 51.5, "longitude": place} for place, name in enumerate("12")},
    "counts": {"amenity_count": "amenity"},
}


def run_with(ml: Path, *arguments: str, **document: Any) -> Path:
    """Run the job with these changes to the schema; returns its output folder."""
    write(ml / "processing/input/schema/schema.json", json.dumps(DOCUMENT | document).encode())
    return run(ml, *arguments)


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def report_of(output: Path) -> Any:
    return json.loads((output / "report/report.json").read_bytes())


def test_each_part_ends_a_horizon_before_the_next(ml: Path) -> None:
    output = run(ml)

    for part, days in {"train": DAYS - 2 * HORIZON, "validation": DAYS - HORIZON, "test": DAYS}.items():
        series = lines(output / part / "series.jsonl")
        assert [each["item_id"] for each in series] == ["1_20", "1_7", "2_20"]
        # The second of the fixture's series: quantities from 10 on, prices from 11.5 on.
        assert series[1] == {
            "item_id": "1_7",
            "start": FIRST_DAY.isoformat(),
            "target": [10 + day for day in range(days)],
            "cat": [0, 1, 1],
            "static_real": [],
            "dynamic_feat": [[11.5 + day for day in range(days)]],
        }


def test_a_missing_day_is_null_and_has_a_price(ml: Path, sales: list[Row]) -> None:
    del sales[4]
    write(ml / "processing/input/data/sales.csv", csv_of(sales))

    first = lines(run(ml) / "train/series.jsonl")[0]

    assert first["target"][3:6] == [3, None, 5]
    assert first["dynamic_feat"][0][3:6] == [4.5, 4.5, 6.5]


def test_holidays_and_places_are_features(ml: Path) -> None:
    write(ml / "processing/input/places/map.osm", MAP)

    output = run_with(ml, holidays="GB", places=PLACES_OF_SCHEMA)

    first, _, third = lines(output / "test/series.jsonl")
    assert first["dynamic_feat"][1] == [int(day in (5, 6, 12)) for day in range(DAYS)]
    assert (first["static_real"], third["static_real"]) == ([1], [0])
    panel = json.loads((output / "encoder/panel.json").read_bytes())
    assert panel["static_real"] == [{"name": "amenity_count"}]
    assert panel["holidays"]["dates"]["2025-12-26"] == "Boxing Day"
    assert panel["dynamic_feat"] == [
        {"name": "price", "scaling": "relative", "source": "known", "minimum": 0},
        {"name": "is_holiday", "scaling": "none", "source": "holidays"},
    ]


def test_the_panel_says_what_the_numbers_mean(ml: Path) -> None:
    panel = json.loads((run(ml) / "encoder/panel.json").read_bytes())

    assert panel == {
        "version": 1,
        "schema_sha256": hashlib.sha256(json.dumps(DOCUMENT).encode()).hexdigest(),
        "frequency": "D",
        "prediction_length": HORIZON,
        "item_id": ["shop", "good"],
        "target": {"name": "sold", "type": "Integral", "minimum": 0},
        "cat": [
            {"name": "shop", "values": ["1", "2"]},
            {"name": "good", "values": ["20", "7"]},
            {"name": "kind", "values": ["bread", "soap"]},
        ],
        "static_real": [],
        "dynamic_feat": [{"name": "price", "scaling": "relative", "source": "known", "minimum": 0}],
        "holidays": None,
        "closed_dates": [],
    }


def test_live_requests_ask_for_the_last_days_in_both_forms(ml: Path) -> None:
    output = run(ml)

    raw, encoded = (lines(output / "live" / name)[0] for name in ("live.jsonl", "encoded.jsonl"))

    begun = DAYS - HORIZON
    beginning: dict[str, object] = {"item_id": "1_20", "start": iso(0), "target": list(range(begun))}
    ending: dict[str, object] = {"start_of_forecast": iso(begun), "actual": list(range(begun, DAYS))}
    known = [1.5 + day for day in range(DAYS)]
    assert raw == {"instance": {**beginning, "known": {"price": known[begun:]}}, **ending}
    instance: dict[str, object] = {**beginning, "cat": [0, 0, 0], "static_real": [], "dynamic_feat": [known]}
    assert encoded == {"instance": instance, **ending}


def test_the_baseline_has_the_training_rows_as_they_came(ml: Path, sales: list[Row]) -> None:
    rows = list(csv.DictReader(io.StringIO((run(ml) / "baseline/baseline.csv").read_text())))

    trained = [row for row in sales if row["day"] < iso(DAYS - 2 * HORIZON)]
    assert rows == [{name: row[name] for name in ("shop", "good", "kind", "price")} for row in trained]


def test_the_report_counts_what_was_read_and_what_is_not_there(ml: Path, sales: list[Row]) -> None:
    kept = [row for row in sales if row["day"] != iso(5)]
    del kept[2]
    write(ml / "processing/input/data/sales.csv", csv_of([*kept, kept[0]]))

    report = report_of(run(ml))

    read = len(kept) + 1
    assert (report["rows_read"], report["rows_kept"], report["rows_dropped"]) == (read, read - 1, 0)
    assert (report["duplicates"], report["missing_days"], report["closed_dates"]) == (1, 1, [iso(5)])
    assert (report["series"], report["start"], report["end"]) == (3, iso(0), iso(DAYS - 1))
    assert report["parts"]["train"] == {"series": 3, "days": 8, "rows": 3 * 7 - 1}


def test_the_same_rows_in_another_order_give_the_same_bytes(ml: Path, sales: list[Row]) -> None:
    def outputs() -> dict[str, bytes]:
        output = run(ml)
        names = set(EVERY_NAME) - {PLACES, "report/report.json"}
        return {name: (output / name).read_bytes() for name in names}

    first = outputs()
    write(ml / "processing/input/data/sales.csv", csv_of(reversed(sales), ";"))

    assert outputs() == first


def test_bad_rows_and_doubtful_ones_fail_the_job_together(ml: Path, sales: list[Row]) -> None:
    sales[0]["sold"] = "-1"
    sales[20]["kind"] = "bread"
    write(ml / "processing/input/data/sales.csv", csv_of(sales))

    with pytest.raises(ContractError) as refused:
        run(ml)

    assert str(refused.value).startswith("2 of 42 rows are bad. sales.csv line 2, column 'sold': '-1'")
    output = ml / "processing/output"
    assert [path for path in output.rglob("*") if path.is_file()] == [output / "report/report.json"]
    assert [fault["line"] for fault in report_of(output)["bad_rows"]] == [2, 22]


def test_bad_rows_can_be_dropped_a_series_with_all_of_its_rows(ml: Path, sales: list[Row]) -> None:
    for row in sales[-DAYS:]:
        row["sold"] = "0"
    sales[0]["day"] = "tomorrow"
    write(ml / "processing/input/data/sales.csv", csv_of(sales))

    output = run(ml, "--on-bad-rows", "drop")

    assert report_of(output)["rows_dropped"] == 1 + DAYS
    assert [each["item_id"] for each in lines(output / "train/series.jsonl")] == ["1_20", "1_7"]
    message = (ml / "output/message").read_text()
    assert message == "15 of 42 rows are bad; they were dropped and are listed in report/report.json."


@pytest.mark.parametrize(("column", "value"), [("sold", "-1"), ("sold", "0")])
def test_nothing_good_is_left_of_rows_that_are_all_bad(
    ml: Path, sales: list[Row], column: str, value: str
) -> None:
    write(ml / "processing/input/data/sales.csv", csv_of({**row, column: value} for row in sales))

    with pytest.raises(ContractError, match=r"^no good row in 42\. sales.csv line 2"):
        run(ml, "--on-bad-rows", "drop")


def test_too_many_bad_rows_fail_the_job_all_the_same(ml: Path, sales: list[Row]) -> None:
    sales[0]["sold"] = sales[1]["sold"] = "-1"
    write(ml / "processing/input/data/sales.csv", csv_of(sales))

    with pytest.raises(
        ContractError, match=r"2 of 42 rows are bad, more than --max-bad-fraction 0.02 allows"
    ):
        run(ml, "--on-bad-rows", "drop", "--max-bad-fraction", "0.02")


def test_a_place_without_a_location_is_named(ml: Path) -> None:
    write(ml / "processing/input/places/map.osm", MAP)
    locations = {"1": {"latitude": 51.5, "longitude": 0}}

    with pytest.raises(ContractError, match=r"^shop '2' has no location in schema.json; add it"):
        run_with(ml, places=PLACES_OF_SCHEMA | {"locations": locations})


def test_an_unknown_country_fails_before_a_row_is_read(ml: Path) -> None:
    (ml / "processing/input/data/sales.csv").unlink()

    with pytest.raises(ContractError, match="holidays is 'Atlantis'"):
        run_with(ml, holidays="Atlantis")


def test_a_job_that_is_told_to_stop_leaves_nothing(ml: Path) -> None:
    stop = StopSignal()
    stop.name = signal.Signals.SIGTERM.name

    with pytest.raises(ContractError, match="stopped by SIGTERM"):
        run(ml, stop=stop)

    assert [path for path in (ml / "processing/output").rglob("*") if path.is_file()] == []
