"""The preprocess image makes series of a forecasting project's rows, as pandas makes them."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import pytest

from projects.retail.generate import STORES, write_places, write_rows
from tests.support.containers import Ended, run_job
from tests.support.preprocess_data import outputs_of
from tests.support.sales_data import (
    HORIZON,
    NAME,
    expected_series,
    panel_of,
    places_within,
    retail_schema,
    write_sales_root,
)

ROWS = 20_000
SEED = 5
OUTPUTS = [
    "baseline/baseline.csv",
    "encoder/panel.json",
    "live/encoded.jsonl",
    "live/live.jsonl",
    "places/places.csv",
    "report/report.json",
    "schema/schema.json",
    "test/series.jsonl",
    "train/series.jsonl",
    "validation/series.jsonl",
]
# How many horizons before the last day a part ends.
PARTS = {"train": 2, "validation": 1, "test": 0}
# As endpoints and jobs may be run: no network, nothing to write but /opt/ml and /tmp.
CONFINED: dict[str, Any] = {"network_mode": "none", "read_only": True, "tmpfs": {"/tmp": ""}}


@dataclass(frozen=True, slots=True)
class Processed:
    """A job that succeeded on the rows in `csv` and the map in `places`."""

    root: Path
    csv: Path
    places: bytes
    outcome: Ended
    outputs: dict[str, bytes]

    @property
    def report(self) -> Any:
        return json.loads(self.outputs["report/report.json"])

    @property
    def panel(self) -> Any:
        return json.loads(self.outputs["encoder/panel.json"])

    def lines(self, name: str) -> list[Any]:
        """The documents of a file of JSON Lines."""
        return [json.loads(line) for line in self.outputs[name].splitlines()]


def process(image: str, rows: Path, folder: Path) -> Processed:
    """Run the image on these rows and a map of the stores, and succeed."""
    write_places(folder / "map.osm", SEED)
    places = (folder / "map.osm").read_bytes()
    root = write_sales_root(folder / "ml", rows.read_bytes(), places)
    outcome = run_job(image, [], root, **CONFINED)
    assert outcome.exit_code == 0, outcome.stderr
    return Processed(root, rows, places, outcome, outputs_of(root))


@pytest.fixture(scope="module")
def generated(preprocess_image: str, tmp_path_factory: pytest.TempPathFactory) -> Processed:
    """What the image makes of synthetic rows."""
    folder = tmp_path_factory.mktemp("generated")
    write_rows(folder / "rows.csv", ROWS, SEED)
    return process(preprocess_image, folder / "rows.csv", folder)


@pytest.fixture(scope="module")
def real(preprocess_image: str, retail_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Processed:
    """What the image makes of the panel that figures are given on."""
    return process(preprocess_image, retail_csv, tmp_path_factory.mktemp("real"))


def check_series(processed: Processed) -> None:
    """Every part's series against the same made by pandas."""
    frame = panel_of(processed.csv)
    for part, horizons in PARTS.items():
        last_day = frame["date"].max() - pandas.Timedelta(days=horizons * HORIZON)
        series = {each["item_id"]: each for each in processed.lines(f"{part}/series.jsonl")}
        expected = expected_series(frame, last_day)
        assert list(series) == sorted(expected)
        for item_id, each in expected.items():
            found = series[item_id]
            assert (found["start"], found["target"]) == (each["start"], each["target"])
            assert found["dynamic_feat"][0] == each["unit_price"]
            assert [len(row) for row in found["dynamic_feat"]] == [len(each["target"])] * 2


def test_a_job_leaves_its_outputs_and_nothing_else(generated: Processed) -> None:
    assert list(generated.outputs) == OUTPUTS
    assert not (generated.root / "output/message").exists()
    assert json.loads(generated.outputs["schema/schema.json"]) == retail_schema()


def test_the_series_are_those_that_pandas_makes(generated: Processed) -> None:
    check_series(generated)


def test_categories_are_coded_and_holidays_flagged(generated: Processed) -> None:
    frame = panel_of(generated.csv).drop_duplicates("item_id").set_index("item_id")
    names = ["store", "item", "category"]

    assert [each["name"] for each in generated.panel["cat"]] == names
    for each in generated.lines("train/series.jsonl"):
        coded = [cat["values"][code] for cat, code in zip(generated.panel["cat"], each["cat"], strict=True)]
        assert coded == frame.loc[each["item_id"], names].tolist()
    longest = generated.lines("test/series.jsonl")[0]
    days = pandas.date_range(longest["start"], periods=len(longest["target"]), freq="D")
    flagged = [f"{day:%Y-%m-%d}" for day, flag in zip(days, longest["dynamic_feat"][1], strict=True) if flag]
    # gov.uk, "UK bank holidays": those of all of the United Kingdom from July 2025 to January 2026.
    assert flagged == ["2025-12-25", "2025-12-26", "2026-01-01"]


