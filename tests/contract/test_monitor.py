"""The monitor image keeps Model Monitor's contract, and its statistics are right.

A JVM starts in every job, so jobs are few and their outputs are shared.
"""

import io
import json
import math
import os
import random
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.support.containers import Ended, run_job
from tests.support.localstack import LocalStack
from tests.support.monitor_data import (
    CITIES,
    COLUMNS,
    Row,
    captured,
    csv_text,
    features,
    json_lines,
    rows,
    write_monitoring_root,
)
from tests.support.preprocess_data import outputs_of

README = Path(__file__).parents[2] / "images" / "monitor" / "README.md"
V2_PYTHON = Path(__file__).parents[2] / ".venv-sdk-v2" / "bin" / "python"
SCHEMAS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "model_monitor_schemas.json").read_text(encoding="utf-8")
)
NO_VIOLATIONS = "Completed: Job completed successfully with no violations."
CSV = {"dataset_format": '{"csv": {"header": true}}'}
HEADERLESS = {"dataset_format": '{"csv": {"header": false}}'}
JSON_LINES = {"dataset_format": '{"json": {"lines": true}}'}
PARQUET = {"dataset_format": '{"parquet": {}}'}
CAPTURE = {"dataset_format": '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput"]}}'}
METRICS = {"publish_cloudwatch_metrics": "Enabled"}
ROWS = rows()
BASELINE_FILES = ["constraints.json", "statistics.json"]
REPORTS = ["monitoring_report.json", "report.html"]
DRIFT_FILES = ["constraint_violations.json", *BASELINE_FILES]


@dataclass(frozen=True, slots=True)
class Monitored:
    """A job that succeeded."""

    outcome: Ended
    files: dict[str, bytes]
    message: str
    metrics: list[dict[str, Any]]

    def document(self, name: str) -> Any:
        return json.loads(self.files[name])

    @property
    def statistics(self) -> dict[str, Any]:
        return features(self.document("statistics.json"))

    @property
    def violations(self) -> set[tuple[str, str]]:
        return {
            (each["feature_name"], each["constraint_check_type"])
            for each in self.document("constraint_violations.json")["violations"]
        }

    @property
    def baseline(self) -> dict[str, str | bytes]:
        return {name: self.files[name] for name in BASELINE_FILES}


Job = Callable[..., Monitored]


