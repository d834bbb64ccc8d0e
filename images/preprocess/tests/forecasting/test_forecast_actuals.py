"""`forecast-actuals`: which forecast of a day counts, and what is beside it."""

import base64
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from preprocess.forecasting.arguments import parse_forecast_actuals
from preprocess.forecasting.forecast_actuals import forecast_actuals
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot

from tests.forecasting.conftest import Row, csv_of, iso, write

BEFORE, LATER, AFTER = "2025-12-28T09:00:00Z", "2025-12-29T23:59:59Z", "2026-02-01T00:00:00Z"
# The first day that the calls below forecast, counted as the fixture's days are.
FORECAST = 10


def answer(mean: float, item_id: str | None = "1_20", days: int = 2) -> dict[str, Any]:
    """What the endpoint says of a series from day FORECAST on."""
    quantiles = {"0.9": [mean + 1] * days, "0.1": [mean - 1] * days}
    return {"item_id": item_id, "start": iso(FORECAST), "mean": [mean] * days, "quantiles": quantiles}


def call(made_at: str, *predictions: dict[str, Any], encoding: str = "JSON") -> str:
    """A captured line (developer guide, "Capture data from real-time endpoint")."""
    data = json.dumps({"predictions": predictions})
    if encoding == "BASE64":
        data = base64.b64encode(data.encode()).decode()
    told = {"observedContentType": "application/json", "mode": "OUTPUT", "data": data, "encoding": encoding}
    return json.dumps(
        {
            "captureData": {"endpointOutput": told},
            "eventMetadata": {"eventId": "e", "inferenceTime": made_at},
            "eventVersion": "0",
        }
    )


@pytest.fixture
def actual(ml: Path, sales: list[Row]) -> Path:
    """/opt/ml with the rows as what came true."""
    write(ml / "processing/input/actuals/2025/12/30/a.csv", csv_of(sales, ";"))
    return ml


def run(ml: Path, *captured: str, **environment: str) -> tuple[list[dict[str, str]], Any]:
    """The rows and the report that these captured lines lead to."""
    write(ml / "processing/input/captured/all/a.jsonl", "\n".join(captured).encode())
    root = ContainerRoot(ml)
    forecast_actuals(parse_forecast_actuals([], root, environment), root, StopSignal())
    output = root.processing / "output"
    rows = list(csv.DictReader(io.StringIO((output / "forecasts/forecasts.csv").read_text())))
    return rows, json.loads((output / "report/report.json").read_bytes())


def test_a_forecast_stands_beside_what_came_true(actual: Path) -> None:
    rows, report = run(actual, call(BEFORE, answer(5.5)))

    # The first of the fixture's series sold 10 on day 10 and 11 on day 11.
    assert rows == [
        {"item_id": "1_20", "date": iso(day), "forecast_made_at": BEFORE, "mean": "5.5"}
        | {"q0.1": "4.5", "q0.9": "6.5", "actual": str(day)}
        for day in (10, 11)
    ]
    # 42 rows in all, of which two were forecast.
    assert (report["joined"], report["actuals_without_forecast"], report["calls"]) == (2, 40, 1)
    assert (report["forecasts_without_actual"], report["joined_and_made_after_the_day"]) == (0, 0)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_the_newest_of_those_made_before_the_day_counts(actual: Path, is_reversed: bool) -> None:
    calls = [call(AFTER, answer(1)), call(BEFORE, answer(2)), call(LATER, answer(3))]

    rows, _ = run(actual, *(reversed(calls) if is_reversed else calls))

    assert [(row["mean"], row["forecast_made_at"]) for row in rows] == [("3.0", LATER)] * 2


def test_of_two_of_the_same_moment_the_one_captured_last_counts(actual: Path) -> None:
    rows, _ = run(actual, call(BEFORE, answer(1)), call(BEFORE, answer(2)))

    assert [row["mean"] for row in rows] == ["2.0", "2.0"]


def test_one_made_after_the_day_counts_where_there_is_no_other(actual: Path) -> None:
    rows, report = run(actual, call(AFTER, answer(1)))

    assert [row["mean"] for row in rows] == ["1.0", "1.0"]
    assert report["joined_and_made_after_the_day"] == 2