def test_the_reader_of_maps_counts_what_haversine_counts(generated: Processed) -> None:
    table = list(csv.DictReader(io.StringIO(generated.outputs["places/places.csv"].decode())))
    schema = retail_schema()["places"]

    assert [row["store"] for row in table] == sorted(STORES)
    for row in table:
        store = STORES[row["store"]]
        assert schema["locations"][row["store"]] == {
            "latitude": store.latitude,
            "longitude": store.longitude,
        }
        for name, key in schema["counts"].items():
            near = places_within(
                generated.places, store.latitude, store.longitude, schema["radius_meters"], key
            )
            assert int(row[name]) == near
        assert (int(row["amenity_count"]), int(row["tourism_count"])) == (store.amenities, store.tourism)
    counts = {row["store"]: [int(row[name]) for name in schema["counts"]] for row in table}
    for each in generated.lines("train/series.jsonl"):
        assert each["static_real"] == counts[each["item_id"].partition("_")[0]]


def test_live_requests_are_the_last_days_of_series_from_all_over_the_panel(generated: Processed) -> None:
    whole = {each["item_id"]: each for each in generated.lines("test/series.jsonl")}
    raw, encoded = (generated.lines(f"live/{name}.jsonl") for name in ("live", "encoded"))

    assert [each["instance"]["item_id"] for each in raw] == [
        sorted(whole)[place] for place in (0, 24, 48, 73, 97)
    ]
    for asked, seen in zip(raw, encoded, strict=True):
        series = whole[asked["instance"]["item_id"]]
        assert asked["instance"]["target"] == seen["instance"]["target"] == series["target"][:-HORIZON]
        assert asked["actual"] == seen["actual"] == series["target"][-HORIZON:]
        assert asked["instance"]["known"]["unit_price"] == series["dynamic_feat"][0][-HORIZON:]
        assert {name: seen["instance"][name] for name in ("cat", "static_real", "dynamic_feat")} == {
            name: series[name] for name in ("cat", "static_real", "dynamic_feat")
        }
        assert asked["start_of_forecast"] == "2025-12-31"


def test_the_baseline_is_the_training_part_s_rows(generated: Processed) -> None:
    frame = panel_of(generated.csv)
    trained = frame[frame["date"] <= frame["date"].max() - pandas.Timedelta(days=2 * HORIZON)]
    columns = ["store", "item", "category", "unit_price"]

    baseline = pandas.read_csv(
        io.BytesIO(generated.outputs["baseline/baseline.csv"]), dtype={"store": str, "item": str}
    )

    assert baseline.columns.tolist() == columns
    ordered = trained.sort_values(["item_id", "date"])[columns].reset_index(drop=True)
    pandas.testing.assert_frame_equal(baseline, ordered, check_dtype=False)


def test_the_report_counts_the_rows_and_the_days_that_are_not_there(generated: Processed) -> None:
    frame = panel_of(generated.csv)
    days = (frame["date"].max() - frame.groupby("item_id")["date"].min()).dt.days + 1
    report = generated.report

    assert (report["rows_read"], report["rows_kept"], report["rows_dropped"]) == (ROWS, ROWS, 0)
    assert (report["duplicates"], report["series"]) == (0, 98)
    assert report["closed_dates"] == ["2025-12-25"] == generated.panel["closed_dates"]
    # On the closed day nothing is missing.
    assert report["missing_days"] == int(days.sum()) - len(days) - ROWS


def test_the_real_panel_gives_the_series_that_pandas_makes(real: Processed) -> None:
    check_series(real)


def test_the_real_panel_is_reported_as_it_is_known(real: Processed) -> None:
    report = real.report

    # The panel's own description: 98 series, 2024-01-01 to 2026-01-29 daily, one day closed everywhere.
    assert (report["rows_read"], report["rows_kept"], report["series"]) == (73_010, 73_010, 98)
    assert (report["start"], report["end"]) == ("2024-01-01", "2026-01-29")
    assert report["closed_dates"] == ["2024-12-25"]
    assert report["duplicates"] == 0
    # 760 days a series; two begin a day later, and one day is closed.
    assert report["missing_days"] == 98 * 759 - 2 - 73_010
    assert report["parts"]["test"] == {"series": 98, "days": 760, "rows": 73_010}


