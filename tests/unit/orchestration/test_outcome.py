import hashlib
import io
import tarfile

import pytest

from orchestration.errors import PipelineError
from orchestration.outcome import (
    accuracy_baseline_detail,
    compared,
    features_detail,
    forecast_detail,
    ingest_detail,
    missed,
    model_digest,
    panel_detail,
)
from orchestration.project_file import load_project

BANK = load_project("bank", ("metric.threshold=0.95",))


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("_", "."))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_a_miss_says_which_metric_and_by_how_much() -> None:
    text = missed(BANK, {"accuracy": 0.8812})

    assert text.startswith("accuracy 0.8812 misses the threshold 0.9500 by 0.0688")


@pytest.mark.parametrize(
    ("value", "expected"), [(0.96, "accuracy 0.9600 ≥ 0.9500"), (0.8, "accuracy 0.8000 < 0.9500")]
)
def test_a_comparison_is_shown(value: float, expected: str) -> None:
    assert compared(BANK, {"accuracy": value}) == expected


def test_a_models_digest_is_that_of_the_model_not_of_the_archive() -> None:
    assert model_digest(archive(model_ubj=b"trees"), "model.ubj") == hashlib.sha256(b"trees").hexdigest()


def test_an_archive_without_a_model_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"no model\.ubj"):
        model_digest(archive(other_txt=b""), "model.ubj")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((41472, 41472, 0), "41,472 records into bank-encodings-0 in 8.3 s"),
        ((41472, 40000, 1472), "40,000 records into bank-encodings-0 in 8.3 s, 1,472 were there"),
        ((41472, 0, 41472), "all 41,472 records are in bank-encodings-0"),
    ],
)
def test_what_was_ingested_is_counted(counts: tuple[int, int, int], expected: str) -> None:
    records, written, already_there = counts
    report = {
        "feature_group_name": "bank-encodings-0",
        "records": records,
        "written": written,
        "already_there": already_there,
        "seconds": 8.31,
    }

    assert ingest_detail(report) == expected


def test_what_was_read_by_sql_is_counted() -> None:
    said = features_detail({"rows": 32552, "distinct_keys": 4321})

    assert said == "32,552 rows with the columns of 4,321 records, read by SQL"


def test_a_loss_is_compared_the_other_way_round() -> None:
    retail = load_project("retail", ("metric.threshold=0.7",))
    name = "relative_mean_weighted_quantile_loss"

    assert compared(retail, {name: 0.61}) == f"{name} 0.6100 ≤ 0.7000"
    assert compared(retail, {name: 0.71}) == f"{name} 0.7100 > 0.7000"
    text = missed(retail, {name: 0.75})
    assert text.startswith(f"{name} 0.7500 misses the threshold 0.7000 by 0.0500")
    assert "or a higher metric.threshold" in text


def test_forecasts_are_told_beside_those_of_repeating_the_last_week() -> None:
    metrics = {"mean_weighted_quantile_loss": 0.2277, "coverage_80": 0.804}

    assert forecast_detail(metrics, {"mean_weighted_quantile_loss": 0.3571}) == (
        "weighted quantile loss 0.2277, seasonal naive 0.3571; 80 % interval covers 80%"
    )


def test_a_panel_is_told_by_its_series_and_days() -> None:
    report = {
        "series": 98,
        "start": "2024-01-01",
        "end": "2026-01-29",
        "parts": {"train": {"rows": 67190}, "test": {"rows": 73010}},
    }

    said = "98 series, 2024-01-01 to 2026-01-29; rows: 67,190 train, 73,010 test"
    assert panel_detail(report) == said


def test_a_baseline_of_forecasts_says_of_which_quantiles_its_loss_is() -> None:
    metrics: dict[str, float] = {"mean_weighted_quantile_loss": 0.1683, "mape": 0.3}
    metrics |= dict.fromkeys((f"weighted_quantile_loss_{level}" for level in (0.1, 0.5, 0.9)), 0.2)
    statistics = {
        "dataset": {"item_count": 2940},
        "forecast_accuracy_metrics": {name: {"value": value} for name, value in metrics.items()},
    }

    said = accuracy_baseline_detail(statistics)

    assert said == "weighted quantile loss 0.1683 of 0.1, 0.5, 0.9 on 2,940 rows"
