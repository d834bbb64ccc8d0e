"""What the monitor image says of data that is not as its baseline."""

import io
import json
import math
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scripts.commands import ROOT
from tests.support.containers import run_job
from tests.support.localstack import LocalStack
from tests.support.monitor_data import CITIES, Row, captured, csv_text, features, rows
from tests.support.monitored import CSV, DRIFT_FILES, METRICS, REPORTS, JobOf, Left, run_jobs
from tests.support.preprocess_data import outputs_of
from tests.support.sdk_shell import PYTHONS, environment

CAPTURE = {"dataset_format": '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput"]}}'}
ROWS = rows()
SAME = rows(seed=2)


def numbers(name: str, table: list[Row] = ROWS) -> Any:
    return np.array([float(row[name]) for row in table if row[name]])


def changed(**changes: Callable[[int, str], str]) -> list[Row]:
    """The other sample, with some columns changed."""
    return [
        {name: changes[name](number, value) if name in changes else value for name, value in row.items()}
        for number, row in enumerate(SAME)
    ]


def one_a_call() -> str:
    lines = csv_text(ROWS, header=False).splitlines(keepends=True)
    return captured(
        (f"2026-01-01T{number % 2:02d}:30:00Z", line, "0.5\n") for number, line in enumerate(lines)
    )


def every_change_at_once() -> JobOf:
    """In a file with another header and without one of the columns."""
    table = changed(
        age=lambda number, value: str(int(value) + 40) if number % 2 else value,
        rate=lambda number, value: value if number % 3 else "",
        city=lambda number, value: "Atlantis" if number % 10 == 0 else value,
    )
    text = csv_text([row | {"extra": "1"} for row in table], columns=("age", "rate", "city", "note", "extra"))
    times = {"metric_time": "2026-01-01T00:00:00Z"}
    names = {"sagemaker_endpoint_name": "ep", "sagemaker_monitoring_schedule_name": "hourly"}
    return JobOf({"rows.csv": text}, CSV | METRICS | times | names, "baseline")


# As a person writes them, who has no opinion on the rate.
CONSTRAINTS = {
    "version": 0.0,
    "features": [
        {"name": "age", "inferred_type": "Integral", "completeness": 1.0},
        {
            "name": "rate",
            "inferred_type": "Fractional",
            "completeness": 1.0,
            "monitoring_config_overrides": {"evaluate_constraints": "Disabled"},
        },
        {"name": "city", "inferred_type": "String", "completeness": 1.0},
        {"name": "note", "inferred_type": "String", "completeness": 1.0},
        {"name": "gone", "inferred_type": "Unknown", "completeness": 0.0},
    ],
}


def other_types() -> JobOf:
    table = changed(
        age=lambda _, value: f"about {value}",
        rate=lambda *_: "",
        city=lambda number, _: CITIES[number % 2],
    )
    environment = {
        "categorical_drift_method": "ChiSquared",
        "baseline_constraints": "/opt/ml/processing/input/constraints.json",
    }
    files = {"rows.csv": csv_text(table), "../constraints.json": json.dumps(CONSTRAINTS)}
    return JobOf(files, CSV | environment, "baseline")


