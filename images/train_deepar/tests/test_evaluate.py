"""The evaluation job from its arguments to its three files."""

import csv
import io
import json
import math
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot
from tests.demand import DAYS, HORIZON, START, panel_series, write_jsonl
from train_deepar.backtest import backtest
from train_deepar.evaluate import Order, evaluate, read_order
from train_deepar.forecaster import Forecaster
from train_deepar.metrics import LEVELS, measures
from train_deepar.naive import seasonal_naive
from train_deepar.series import Series

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TESTED = panel_series(DAYS + HORIZON)
NAMES = {
    "mean_weighted_quantile_loss", "relative_mean_weighted_quantile_loss", "mse", "rmse", "absolute_error",
    "mean_absolute_error", "mape", "smape", "mase", "coverage_80", "coverage_95",
    *(f"weighted_quantile_loss_{level:g}" for level in LEVELS),
}  # fmt: skip


def evaluated(model: Path, folder: Path, tested: list[Series] = TESTED, **parts: Any) -> Any:
    write_jsonl(folder / "test", tested)
    order = Order(model, folder / "test", folder / "evaluation", num_samples=40, seed=2)
    evaluate(replace(order, **parts), NOW)
    return json.loads((folder / "evaluation/evaluation.json").read_text(encoding="utf-8"))


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "evaluation/predictions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_measures_are_those_of_the_models_forecasts_beside_the_reference(
    deepar_folder: Path, deepar: Forecaster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = evaluated(deepar_folder, tmp_path)

    (window,) = backtest(deepar, TESTED, 1, num_samples=40, seed=2)
    model, reference = measures(window.model), measures(window.reference)
    relative = model["mean_weighted_quantile_loss"] / reference["mean_weighted_quantile_loss"]
    assert set(document["forecast_metrics"]) == NAMES
    assert {name: each["value"] for name, each in document["forecast_metrics"].items()} == {
        "relative_mean_weighted_quantile_loss": relative,
        **model,
    }
    assert {each["standard_deviation"] for each in document["forecast_metrics"].values()} == {"NaN"}
    assert document["seasonal_naive"] == reference
    assert document["dataset"] == {
        "item_count": int((~np.isnan(window.model.actual)).sum()),
        "series": 6,
        "evaluation_time": "2026-01-02T03:04:05Z",
    }
    assert document["quantiles"] == ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]
    printed = capsys.readouterr().out
    assert f"test:relative_mean_weighted_quantile_loss={relative:.6f};\n" in printed
    assert f"test:coverage_80={model['coverage_80']:.6f};\n" in printed


def test_each_series_has_its_own(deepar_folder: Path, deepar: Forecaster, tmp_path: Path) -> None:
    document = evaluated(deepar_folder, tmp_path)

    (window,) = backtest(deepar, TESTED, 1, num_samples=40, seed=2)
    assert list(document["series"]) == [each.item_id for each in TESTED]
    for row, series in enumerate(TESTED):
        own = document["series"][series.item_id]
        assert set(own) == NAMES
        assert own["mase"] == pytest.approx(measures(window.model.rows([row]))["mase"])
    values = [own["mape"] for own in document["series"].values()]
    assert document["forecast_metrics"]["mape"]["value"] == pytest.approx(sum(values) / 6)


def test_a_row_of_predictions_is_a_day_of_a_series_with_what_came(
    deepar_folder: Path, deepar: Forecaster, tmp_path: Path
) -> None:
    tested = [replace(each, target=each.target.copy()) for each in TESTED]
    tested[1].target[-1] = np.nan
    evaluated(deepar_folder, tmp_path, tested)

    (window,) = backtest(deepar, tested, 1, num_samples=40, seed=2)
    rows = rows_of(tmp_path)
    assert list(rows[0]) == ["item_id", "date", "mean", *(f"q{level:g}" for level in LEVELS), "actual"]
    assert len(rows) == 6 * HORIZON
    first = START + timedelta(days=DAYS)
    for place, row in enumerate(rows):
        series, day = divmod(place, HORIZON)
        actual = tested[series].target[DAYS + day]
        assert (row["item_id"], row["date"]) == (tested[series].item_id, str(first + timedelta(days=day)))
        assert row["actual"] == ("" if math.isnan(actual) else f"{actual:g}")
        assert float(row["mean"]) == window.model.mean[series, day]
        assert float(row["q0.9"]) == window.model.quantiles[0.9][series, day]


def test_what_the_monitor_finds_in_the_predictions_is_what_was_measured(
    deepar_folder: Path, tmp_path: Path
) -> None:
    document = evaluated(deepar_folder, tmp_path)
    rows = [{name: float(text) for name, text in row.items() if name[0] in "qa"} for row in rows_of(tmp_path)
            if row["actual"]]  # fmt: skip

    # images/monitor: 2 · sum of the quantile losses / sum of |actual|, and the share between two quantiles.
    size = sum(row["actual"] for row in rows)
    losses = [
        2
        * sum(
            max(q * (row["actual"] - row[f"q{q:g}"]), (q - 1) * (row["actual"] - row[f"q{q:g}"]))
            for row in rows
        )
        for q in LEVELS
    ]
    found = document["forecast_metrics"]
    assert found["mean_weighted_quantile_loss"]["value"] == pytest.approx(sum(losses) / 9 / size)
    inside = [row["q0.1"] <= row["actual"] <= row["q0.9"] for row in rows]
    assert found["coverage_80"]["value"] == pytest.approx(sum(inside) / len(inside))


