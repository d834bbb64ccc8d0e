"""The train_deepar image's evaluation keeps SageMaker's processing contract."""

import csv
import io
import json
import re
import tarfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.containers import run_job
from tests.support.train_deepar_data import (
    DAYS,
    NAIVE,
    PREDICTION_LENGTH,
    SALES,
    START,
    series_jsonl,
    write_evaluation_root,
    write_training_root,
)

TEST = series_jsonl("test")
LEVELS = [f"0.{tenth}" for tenth in range(1, 10)]


@pytest.fixture(scope="module")
def model(train_deepar_image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference as a model: what it forecasts can be said without it."""
    root = write_training_root(tmp_path_factory.mktemp("trained") / "ml", NAIVE)
    outcome = run_job(train_deepar_image, ["train"], root)
    assert outcome.exit_code == 0, outcome.stderr
    return root / "model"


@pytest.fixture(scope="module")
def evaluated(
    train_deepar_image: str, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The folder of an evaluation of a packed model by a user without a home, and what it printed."""
    root = write_evaluation_root(tmp_path_factory.mktemp("evaluated") / "ml", model, TEST)
    folder = root / "processing/model"
    with tarfile.open(root / "processing/model.tar.gz", "w:gz") as archive:
        archive.add(folder, arcname=".")
    for file in folder.iterdir():
        file.unlink()
    (root / "processing/model.tar.gz").rename(folder / "model.tar.gz")
    for path in (root, *root.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    command = ["evaluate", "--num-samples", "999", "--windows", "2"]
    outcome = run_job(
        train_deepar_image, command, root, user="12345:12345", read_only=True, tmpfs={"/tmp": ""}
    )
    assert outcome.exit_code == 0, outcome.stderr
    return root, outcome.stdout


def evaluation_of(root: Path) -> Any:
    return json.loads((root / "processing/evaluation/evaluation.json").read_text(encoding="utf-8"))


def rows_of(root: Path) -> list[dict[str, str]]:
    with (root / "processing/evaluation/predictions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_measures_are_those_of_the_rows_that_were_forecast(evaluated: tuple[Path, str]) -> None:
    root, printed = evaluated
    rows = [row for row in rows_of(root) if row["actual"]]
    size = sum(float(row["actual"]) for row in rows)
    losses = {}
    for level in LEVELS:
        errors = [(float(row["actual"]) - float(row[f"q{level}"]), float(level)) for row in rows]
        losses[level] = 2 * sum(q * error if error > 0 else (q - 1) * error for error, q in errors) / size
    inside = [float(row["q0.1"]) <= float(row["actual"]) <= float(row["q0.9"]) for row in rows]

    metrics = evaluation_of(root)["forecast_metrics"]

    for level, loss in losses.items():
        assert metrics[f"weighted_quantile_loss_{level}"]["value"] == pytest.approx(loss)
    mean = metrics["mean_weighted_quantile_loss"]["value"]
    assert mean == pytest.approx(sum(losses.values()) / 9)
    assert metrics["coverage_80"]["value"] == pytest.approx(sum(inside) / len(inside))
    # The model is the reference that stands beside it.
    assert metrics["relative_mean_weighted_quantile_loss"]["value"] == pytest.approx(1, abs=0.01)
    assert f"test:mean_weighted_quantile_loss={mean:.6f};" in printed.splitlines()


def test_the_forecasts_are_last_weeks_and_the_actuals_what_came(evaluated: tuple[Path, str]) -> None:
    root, _ = evaluated
    rows = {(row["item_id"], row["date"]): row for row in rows_of(root)}

    assert list(next(iter(rows.values()))) == [
        "item_id", "date", "mean", *(f"q{level}" for level in LEVELS), "actual",
    ]  # fmt: skip
    assert len(rows) == 2 * PREDICTION_LENGTH * len(SALES)
    for key, sales in SALES.items():
        for day in range(DAYS - PREDICTION_LENGTH, DAYS):
            row = rows[key, (START + timedelta(days=day)).isoformat()]
            assert float(row["actual"]) == sales.quantities[day]
            last = sales.quantities[day - 7]
            assert last is not None
            assert float(row["q0.5"]) == pytest.approx(last, abs=0.01)


def test_the_document_says_what_was_measured_and_when(evaluated: tuple[Path, str]) -> None:
    document = evaluation_of(evaluated[0])

    assert document["dataset"]["item_count"] == 2 * PREDICTION_LENGTH * len(SALES)
    datetime.strptime(document["dataset"]["evaluation_time"], "%Y-%m-%dT%H:%M:%S%z")
    assert document["quantiles"] == LEVELS
    assert list(document["series"]) == list(SALES)
    windows = [(each["start"], each["end"], each["in_training"]) for each in document["windows"]]
    days = [(START + timedelta(days=DAYS - back)).isoformat() for back in (7, 1, 14, 8)]
    # The reference learns nothing from the validation part, which is the second window's.
    assert windows == [(days[0], days[1], False), (days[2], days[3], False)]
    for name, metric in document["forecast_metrics"].items():
        assert set(metric) == {"value", "standard_deviation"}, name
        assert isinstance(metric["standard_deviation"], float), name


def test_the_report_needs_nothing_beside_it(evaluated: tuple[Path, str]) -> None:
    page = (evaluated[0] / "processing/evaluation/report.html").read_text(encoding="utf-8")

    assert page.count("<svg ") == 5
    assert not re.search(r"(src|href|url)\s*[=(]", page)
    assert f"{len(SALES)} series, " in page


def cut_archive(root: Path) -> None:
    folder = root / "processing/model"
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        archive.add(folder, arcname=".")
    (folder / "model.tar.gz").write_bytes(whole.getvalue()[:300])


def name_an_unknown_store(root: Path) -> None:
    text = TEST.replace('"cat": [0, 0, 0]', '"cat": [9, 0, 0]')
    (root / "processing/test/series.jsonl").write_text(text)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut_archive, "model.tar.gz cannot be unpacked"),
        (name_an_unknown_store, "series.jsonl, line 1 (series 12_409): cat holds 9 for store"),
    ],
)
def test_what_cannot_be_evaluated_is_said_in_the_exit_message(
    train_deepar_image: str, model: Path, tmp_path: Path, damage: Callable[[Path], object], reason: str
) -> None:
    root = write_evaluation_root(tmp_path / "ml", model, TEST)
    damage(root)

    outcome = run_job(train_deepar_image, ["evaluate"], root)

    assert outcome.exit_code == 1
    assert reason in (root / "output/message").read_text(encoding="utf-8")
    assert "Traceback" not in outcome.stderr
    assert not (root / "processing/evaluation/evaluation.json").exists()
