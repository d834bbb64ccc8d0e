"""The monitor image keeps Model Monitor's contract, and its statistics are right."""

import io
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.support.monitor_data import CITIES, COLUMNS, Row, captured, csv_text, features, json_lines, rows
from tests.support.monitored import (
    BASELINE_FILES,
    CSV,
    JSON_LINES,
    METRICS,
    REPORTS,
    JobOf,
    Left,
    run_jobs,
    run_one,
)

NO_VIOLATIONS = "Completed: Job completed successfully with no violations."
HEADERLESS = {"dataset_format": '{"csv": {"header": false}}'}
PARQUET = {"dataset_format": '{"parquet": {}}'}
CAPTURE = {"dataset_format": '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput"]}}'}
ROWS = rows()


def parquet() -> bytes:
    frame = pd.read_csv(io.StringIO(csv_text(ROWS)), dtype={"gone": "str"})
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


def ten_a_call() -> str:
    lines = csv_text(ROWS, header=False).splitlines(keepends=True)
    return captured(
        ("2026-01-01T00:30:00Z", "".join(lines[first : first + 10]), "0.5\n")
        for first in range(0, len(lines), 10)
    )


@pytest.fixture(scope="module")
def left(monitor_image: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Left]:
    jobs = {
        "baseline": JobOf({"rows.csv": csv_text(ROWS)}, CSV | METRICS),
        "jsonl": JobOf({"2026/rows.jsonl": json_lines(ROWS)}, JSON_LINES),
        "parquet": JobOf({"2026/rows.parquet": parquet()}, PARQUET),
        # Captured records have no names of their own: they are the baseline's, by place.
        "captured": JobOf({"2026/rows.jsonl": ten_a_call()}, CAPTURE, "baseline"),
    }
    return run_jobs(monitor_image, tmp_path_factory.mktemp("formats"), jobs)


@pytest.fixture(scope="module")
def baseline(left: dict[str, Left]) -> Left:
    return left["baseline"]


def numbers(name: str, table: list[Row] = ROWS) -> Any:
    return np.array([float(row[name]) for row in table if row[name]])


def test_a_baseline_leaves_statistics_and_constraints(baseline: Left) -> None:
    assert sorted(baseline.files) == sorted(BASELINE_FILES + REPORTS)
    assert baseline.message == f"{NO_VIOLATIONS} Columns without any value: gone."
    assert baseline.document("statistics.json")["dataset"] == {"item_count": len(ROWS)}
    assert list(baseline.statistics) == list(COLUMNS)
    types = {name: feature["inferred_type"] for name, feature in baseline.statistics.items()}
    assert types == {
        "age": "Integral",
        "rate": "Fractional",
        "city": "String",
        "note": "String",
        "gone": "Unknown",
    }


@pytest.mark.parametrize("name", ["age", "rate"])
def test_numbers_are_numpys_and_pandas(baseline: Left, name: str) -> None:
    found, expected = baseline.statistics[name]["numerical_statistics"], numbers(name)
    frame = pd.read_csv(io.StringIO(csv_text(ROWS)))

    assert found["common"] == {
        "num_present": int(frame[name].count()),
        "num_missing": int(frame[name].isna().sum()),
    }
    assert (found["min"], found["max"]) == (expected.min(), expected.max())
    assert found["mean"] == pytest.approx(expected.mean(), rel=1e-9)
    assert found["std_dev"] == pytest.approx(np.std(expected), rel=1e-9)
    assert found["sum"] == pytest.approx(math.fsum(expected), rel=1e-9)