def test_windows_are_measured_apart_and_together(deepar_folder: Path, tmp_path: Path) -> None:
    document = evaluated(deepar_folder, tmp_path, windows=2)

    newest, older = document["windows"]
    assert (newest["start"], newest["end"], newest["in_training"]) == ("2025-05-06", "2025-05-12", False)
    assert (older["start"], older["end"], older["in_training"]) == ("2025-04-29", "2025-05-05", True)
    assert (newest["series"], newest["series_left_out"]) == (6, 0)
    losses = [window["mase"] for window in (newest, older)]
    overall = document["forecast_metrics"]["mase"]
    # As many series in both.
    assert overall["value"] == pytest.approx(sum(losses) / 2)
    assert overall["standard_deviation"] == pytest.approx(abs(losses[0] - losses[1]) / math.sqrt(2))
    dates = [row["date"] for row in rows_of(tmp_path)]
    assert (dates[0], dates[-1], len(dates)) == ("2025-04-29", "2025-05-12", 2 * 6 * HORIZON)


def test_the_reference_as_a_model_is_as_good_as_itself(naive_folder: Path, tmp_path: Path) -> None:
    document = evaluated(naive_folder, tmp_path, num_samples=2000)

    relative = document["forecast_metrics"]["relative_mean_weighted_quantile_loss"]["value"]
    assert relative == pytest.approx(1, abs=2e-3)
    expected = seasonal_naive(TESTED[0].target[:DAYS], HORIZON, (0.9,), 0.0).quantiles[0.9]
    found = [float(row["q0.9"]) for row in rows_of(tmp_path)[:HORIZON]]
    assert found == pytest.approx(expected.tolist(), rel=0.01)


def test_a_packed_model_is_unpacked_and_nothing_else_of_it(deepar_folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    packed.mkdir()
    with tarfile.open(packed / "model.tar.gz", "w:gz") as archive:
        archive.add(deepar_folder, arcname=".")
        stranger = tarfile.TarInfo("../stranger")
        stranger.size = 1
        archive.addfile(stranger, io.BytesIO(b"x"))

    assert evaluated(packed, tmp_path / "a") == evaluated(deepar_folder, tmp_path / "b")
    assert not list(tmp_path.rglob("stranger"))


def test_an_archive_that_was_cut_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"\x1f\x8b\x08\x00")

    with pytest.raises(ContractError, match=r"model\.tar\.gz cannot be unpacked"):
        evaluated(tmp_path, tmp_path)


def test_days_on_which_nothing_was_sold_measure_nothing(deepar_folder: Path, tmp_path: Path) -> None:
    tested = [replace(each, target=each.target.copy()) for each in TESTED]
    for each in tested:
        each.target[-HORIZON:] = 0

    with pytest.raises(
        ContractError, match="every known value of 2025-05-06 to 2025-05-12 is 0, or none is known"
    ):
        evaluated(deepar_folder, tmp_path, tested)
    assert not (tmp_path / "evaluation").exists()


def test_what_cannot_be_measured_of_a_series_is_the_word_nan(deepar_folder: Path, tmp_path: Path) -> None:
    tested = [replace(each, target=each.target.copy()) for each in TESTED]
    tested[0].target[-HORIZON:] = 0

    own = evaluated(deepar_folder, tmp_path, tested)["series"]["12_409"]

    assert (own["mean_weighted_quantile_loss"], own["mape"]) == ("NaN", "NaN")
    assert own["mse"] > 0


def test_arguments_are_sagemakers_mounts_unless_they_are_given(tmp_path: Path) -> None:
    processing = tmp_path / "processing"

    assert read_order([], ContainerRoot(tmp_path)) == Order(
        processing / "model",
        processing / "test",
        processing / "evaluation",
        windows=1,
        num_samples=200,
        seed=0,
    )
    given = [
        "--model",
        "/m",
        "--test",
        "/t",
        "--output",
        "/o",
        "--windows",
        "3",
        "--num-samples",
        "50",
        "--seed",
        "7",
    ]
    assert read_order(given, ContainerRoot(tmp_path)) == Order(Path("/m"), Path("/t"), Path("/o"), 3, 50, 7)


@pytest.mark.parametrize(
    "given", [["--windows", "0"], ["--windows", "1.5"], ["--num-samples", "x"], ["--seed", "-1"]]
)
def test_an_argument_that_makes_no_sense_is_told(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_order(given, ContainerRoot())

    assert "is not a whole number from" in capsys.readouterr().err
