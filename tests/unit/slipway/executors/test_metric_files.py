"""What is read of the metric files that a monitoring job leaves."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from slipway.executors.metric_files import LONGEST_LINE_BYTES, metric_data, namespace_of
from slipway.resources.resource import Key, Kind, Owner, Resource

KEY = Key(Owner("000000000000", "us-east-1"), Kind.PROCESSING_JOB, "watch")
SCHEDULE = f"arn:aws:sagemaker:us-east-1:{KEY.owner.account_id}:monitoring-schedule/hourly"
# Developer guide, "CloudWatch Metrics for Bring Your Own Containers" (contracts, 5.9).
METRIC = {
    "MetricName": "feature_non_null_age",
    "Timestamp": "2026-01-31T22:00:00Z",
    "Dimensions": [
        {"Name": "Endpoint", "Value": "churn"},
        {"Name": "MonitoringSchedule", "Value": "hourly"},
    ],
    "Value": 1.0,
}
STATISTICS = {"SampleCount": 3, "Sum": 6.0, "Minimum": 1.0, "Maximum": 3.0}
TEN_O_CLOCK = 1769896800.0


def job(environment: dict[str, str] | None = None, **document: Any) -> Resource:
    return Resource(KEY, 0.0, 0.0, document={"Environment": environment or {}, **document})


def written(home: Path, *lines: Any, name: str = "cloudwatch_metrics.jsonl") -> Path:
    """A host's /opt/ml/output with those lines in a file."""
    folder = home / "metrics" / "cloudwatch"
    folder.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (folder / name).write_text("\n".join(texts) + "\n", "utf-8")
    return home


@pytest.mark.parametrize(
    ("analysis", "suffix"),
    [
        # contracts 5.1 and 5.9.
        (None, "data-metrics"),
        ("MODEL_QUALITY", "model-metrics"),
        ("MODEL_BIAS", "bias-metrics"),
        ("MODEL_EXPLAINABILITY", "explainability-metrics"),
    ],
)
def test_the_namespace_goes_by_what_is_analysed(analysis: str | None, suffix: str) -> None:
    environment = {"analysis_type": analysis} if analysis else {}

    monitoring = job(environment, MonitoringScheduleArn=SCHEDULE)

    assert namespace_of(monitoring) == f"aws/sagemaker/Endpoints/{suffix}"


def test_a_job_that_no_schedule_started_has_no_metrics() -> None:
    assert namespace_of(job({"sagemaker_monitoring_schedule_name": "hourly"})) is None


def test_values_and_statistics_are_read_as_put_metric_data_takes_them(tmp_path: Path) -> None:
    numbers = {name: value for name, value in METRIC.items() if name != "Value"}
    home = written(tmp_path, METRIC, {**numbers, "StatisticValues": STATISTICS, "Unit": "Count"})

    data = list(metric_data(job(), home))

    assert data == [
        {**METRIC, "Timestamp": TEN_O_CLOCK},
        {**numbers, "Timestamp": TEN_O_CLOCK, "StatisticValues": STATISTICS, "Unit": "Count"},
    ]


def test_every_jsonl_file_is_read_and_no_other(tmp_path: Path) -> None:
    written(tmp_path, METRIC, name="b.jsonl")
    written(tmp_path, {**METRIC, "MetricName": "first"}, name="a.jsonl")
    home = written(tmp_path, METRIC, name="notes.txt")

    assert [each["MetricName"] for each in metric_data(job(), home)] == ["first", "feature_non_null_age"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "it is no JSON"),
        ("[]", "it is no object"),
        ({**METRIC, "Value": float("nan")}, "Value is no number: nan"),
        ({**METRIC, "Value": True}, "Value is no number: True"),
        ({**METRIC, "Value": "1"}, "Value is no number: '1'"),
        ({**METRIC, "StatisticValues": STATISTICS}, "one of Value and StatisticValues"),
        ({"MetricName": "x", "Timestamp": 1, "StatisticValues": {"Sum": 1}}, "StatisticValues must have"),
        ({**METRIC, "MetricName": ""}, "MetricName must be a text of 1 to 255 characters"),
        ({**METRIC, "MetricName": "x" * 256}, "MetricName must be a text of 1 to 255 characters"),
        ({**METRIC, "Timestamp": "yesterday"}, "Timestamp must be such as"),
        ({**METRIC, "Timestamp": 1e300}, "Timestamp must be such as"),
        ({**METRIC, "Timestamp": None}, "Timestamp must be such as"),
        ({**METRIC, "Dimensions": [{"Name": "Endpoint"}]}, "each of Dimensions must have Name and Value"),
        ({**METRIC, "Namespace": "mine"}, "it has Namespace, which no metric has"),
        ({**METRIC, "MetricName": "x" * LONGEST_LINE_BYTES}, "longer than a metric can be"),
    ],
)
def test_a_line_that_is_no_metric_is_named_and_the_others_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, line: Any, reason: str
) -> None:
    home = written(tmp_path, METRIC, line, METRIC)

    with caplog.at_level(logging.WARNING):
        data = list(metric_data(job(), home))

    assert [each["MetricName"] for each in data] == ["feature_non_null_age"] * 2
    (message,) = caplog.messages
    assert "file=cloudwatch_metrics.jsonl line=2" in message
    assert reason in message


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    elsewhere = written(tmp_path / "elsewhere", METRIC)
    home = tmp_path / "output"
    home.mkdir()
    (home / "metrics").symlink_to(elsewhere / "metrics")

    assert list(metric_data(job(), home)) == []


def test_a_job_without_files_has_no_metrics(tmp_path: Path) -> None:
    assert list(metric_data(job(), tmp_path)) == []
