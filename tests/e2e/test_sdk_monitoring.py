"""The SageMaker SDKs' own monitors, v2 and v3, unmodified, over an endpoint whose calls are captured.

They name AWS's analyzer, for which the monitor image stands. What they find is what was sent, and the
metrics of it are in CloudWatch.
"""

import json
import math
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docker
import pytest

from scripts.commands import ROOT
from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.endpoints import Endpoints, capture_to, endpoints_of, variant
from tests.support.localstack_calls import fresh
from tests.support.scripted_server import scripted_server_image
from tests.support.sdk_monitoring import Request
from tests.support.sdk_shell import PYTHONS, environment

PROGRAM_SECONDS = 600
# An image is found by repository and tag, whatever its registry: this one is the tests' own.
ANALYZER = "slipway-tests.local/sagemaker-model-monitor-analyzer"
CITIES = ("graz", "linz", "wien")
ROWS, CALLS = 300, 60
# So much older are all who ask than those of the baseline.
YEARS = 60


@pytest.fixture(scope="module")
def endpoint(emulator: Emulator, preprocess_image: str, monitor_image: str) -> Iterator[str]:
    """An endpoint that says what it was asked, has been asked, and captures both."""
    with closing(docker.from_env()) as engine, scripted_server_image(preprocess_image) as image:
        engine.images.get(monitor_image).tag(ANALYZER)
        try:
            with endpoints_of(emulator, image) as endpoints:
                yield asked(endpoints)
        finally:
            engine.images.remove(f"{ANALYZER}:latest", noprune=True)


def asked(endpoints: Endpoints) -> str:
    capture = capture_to(f"s3://{endpoints.emulator.bucket}/captured")
    config = endpoints.config(variant(endpoints.model()), DataCaptureConfig=capture)
    name = endpoints.in_service(config)
    body = "".join(f"{age + YEARS},{city}\n" for age, city in people(CALLS))
    endpoints.invoke(name, body.encode(), ContentType="text/csv")
    return name


def people(count: int) -> list[tuple[int, str]]:
    """Ages from 20 to 49, and cities."""
    return [(20 + number % 30, CITIES[number % 3]) for number in range(count)]


@pytest.fixture(scope="module")
def v2(emulator: Emulator, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the SDK v2 has found, with a baseline that it made itself."""
    put(emulator, f"{endpoint}/rows.csv", people(ROWS))
    return told("v2", emulator, endpoint, tmp_path_factory.mktemp("v2"), rows="rows.csv")


@pytest.fixture(scope="module")
def v3(
    emulator: Emulator, endpoint: str, v2: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the SDK v3 has found, compared with the same baseline."""
    assert v2["baseline"], "the baseline is the other's"
    put(emulator, f"{endpoint}/older.csv", [(age + YEARS, city) for age, city in people(CALLS)])
    return told("v3", emulator, endpoint, tmp_path_factory.mktemp("v3"), checked="older.csv")


def put(emulator: Emulator, key: str, rows: list[tuple[int, str]]) -> None:
    """Store what an endpoint captures of such calls as a file with a header."""
    lines = ["said_age,said_city,age,city", *(f"{age},{city},{age},{city}" for age, city in rows)]
    emulator.s3.put_object(Bucket=emulator.bucket, Key=key, Body="\n".join(lines) + "\n")


def told(
    version: str,
    emulator: Emulator,
    endpoint: str,
    folder: Path,
    rows: str | None = None,
    checked: str | None = None,
) -> dict[str, Any]:
    place = f"s3://{emulator.bucket}/{endpoint}"
    request = Request(
        schedule_name=fresh(f"monitor-{version}"),
        endpoint_name=endpoint,
        rows_uri=rows and f"{place}/{rows}",
        baseline_uri=f"{place}/baseline",
        output_uri=f"{place}/reports/{version}",
        checked_uri=checked and f"{place}/{checked}",
    )
    ended = subprocess.run(
        [str(PYTHONS[version]), "-m", "tests.support.sdk_monitoring", version, str(folder / "results.json")],
        check=False,
        cwd=ROOT,
        env=environment(emulator.localstack.endpoint_url, folder),
        input=json.dumps(asdict(request)),
        capture_output=True,
        text=True,
        timeout=PROGRAM_SECONDS,
    )
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-6000:]
    return {"name": request.schedule_name, **json.loads((folder / "results.json").read_text("utf-8"))}


def test_a_monitor_suggests_a_baseline(v2: dict[str, Any]) -> None:
    assert v2["baseline"]["dataset"]["item_count"] == ROWS
    types = {each["name"]: each["inferred_type"] for each in v2["suggested"]["features"]}
    assert (types["age"], types["city"]) == ("Integral", "String")


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_a_monitor_finds_the_drift_and_raises_its_alert(version: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(version)

    assert found["execution"]["MonitoringExecutionStatus"] == "CompletedWithViolations"
    assert found["jobs"] == ["Completed"]
    assert found["statistics"]["dataset"]["item_count"] == CALLS
    violations = found["violations"]["violations"]
    assert sorted((each["feature_name"], each["constraint_check_type"]) for each in violations) == [
        ("age", "baseline_drift_check"),
        ("said_age", "baseline_drift_check"),
    ]
    assert found["alert"] == ["InAlert", "InAlert"]


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_a_monitor_leaves_no_definition(version: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(version)["definitions"] == []


def test_a_pipelines_check_fails_over_the_same_drift_and_names_the_report(
    emulator: Emulator, endpoint: str, v3: dict[str, Any]
) -> None:
    check = v3["check"]
    place = f"s3://{emulator.bucket}/{endpoint}"

    report = f"{place}/reports/v3/check/constraint_violations.json"
    assert check["StepStatus"] == "Failed"
    assert check["FailureReason"] == f"ClientError: Quality check failed. See violation report {report}"
    shown = check["Metadata"]["QualityCheck"]
    assert shown["ViolationReport"] == report
    assert shown["CalculatedBaselineStatistics"] == f"{place}/reports/v3/check/statistics.json"
    assert shown["BaselineUsedForDriftCheckStatistics"] == f"{place}/baseline/statistics.json"


def test_the_metrics_of_an_execution_are_in_cloudwatch(
    emulator: Emulator, endpoint: str, v2: dict[str, Any]
) -> None:
    dimensions = [
        {"Name": "Endpoint", "Value": endpoint},
        {"Name": "MonitoringSchedule", "Value": v2["name"]},
    ]
    now = datetime.now(UTC)

    def drift() -> float | None:
        # contracts, 5.9: the names, the dimensions and the namespace, which has no slash before it.
        points = emulator.localstack.client("cloudwatch").get_metric_statistics(
            Namespace="aws/sagemaker/Endpoints/data-metrics",
            MetricName="feature_baseline_drift_age",
            Dimensions=dimensions,
            StartTime=now - timedelta(hours=2),
            EndTime=now + timedelta(hours=1),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return points[0]["Maximum"] if points else None

    # Nobody of the hour is as young as anybody of the baseline, and images/monitor/README.md says what
    # Robust takes from a distance of 1.
    robust = 1 - 1.8 * math.sqrt((ROWS + CALLS) / (ROWS * CALLS))
    assert wait_until(drift, "the metric in CloudWatch", 60) == pytest.approx(robust, rel=1e-9)