@pytest.mark.parametrize("name", ["age", "rate"])
def test_the_sketch_and_the_buckets_are_within_their_error(baseline: Left, name: str) -> None:
    kll = baseline.statistics[name]["numerical_statistics"]["distribution"]["kll"]
    values = np.sort(numbers(name))
    items = sorted((item, 2**level) for level, data in enumerate(kll["sketch"]["data"]) for item in data)
    kept = np.array([item for item, _ in items])
    ranks = np.cumsum([weight for _, weight in items])

    assert kll["sketch"]["parameters"] == {"c": 0.64, "k": 2048.0}
    assert ranks[-1] == pytest.approx(len(values), rel=0.01)
    # Ranks are off by a few thousandths at k = 2048 (Karnin, Lang, Liberty, 2016).
    true_ranks = np.searchsorted(values, kept, side="right")
    last_of_equal = np.append(kept[1:] != kept[:-1], True)
    assert np.abs(ranks - true_ranks)[last_of_equal].max() / len(values) < 0.01
    edges = [bucket["lower_bound"] for bucket in kll["buckets"]] + [kll["buckets"][-1]["upper_bound"]]
    assert edges == pytest.approx(np.linspace(values.min(), values.max(), 11))
    counts, _ = np.histogram(values, bins=edges)
    found = [bucket["count"] for bucket in kll["buckets"]]
    assert found == pytest.approx(counts, abs=0.02 * len(values))


def test_categories_are_counted(baseline: Left) -> None:
    found = baseline.statistics["city"]["string_statistics"]
    buckets = {each["value"]: each["count"] for each in found["distribution"]["categorical"]["buckets"]}

    assert buckets == Counter(row["city"] for row in ROWS)
    assert found["distinct_count"] == len(CITIES)
    # Deequ tells a thousand values of a column in detail, and counts them all.
    notes = baseline.statistics["note"]["string_statistics"]
    assert notes["distinct_count"] == len(ROWS)
    assert len(notes["distribution"]["categorical"]["buckets"]) == 1000


def test_suggested_constraints_are_what_the_baseline_keeps(baseline: Left) -> None:
    document = baseline.document("constraints.json")
    suggested = features(document)

    assert suggested["age"]["num_constraints"] == {"is_non_negative": True}
    assert suggested["rate"]["num_constraints"] == {"is_non_negative": False}
    assert suggested["rate"]["completeness"] == pytest.approx(len(numbers("rate")) / len(ROWS))
    assert suggested["city"]["string_constraints"] == {"domains": sorted(CITIES)}
    assert "string_constraints" not in suggested["note"]
    assert suggested["gone"] == {"name": "gone", "inferred_type": "Unknown", "completeness": 0.0}
    # The thresholds of the files in the SDK's own tests.
    config = document["monitoring_config"]
    assert (config["datatype_check_threshold"], config["domain_content_threshold"]) == (1.0, 1.0)
    assert config["distribution_constraints"]["comparison_threshold"] == 0.1
    assert config["distribution_constraints"]["comparison_method"] == "Robust"


def test_a_baseline_emits_metrics_for_every_feature(baseline: Left) -> None:
    names = {metric["MetricName"] for metric in baseline.metrics}

    assert names == {f"feature_non_null_{name}" for name in COLUMNS} | {
        "feature_data_age",
        "feature_data_rate",
    }


def numeric_parts(statistics: dict[str, Any]) -> dict[str, Any]:
    """All but what depends on the order of the rows."""
    parts: dict[str, Any] = {}
    for name in ("age", "rate"):
        found = statistics[name]["numerical_statistics"]
        parts[name] = [found["common"], found["min"], found["max"], pytest.approx(found["mean"], rel=1e-9)]
    parts["city"] = statistics["city"]["string_statistics"]["distinct_count"]
    parts["cities"] = {
        each["value"]: each["count"]
        for each in statistics["city"]["string_statistics"]["distribution"]["categorical"]["buckets"]
    }
    return parts


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "captured"])
def test_the_same_rows_in_another_format_give_the_same_statistics(
    left: dict[str, Left], baseline: Left, kind: str
) -> None:
    again = left[kind]

    assert numeric_parts(again.statistics) == numeric_parts(baseline.statistics)
    if kind == "captured":
        assert again.violations == set()


def test_any_user_may_run_it_on_a_read_only_root(monitor_image: str, tmp_path: Path) -> None:
    again = run_one(
        monitor_image,
        tmp_path,
        JobOf({"rows.csv": csv_text(ROWS[:50], header=False)}, HEADERLESS),
        user="12345:12345",
        read_only=True,
        tmpfs={"/tmp": ""},
        network_mode="none",
    )

    assert again.exit_code == 0, again.message
    assert list(again.statistics) == ["_c0", "_c1", "_c2", "_c3", "_c4"]
