"""`make monitor` as a person types it: what it sets up, finds, leaves and says where it cannot."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.bank_runs import BUCKET, ENDPOINT, Bank
from tests.support.compose_services import Services
from tests.support.containers import wait_until
from tests.support.project_runs import Ended

MONITORS = ("data-quality", "model-quality")


@pytest.fixture(scope="module")
def bank(services: Services) -> Bank:
    return services.bank


def captured(bank: Bank) -> str:
    """All that the endpoint has captured."""
    s3 = bank.localstack.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"captured/{ENDPOINT}/")
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return "".join(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() for key in keys)


@pytest.fixture(scope="module")
def watched(bank: Bank, ran: Ended) -> Ended:
    """A verb's end, after encoded calls of which some have come true."""
    live = f"executions/{ran.record['execution_id']}/preprocess/live/encoded.csv"
    s3 = bank.localstack.client("s3")
    rows = s3.get_object(Bucket=BUCKET, Key=live)["Body"].read().decode().splitlines()[:60]
    runtime = bank.localstack.client("sagemaker-runtime")
    labels = []
    for number, row in enumerate(rows):
        label, _, encoded = row.partition(",")
        runtime.invoke_endpoint(
            EndpointName=ENDPOINT,
            Body=f"{encoded}\n",
            ContentType="text/csv",
            Accept="text/csv",
            InferenceId=f"call-{number}",
        )
        labels.append(
            {
                # contracts 5.2; a live row's label is its first cell, 1 for the positive word.
                "groundTruthData": {"data": "yes" if float(label) else "no", "encoding": "CSV"},
                "eventMetadata": {"eventId": f"call-{number}"},
                "eventVersion": "0",
            }
        )
    # A raw record: what a monitor of encoded rows leaves out.
    (asked, *_) = ran.record["endpoint"]["answers"]
    runtime.invoke_endpoint(
        EndpointName=ENDPOINT,
        Body=json.dumps({"instances": [asked["row"]]}),
        ContentType="application/json",
        Accept="application/json",
        InferenceId="call-raw",
    )
    body = "".join(f"{json.dumps(label)}\n" for label in labels).encode()
    s3.put_object(Bucket=BUCKET, Key=f"ground-truth/{datetime.now(UTC):%Y/%m/%d/%H}/a.jsonl", Body=body)
    wait_until(lambda: True if '"call-raw"' in captured(bank) else None, "the last call to be captured")
    ended = bank("monitor")
    assert ended.returncode == 0, ended.all_that_it_said
    return ended


def test_both_monitors_say_what_they_found_of_the_newest_hour(watched: Ended) -> None:
    record = watched.written("monitor")

    assert set(record["monitors"]) == set(MONITORS)
    for name in MONITORS:
        found = record["monitors"][name]
        assert found["status"] in ("Completed", "CompletedWithViolations"), found["reason"]
        assert found["status"] in watched.stdout
        # 60 calls of a row each; whoever asked in the same hour is in it too.
        assert found["rows"] >= 60
    assert record["monitors"]["data-quality"]["left_out"] >= 1


def test_the_files_of_both_baselines_and_both_windows_are_left(bank: Bank, watched: Ended) -> None:
    for name in MONITORS:
        found = watched.written("monitor")["monitors"][name]
        folder = bank.build_dir / "monitor" / name
        assert {"statistics.json", "constraints.json"} <= {
            file.name for file in (folder / "baseline").iterdir()
        }
        window = json.loads((folder / "window" / "constraint_violations.json").read_text(encoding="utf-8"))
        assert window["violations"] == found["violations"]
        assert {"statistics.json", "report.html", "monitoring_report.json"} <= {
            file.name for file in (folder / "window").iterdir()
        }
        assert f"{name}/window/report.html" in watched.stdout


def test_metrics_are_in_cloudwatch_under_model_monitors_names(bank: Bank, watched: Ended) -> None:
    assert watched.returncode == 0
    # Developer guide, "CloudWatch Metrics for Bring Your Own Containers": namespaces and names.
    listed = {
        namespace: metric_names(bank, f"aws/sagemaker/Endpoints/{namespace}")
        for namespace in ("data-metrics", "model-metrics")
    }

    assert {"feature_data_age", "feature_baseline_drift_age"} <= listed["data-metrics"]
    assert {"accuracy", "f1"} <= listed["model-metrics"]


def metric_names(bank: Bank, namespace: str) -> set[str]:
    pages = bank.localstack.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=namespace)
    return {item["MetricName"] for page in pages for item in page["Metrics"]}


def test_each_hour_a_schedule_starts_each_monitor_and_tells_it_for_when(bank: Bank, watched: Ended) -> None:
    scheduler = bank.localstack.client("scheduler")
    schedules = scheduler.list_schedules(GroupName="slipway-bank-monitoring")["Schedules"]

    assert sorted(item["Name"] for item in schedules) == [f"slipway-bank-{name}" for name in MONITORS]
    assert watched.written("monitor")["by"] == "pipeline"
    for item in schedules:
        described = scheduler.get_schedule(GroupName="slipway-bank-monitoring", Name=item["Name"])
        asked: dict[str, Any] = json.loads(described["Target"]["Input"])
        assert described["ScheduleExpression"] == "cron(0 * ? * * *)"
        assert asked["PipelineName"] == item["Name"]
        assert asked["PipelineParameters"] == [
            {"Name": "ScheduledTime", "Value": "<aws.scheduler.scheduled-time>"}
        ]


@pytest.mark.usefixtures("watched")
def test_stop_takes_the_schedules_away_and_says_where_there_are_none(bank: Bank) -> None:
    first, second = bank("monitor", "--stop"), bank("monitor", "--stop")

    assert first.returncode == second.returncode == 0, first.all_that_it_said + second.all_that_it_said
    assert "start no more" in first.stdout
    assert "has no schedule" in second.stdout
    schedules = bank.localstack.client("scheduler").list_schedules(GroupName="slipway-bank-monitoring")
    assert schedules["Schedules"] == []