@pytest.fixture(scope="module")
def bank_rows(preprocess_image: str, bank_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What Pipeline I makes of bank's real rows for a monitor to compare with."""
    from orchestration.project_file import load_project
    from orchestration.schema import schema_document
    from tests.support.preprocess_data import write_processing_root

    root = write_processing_root(
        tmp_path_factory.mktemp("bank") / "ml",
        {"bank.csv": bank_csv.read_bytes()},
        schema_document(load_project("bank")),
    )
    outcome = run_job(preprocess_image, [], root)
    assert outcome.exit_code == 0, outcome.stderr
    return outputs_of(root)["baseline/baseline.csv"].decode()


def older_clients(bank_rows: str) -> str:
    """A hundred live rows whose ages are up to fifty years higher."""
    live = pd.read_csv(io.StringIO(bank_rows)).sample(100, random_state=0).copy()
    source = random.Random(0)
    # Ages are scaled in baseline.csv: (age - mean) / deviation, of 10.6 years over all rows.
    live["age"] += [source.randint(0, 50) / 10.6 for _ in range(len(live))]
    text: str = live.to_csv(index=False)
    return text


@pytest.fixture(scope="module")
def left(monitor_image: str, bank_rows: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Left]:
    """Every job below, in one container."""
    window = {"start_time": "2026-01-01T01:00:00Z", "end_time": "2026-01-01T02:00:00Z"}
    left_out = {"exclude_features_attribute": "note, gone"}
    not_a_number = csv_text([ROWS[0] | {"rate": "NaN"}, *ROWS[1:]])
    jobs = {
        "baseline": JobOf({"rows.csv": csv_text(ROWS)}, CSV),
        "drifted": every_change_at_once(),
        "another sample": JobOf({"rows.csv": csv_text(SAME)}, CSV, "baseline"),
        "other types": other_types(),
        "window": JobOf({"c.jsonl": one_a_call()}, CAPTURE | window | left_out, "baseline"),
        "NaN": JobOf({"rows.csv": not_a_number}, CSV, "baseline"),
        "bank": JobOf({"baseline.csv": bank_rows}, CSV),
        "older clients": JobOf({"live.csv": older_clients(bank_rows)}, CSV, "bank"),
    }
    return run_jobs(monitor_image, tmp_path_factory.mktemp("drift"), jobs)


@pytest.fixture(scope="module")
def drifted(left: dict[str, Left]) -> Left:
    return left["drifted"]


@pytest.fixture(scope="module")
def baseline(left: dict[str, Left]) -> Left:
    return left["baseline"]


def test_each_change_is_the_violation_it_should_be(drifted: Left) -> None:
    assert sorted(drifted.files) == sorted(DRIFT_FILES + REPORTS)
    assert drifted.violations == {
        ("age", "baseline_drift_check"),
        ("rate", "completeness_check"),
        ("city", "categorical_values_check"),
        ("extra", "extra_column_check"),
        ("gone", "missing_column_check"),
    }
    assert drifted.message == "CompletedWithViolations: Job completed successfully with 5 violations."


def test_the_report_says_what_the_files_say(drifted: Left, baseline: Left) -> None:
    report = drifted.document("monitoring_report.json")

    assert (report["analysis"], report["command"]) == ("data-quality", "drift")
    assert (report["endpoint"], report["schedule"]) == ("ep", "hourly")
    assert (report["rows"], report["violations"]) == (len(SAME), 5)
    assert report["status"] == "CompletedWithViolations"
    by_name = {metric["MetricName"]: metric for metric in drifted.metrics}
    assert set(report["drifts"]) == {"age", "rate", "city", "note"}
    for name, distance in report["drifts"].items():
        assert by_name[f"feature_baseline_drift_{name}"]["Value"] == distance
    before = baseline.document("monitoring_report.json")
    assert (before["command"], before["status"], before["drifts"]) == ("baseline", "Completed", {})


def test_the_sdk_v2_reads_a_jobs_files_and_changes_them(
    drifted: Left, localstack: LocalStack, tmp_path: Path
) -> None:
    for name in DRIFT_FILES:
        (tmp_path / name).write_bytes(drifted.files[name])

    outcome = subprocess.run(
        [PYTHONS["v2"], "-W", "ignore", "-m", "tests.support.sdk_v2_monitoring", tmp_path, "age"],
        cwd=ROOT,
        env=environment(localstack.endpoint_url, tmp_path),
        check=False,
        capture_output=True,
        text=True,
    )

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    read = json.loads(outcome.stdout.splitlines()[-1])
    assert read["statistics"] == drifted.document("statistics.json")
    assert read["constraint_violations"] == drifted.document("constraint_violations.json")
    saved = features(read["saved"])
    assert saved["age"].pop("monitoring_config_overrides") == {"evaluate_constraints": "Disabled"}
    assert saved == features(drifted.document("constraints.json"))


def test_the_distance_of_numbers_is_the_kolmogorov_smirnov_statistic_less_what_chance_gives(
    drifted: Left, baseline: Left
) -> None:
    now = numbers("age", changed(age=lambda number, value: str(int(value) + 40) if number % 2 else value))
    n, m = len(numbers("age")), len(now)
    expected = stats.ks_2samp(numbers("age"), now).statistic - 1.8 * math.sqrt((n + m) / (n * m))

    (description,) = (
        each["description"]
        for each in drifted.document("constraint_violations.json")["violations"]
        if each["feature_name"] == "age"
    )
    told = re.fullmatch(r"Baseline drift distance: (\S+) exceeds threshold: 0.1", description)
    assert told is not None
    # Both sketches err by up to about 0.2 %.
    assert float(told[1]) == pytest.approx(expected, abs=0.01)


def test_metrics_say_when_where_and_how_far(drifted: Left) -> None:
    by_name = {metric["MetricName"]: metric for metric in drifted.metrics}

    age = by_name["feature_data_age"]["StatisticValues"]
    assert (age["SampleCount"], age["Minimum"]) == (len(SAME), 18.0)
    assert by_name["feature_baseline_drift_age"]["Value"] > 0.1
    assert by_name["feature_baseline_drift_city"]["Value"] < 0.1
    for metric in drifted.metrics:
        assert metric["Timestamp"] == "2026-01-01T00:00:00Z"
        assert metric["Dimensions"] == [
            {"Name": "Endpoint", "Value": "ep"},
            {"Name": "MonitoringSchedule", "Value": "hourly"},
        ]
        assert ("Value" in metric) != ("StatisticValues" in metric)


def test_another_sample_of_the_same_rows_is_no_drift(left: dict[str, Left]) -> None:
    # One row in ten has no rate; which share exactly is chance, and so is half a baseline's worth.
    assert left["another sample"].violations <= {("rate", "completeness_check")}


def test_types_overrides_and_the_chi_squared_test(left: dict[str, Left]) -> None:
    again = left["other types"]

    assert again.violations == {("age", "data_type_check"), ("city", "baseline_drift_check")}
    descriptions = " ".join(
        each["description"] for each in again.document("constraint_violations.json")["violations"]
    )
    assert "Expected data type: Integral, Expected match: 100.0%. Observed: Only 0.0000%" in descriptions
    assert "p-value" in descriptions
    assert again.statistics["age"]["inferred_type"] == "String"


def test_only_calls_of_the_window_and_columns_that_are_not_left_out_count(left: dict[str, Left]) -> None:
    again = left["window"]

    assert again.document("statistics.json")["dataset"]["item_count"] == len(ROWS) // 2
    assert list(again.statistics) == ["age", "rate", "city"]
    assert again.violations <= {("rate", "completeness_check")}


def test_a_column_of_numbers_turns_to_nan_in_live_data(left: dict[str, Left]) -> None:
    again = left["NaN"]

    assert again.violations == {("rate", "data_type_check")}
    assert again.statistics["rate"]["inferred_type"] == "Fractional"


def test_bank_with_older_clients_in_a_hundred_rows_drifts_in_age_alone(
    left: dict[str, Left], bank_rows: str
) -> None:
    frame = pd.read_csv(io.StringIO(bank_rows))
    before, after = left["bank"], left["older clients"]

    assert len(before.statistics) == frame.shape[1]
    mean = before.statistics["age"]["numerical_statistics"]["mean"]
    assert mean == pytest.approx(frame["age"].mean(), abs=1e-9)
    assert ("age", "baseline_drift_check") in after.violations
    drifted = {name for name, check in after.violations if check == "baseline_drift_check"}
    assert drifted == {"age"}