def test_one_made_on_the_day_is_not_made_before_it(actual: Path) -> None:
    # Day 10 is the 30th, day 11 the 31st of December.
    rows, _ = run(actual, call(BEFORE, answer(1)), call("2025-12-30T00:00:00Z", answer(2)))

    assert [row["mean"] for row in rows] == ["1.0", "2.0"]


def test_only_the_days_of_the_window_count(actual: Path) -> None:
    window = {"window_start": iso(11), "window_end": f"{iso(12)}T06:00:00Z"}

    rows, report = run(actual, call(BEFORE, answer(1)), **window)

    assert [row["date"] for row in rows] == [iso(11)]
    assert report["actuals_without_forecast"] == 2


def test_what_is_no_forecast_is_left_out_and_counted(actual: Path) -> None:
    torn = answer(1) | {"quantiles": {"0.1": [1]}}

    rows, report = run(
        actual,
        call(BEFORE, answer(1, item_id=None), answer(2, item_id="2_20"), torn),
        '{"captureData": {}',
        call(BEFORE, answer(3), encoding="CSV"),
        call(BEFORE, answer(4), encoding="BASE64"),
    )

    assert [(row["item_id"], row["mean"]) for row in rows] == [
        *[("1_20", "4.0")] * 2,
        *[("2_20", "2.0")] * 2,
    ]
    assert report["left_out"] == {
        "is no forecast of a series that is named": 1,
        "is no forecast from a day on": 1,
        "is no captured forecast": 1,
        "is neither JSON nor BASE64": 1,
    }


def test_answers_as_json_lines_are_read(actual: Path) -> None:
    lines = "\n".join(json.dumps(answer(mean, item_id)) for mean, item_id in ((1, "1_20"), (2, "1_7")))
    captured = json.loads(call(BEFORE))
    captured["captureData"]["endpointOutput"]["data"] = lines

    rows, _ = run(actual, json.dumps(captured))

    assert [row["item_id"] for row in rows] == ["1_20", "1_20", "1_7", "1_7"]


def test_a_corrected_row_counts_more_than_the_one_before(actual: Path, sales: list[Row]) -> None:
    write(
        actual / "processing/input/actuals/2025/12/31/b.csv",
        csv_of([{**sales[FORECAST], "sold": "99"}]),
    )

    rows, _ = run(actual, call(BEFORE, answer(1)))

    assert [row["actual"] for row in rows] == ["99", "11"]


def test_no_truth_is_told_as_such(actual: Path) -> None:
    with pytest.raises(ContractError) as refused:
        run(actual, call(BEFORE, answer(1, item_id="1_99")), window_start=iso(10))

    assert str(refused.value).startswith(
        f"no ground truth found for the days from {iso(10)} on: no actual row (12) is of a series and day "
        "that was forecast (2);"
    )
    output = actual / "processing/output"
    assert [path.name for path in output.rglob("*") if path.is_file()] == ["report.json"]


@pytest.mark.parametrize(
    ("folder", "told"),
    [("actuals", "there is no actual row"), ("captured", "no call was captured")],
)
def test_an_empty_folder_has_no_truth_in_it(actual: Path, folder: str, told: str) -> None:
    root = ContainerRoot(actual)
    write(actual / "processing/input/captured/a.jsonl", call(BEFORE, answer(1)).encode())
    for path in (actual / "processing/input" / folder).rglob("*.*"):
        path.unlink()

    with pytest.raises(ContractError, match=f"^no ground truth found for any day: {told}; .* has no files"):
        forecast_actuals(parse_forecast_actuals([], root, {}), root, StopSignal())


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"window_start": "yesterday"}, "window_start is 'yesterday', which is no date"),
        ({"window_start": iso(3), "window_end": iso(3)}, f"window_start {iso(3)} is not before window_end"),
    ],
)
def test_an_impossible_window_is_refused(environment: dict[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=told):
        parse_forecast_actuals([], ContainerRoot(tmp_path), environment)