def test_bad_rows_fail_the_job_with_each_of_them_in_the_report(
    preprocess_image: str, generated: Processed, tmp_path: Path
) -> None:
    lines = generated.csv.read_bytes().splitlines()
    bad = [
        b"2025-13-01;12;110;1,79;beverages;5",
        b"2025-09-01;12;110;1,79;beverages;-5",
        b"2025-09-01;12;110;1,79;beverages;2,5",
    ]
    root = write_sales_root(tmp_path / "ml", b"\n".join([*lines, *bad]) + b"\n", generated.places)

    outcome = run_job(preprocess_image, [], root)

    message = (root / "output/message").read_text()
    assert outcome.exit_code == 1
    assert outcome.stderr.splitlines()[-1] == f"Processing failed: {message}"
    assert message.startswith(
        f"3 of {ROWS + 3:,} rows are bad. {NAME} line {ROWS + 2}, column 'date': '2025-13-01'"
    )
    assert list(outputs_of(root)) == ["report/report.json"]
    report = json.loads(outputs_of(root)["report/report.json"])
    assert [fault["line"] for fault in report["bad_rows"]] == [ROWS + 2, ROWS + 3, ROWS + 4]


def test_appended_rows_make_the_series_of_all_of_them(
    preprocess_image: str, generated: Processed, tmp_path: Path
) -> None:
    header, *rows = generated.csv.read_bytes().splitlines()
    newer = [row for row in rows if row >= b"2026-01"]
    root = write_sales_root(
        tmp_path / "ml", b"\n".join([header, *(row for row in rows if row < b"2026-01-15")])
    )
    actuals = root / "processing/input/actuals/2026/01"
    actuals.mkdir(parents=True)
    (actuals / "rows.csv").write_bytes(b"\n".join([header, *newer]))
    (root / "processing/output/data").mkdir()

    outcome = run_job(preprocess_image, ["append"], root, **CONFINED)

    assert outcome.exit_code == 0, outcome.stderr
    outputs = outputs_of(root)
    report = json.loads(outputs["report/report.json"])
    later = sum(row >= b"2026-01-15" for row in rows)
    assert (report["added"], report["replaced"], report["unchanged"]) == (later, 0, len(newer) - later)
    # Of the appended file the image makes what it makes of the whole one.
    again = write_sales_root(tmp_path / "again", outputs["data/rows.csv"], generated.places)
    assert run_job(preprocess_image, [], again, **CONFINED).exit_code == 0
    differing = {name for name, content in outputs_of(again).items() if generated.outputs[name] != content}
    assert differing == {"report/report.json"}


def test_captured_forecasts_stand_beside_what_came_true(
    preprocess_image: str, generated: Processed, tmp_path: Path
) -> None:
    root = write_sales_root(tmp_path / "ml", b"")
    inputs = root / "processing/input"
    for folder in (inputs / "actuals", inputs / "captured", root / "processing/output/forecasts"):
        folder.mkdir()
    (inputs / "actuals/rows.csv").write_bytes(generated.csv.read_bytes())
    answer = {"item_id": "12_110", "start": "2026-01-28", "mean": [1, 2, 3], "quantiles": {"0.5": [1, 2, 3]}}
    told = {"data": json.dumps({"predictions": [answer]}), "encoding": "JSON"}
    call = {
        "captureData": {"endpointOutput": told},
        "eventMetadata": {"eventId": "1", "inferenceTime": "2026-01-27T06:00:00Z"},
        "eventVersion": "0",
    }
    (inputs / "captured/calls.jsonl").write_text(json.dumps(call) + "\n")

    outcome = run_job(
        preprocess_image, ["forecast-actuals"], root, environment={"window_end": "2026-01-31"}, **CONFINED
    )

    assert outcome.exit_code == 0, outcome.stderr
    rows = list(csv.DictReader(io.StringIO(outputs_of(root)["forecasts/forecasts.csv"].decode())))
    frame = panel_of(generated.csv).query("item_id == '12_110'").set_index("date")["quantity"]
    # The panel's last day is the second of the three that were forecast.
    expected = [
        {"date": f"2026-01-{day}", "mean": f"{day - 27}.0", "actual": str(frame[f"2026-01-{day}"])}
        for day in (28, 29)
        if pandas.Timestamp(f"2026-01-{day}") in frame.index
    ]
    assert expected
    assert [{name: row[name] for name in ("date", "mean", "actual")} for row in rows] == expected
    assert {row["forecast_made_at"] for row in rows} == {"2026-01-27T06:00:00Z"}