@pytest.fixture(scope="module")
def monitored(monitor_image: str, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Runs a job that succeeds."""

    def run(
        files: dict[str, str | bytes],
        environment: dict[str, str],
        baseline: dict[str, str | bytes] | None = None,
        **options: Any,
    ) -> Monitored:
        root = write_monitoring_root(tmp_path_factory.mktemp("job") / "ml", files, environment, baseline)
        outcome = run_job(monitor_image, [], root, **options)
        assert outcome.exit_code == 0, outcome.stdout + outcome.stderr
        lines = root / "output" / "metrics" / "cloudwatch" / "cloudwatch_metrics.jsonl"
        metrics = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
        result = Monitored(outcome, outputs_of(root), (root / "output" / "message").read_text(), metrics)
        for name, content in result.files.items():
            if name.endswith(".json"):
                jsonschema.validate(json.loads(content), SCHEMAS[name])
        return result

    return run


@pytest.fixture(scope="module")
def baseline(monitored: Job) -> Monitored:
    return monitored({"rows.csv": csv_text(ROWS)}, CSV | METRICS)


def numbers(name: str, table: list[Row] = ROWS) -> Any:
    return np.array([float(row[name]) for row in table if row[name]])


def test_a_baseline_leaves_statistics_and_constraints(baseline: Monitored) -> None:
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
def test_numbers_are_numpys_and_pandas(baseline: Monitored, name: str) -> None:
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
def test_the_sketch_and_the_buckets_are_within_their_error(baseline: Monitored, name: str) -> None:
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


def test_categories_are_counted(baseline: Monitored) -> None:
    found = baseline.statistics["city"]["string_statistics"]
    buckets = {each["value"]: each["count"] for each in found["distribution"]["categorical"]["buckets"]}

    assert buckets == Counter(row["city"] for row in ROWS)
    assert found["distinct_count"] == len(CITIES)
    # Deequ tells a thousand values of a column in detail, and counts them all.
    notes = baseline.statistics["note"]["string_statistics"]
    assert notes["distinct_count"] == len(ROWS)
    assert len(notes["distribution"]["categorical"]["buckets"]) == 1000


def test_suggested_constraints_are_what_the_baseline_keeps(baseline: Monitored) -> None:
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


def test_a_baseline_emits_metrics_for_every_feature(baseline: Monitored) -> None:
    names = {metric["MetricName"] for metric in baseline.metrics}

    assert names == {f"feature_non_null_{name}" for name in COLUMNS} | {
        "feature_data_age",
        "feature_data_rate",
    }


SAME = rows(seed=2)
OTHER_FORMATS = ["jsonl", "parquet", "captured"]


@pytest.fixture(scope="module")
def parquet() -> bytes:
    frame = pd.read_csv(io.StringIO(csv_text(ROWS)), dtype={"gone": "str"})
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


@pytest.fixture(scope="module")
def capture() -> str:
    lines = csv_text(ROWS, header=False).splitlines(keepends=True)
    # Ten records a call.
    calls = [
        (f"2026-01-01T{number % 2:02d}:30:00Z", "".join(lines[number * 10 : number * 10 + 10]), "0.5\n")
        for number in range(len(lines) // 10)
    ]
    return captured(calls)


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


@pytest.mark.parametrize("kind", OTHER_FORMATS)
def test_the_same_rows_in_another_format_give_the_same_statistics(
    monitored: Job, baseline: Monitored, parquet: bytes, capture: str, kind: str
) -> None:
    content, environment = {
        "jsonl": (json_lines(ROWS), JSON_LINES),
        "parquet": (parquet, PARQUET),
        "captured": (capture, CAPTURE),
    }[kind]
    # Captured records have no names of their own: they are the baseline's, by place.
    given = baseline.baseline if kind == "captured" else None

    again = monitored({f"2026/rows.{kind}": content}, environment, given)

    assert numeric_parts(again.statistics) == numeric_parts(baseline.statistics)
    if kind == "captured":
        assert again.violations == set()


def changed(**changes: Callable[[int, str], str]) -> list[Row]:
    """The other sample, with some columns changed."""
    return [
        {name: changes[name](number, value) if name in changes else value for name, value in row.items()}
        for number, row in enumerate(SAME)
    ]


@pytest.fixture(scope="module")
def drifted(monitored: Job, baseline: Monitored) -> Monitored:
    """Every kind of change at once, in a file with another header and without one of the columns."""
    table = changed(
        age=lambda number, value: str(int(value) + 40) if number % 2 else value,
        rate=lambda number, value: value if number % 3 else "",
        city=lambda number, value: "Atlantis" if number % 10 == 0 else value,
    )
    text = csv_text([row | {"extra": "1"} for row in table], columns=("age", "rate", "city", "note", "extra"))
    times = {"metric_time": "2026-01-01T00:00:00Z"}
    names = {"sagemaker_endpoint_name": "ep", "sagemaker_monitoring_schedule_name": "hourly"}
    return monitored({"rows.csv": text}, CSV | METRICS | times | names, baseline.baseline)


def test_each_change_is_the_violation_it_should_be(drifted: Monitored) -> None:
    assert sorted(drifted.files) == sorted(DRIFT_FILES + REPORTS)
    assert drifted.violations == {
        ("age", "baseline_drift_check"),
        ("rate", "completeness_check"),
        ("city", "categorical_values_check"),
        ("extra", "extra_column_check"),
        ("gone", "missing_column_check"),
    }
    assert drifted.message == "CompletedWithViolations: Job completed successfully with 5 violations."


def test_the_report_says_what_the_files_say(drifted: Monitored, baseline: Monitored) -> None:
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
    drifted: Monitored, localstack: LocalStack, tmp_path: Path
) -> None:
    for name in DRIFT_FILES:
        (tmp_path / name).write_bytes(drifted.files[name])
    environment = {
        "AWS_ENDPOINT_URL": localstack.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    outcome = subprocess.run(
        [V2_PYTHON, "-W", "ignore", "-m", "tests.support.sdk_v2_monitoring", tmp_path, "age"],
        cwd=Path(__file__).parents[2],
        env=os.environ | environment,
        check=True,
        capture_output=True,
        text=True,
    )

    read = json.loads(outcome.stdout.splitlines()[-1])
    assert read["statistics"] == drifted.document("statistics.json")
    assert read["constraint_violations"] == drifted.document("constraint_violations.json")
    saved = features(read["saved"])
    assert saved["age"].pop("monitoring_config_overrides") == {"evaluate_constraints": "Disabled"}
    assert saved == features(drifted.document("constraints.json"))


def test_the_distance_of_numbers_is_the_kolmogorov_smirnov_statistic_less_what_chance_gives(
    drifted: Monitored, baseline: Monitored
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


def test_metrics_say_when_where_and_how_far(drifted: Monitored) -> None:
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


def test_another_sample_of_the_same_rows_is_no_drift(monitored: Job, baseline: Monitored) -> None:
    again = monitored({"rows.csv": csv_text(SAME)}, CSV, baseline.baseline)

    # One row in ten has no rate; which share exactly is chance, and so is half a baseline's worth.
    assert again.violations <= {("rate", "completeness_check")}


def test_types_overrides_and_the_chi_squared_test(monitored: Job, baseline: Monitored) -> None:
    constraints = baseline.document("constraints.json")
    for feature in constraints["features"]:
        if feature["name"] == "rate":
            feature["monitoring_config_overrides"] = {"evaluate_constraints": "Disabled"}
    given = {**baseline.baseline, "constraints.json": json.dumps(constraints)}
    table = changed(
        age=lambda _, value: f"about {value}",
        rate=lambda *_: "",
        city=lambda number, _: CITIES[number % 2],
    )

    again = monitored({"rows.csv": csv_text(table)}, CSV | {"categorical_drift_method": "ChiSquared"}, given)

    assert again.violations == {("age", "data_type_check"), ("city", "baseline_drift_check")}
    descriptions = " ".join(
        each["description"] for each in again.document("constraint_violations.json")["violations"]
    )
    assert "Expected data type: Integral, Expected match: 100.0%. Observed: Only 0.0000%" in descriptions
    assert "p-value" in descriptions
    assert again.statistics["age"]["inferred_type"] == "String"


def test_only_calls_of_the_window_and_columns_that_are_not_left_out_count(
    monitored: Job, baseline: Monitored, capture: str
) -> None:
    window = {"start_time": "2026-01-01T01:00:00Z", "end_time": "2026-01-01T02:00:00Z"}

    left_out = {"exclude_features_attribute": "note, gone"}

    again = monitored({"c.jsonl": capture}, CAPTURE | window | left_out, baseline.baseline)

    assert again.document("statistics.json")["dataset"]["item_count"] == len(ROWS) // 2
    assert list(again.statistics) == ["age", "rate", "city"]
    assert again.violations <= {("rate", "completeness_check")}


def test_any_user_may_run_it_on_a_read_only_root(monitored: Job, baseline: Monitored) -> None:
    again = monitored(
        {"rows.csv": csv_text(ROWS[:50], header=False)},
        HEADERLESS,
        user="12345:12345",
        read_only=True,
        tmpfs={"/tmp": ""},
        network_mode="none",
    )

    assert list(again.statistics) == ["_c0", "_c1", "_c2", "_c3", "_c4"]


def test_a_column_of_numbers_turns_to_nan_in_live_data(monitored: Job, baseline: Monitored) -> None:
    again = monitored({"rows.csv": csv_text([ROWS[0] | {"rate": "NaN"}, *ROWS[1:]])}, CSV, baseline.baseline)

    assert again.violations == {("rate", "data_type_check")}
    assert again.statistics["rate"]["inferred_type"] == "Fractional"


@pytest.fixture(scope="module")
def bank_rows(preprocess_image: str, bank_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What Pipeline I makes of bank's real rows for a monitor to compare with."""
    from orchestration.project import load_project
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


def test_bank_with_older_clients_in_a_hundred_rows_drifts_in_age_alone(
    monitored: Job, bank_rows: str
) -> None:
    frame = pd.read_csv(io.StringIO(bank_rows))
    live = frame.sample(100, random_state=0).copy()
    source = random.Random(0)
    # Ages are scaled in baseline.csv: (age - mean) / deviation, of 10.6 years over all rows.
    live["age"] += [source.randint(0, 50) / 10.6 for _ in range(len(live))]

    before = monitored({"baseline.csv": bank_rows}, CSV)
    after = monitored({"live.csv": live.to_csv(index=False)}, CSV, before.baseline)

    assert len(before.statistics) == frame.shape[1]
    mean = before.statistics["age"]["numerical_statistics"]["mean"]
    assert mean == pytest.approx(frame["age"].mean(), abs=1e-9)
    assert ("age", "baseline_drift_check") in after.violations
    drifted = {name for name, check in after.violations if check == "baseline_drift_check"}
    assert drifted == {"age"}
