"""The loop closed: rows that drift are told by a monitor and become a version that waits for a decision.

`make drift` sends and follows; what is asserted is read from what the services hold. Each drill has
an hour of its own, so none sees another's requests.
"""

import csv
import hashlib
import io
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.support.bank_runs import BUCKET
from tests.support.compose_services import Services
from tests.support.project_runs import Ended

RETRAINING = "slipway-bank-retraining"
ROWS = 100
# Each drill of these tests starts a retraining, an hour after the one before.
AT_ONCE = ("--set", "monitoring.retraining.cool_down=PT0H", "--set", "monitoring.retraining.per_day=24")

Drill = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def drill(services: Services, ran: Ended) -> Drill:
    """`make drift` on the deployed model, to its end; returns build/drift.json."""
    assert ran.returncode == 0

    def carried_out(kind: str, *arguments: str) -> dict[str, Any]:
        ended = services.bank(
            *("drift", "--kind", kind, "--rows", str(ROWS), *AT_ONCE),
            *("--api-url", f"http://localhost:{services.api_port}"),
            *("--emulator-port", str(services.emulator_port), *arguments),
        )
        assert ended.returncode == 0, ended.all_that_it_said
        return ended.written("drift")

    return carried_out


@pytest.fixture(scope="module")
def aged(drill: Drill) -> dict[str, Any]:
    """Ages that have grown, followed until a new version waits."""
    return drill("age")


def test_missing_labels_are_an_alert_of_their_own_and_start_nothing(services: Services, drill: Drill) -> None:
    before = retrainings(services)

    record = drill("labels-missing")

    assert record["labels"] == 0
    (alert,) = alerts(record, "Monitoring Ground Truth Missing")
    assert (alert["monitor"], alert["endpoint"]) == ("model-quality", "slipway-bank")
    assert (alert["window_start"], alert["window_end"]) == tuple(record["window"].values())
    model_quality = record["monitors"]["model-quality"]
    assert model_quality["status"] == "Failed"
    assert "no ground truth found" in model_quality["failure_reason"]
    # A person reads the same.
    assert any("no ground truth" in message for message in record["messages"])
    assert retrainings(services) == before


def test_grown_ages_are_a_drift_and_start_a_retraining(services: Services, aged: dict[str, Any]) -> None:
    (alert,) = alerts(aged, "Monitoring Violations", "data-quality")

    assert "baseline_drift_check" in checks(alert, "age")
    assert alert["report_uri"] == report_of(aged)
    assert aged["retraining"]["execution_arn"] in retrainings(services)


def test_the_loop_ends_with_a_version_that_waits_trained_on_the_drifted_rows_with_their_labels(
    services: Services, ran: Ended, aged: dict[str, Any]
) -> None:
    execution_id = aged["retraining"]["execution_arn"].rpartition("/")[2]
    s3 = services.bank.localstack.client("s3")
    key = f"incoming/retraining-{execution_id}/training-set.csv"
    trained_on = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    package = services.bank.version(aged["model_package"]["version"])

    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["CustomerMetadataProperties"]["data-sha256"] == hashlib.sha256(trained_on).hexdigest()
    assert aged["model_package"]["model_digest"] != ran.record["model_digest"]
    assert services.bank.served_version() != aged["model_package"]["version"]
    # The rows of the first training, and after them those that were sent: live rows, older by up to fifty.
    base, captured = rows_of(trained_on)[:-ROWS], rows_of(trained_on)[-ROWS:]
    assert len(base) == ran.record["data"]["rows"]
    ages = ages_by_the_rest(rows_of(live(services, ran)))
    grown = [older_by(int(row["age"]), ages[rest_of(row)]) for row in captured]
    assert len(grown) == ROWS
    assert sum(grown) > ROWS


@pytest.mark.skipif("SLIPWAY_SOAK" not in os.environ, reason="a minute more of the same loop: make soak")
def test_a_number_told_in_words_is_another_type_and_starts_a_retraining(
    services: Services, aged: dict[str, Any], drill: Drill
) -> None:
    assert aged

    record = drill("type", "--only-started")

    (alert,) = alerts(record, "Monitoring Violations", "data-quality")
    assert "data_type_check" in checks(alert, "age")
    stop(services, record)


def test_wrong_labels_are_a_worse_model_and_start_a_retraining(
    services: Services, aged: dict[str, Any], drill: Drill
) -> None:
    assert aged

    record = drill("labels", "--only-started")

    (alert,) = alerts(record, "Monitoring Violations", "model-quality")
    assert "LessThanThreshold" in checks(alert, "accuracy")
    assert record["labels"] == ROWS
    stop(services, record)


def alerts(record: dict[str, Any], detail_type: str, monitor: str = "model-quality") -> list[dict[str, Any]]:
    """The details of the events that were heard on the bus."""
    heard = [event["detail"] for event in record["alerts"] if event["detail-type"] == detail_type]
    return [detail for detail in heard if detail["monitor"] == monitor]


def checks(alert: dict[str, Any], name: str) -> list[str]:
    """Which checks a feature, or a metric, does not pass."""
    return [
        each["constraint_check_type"]
        for each in alert["violations"]
        if name in (each.get("feature_name"), each.get("metric_name"))
    ]


def report_of(record: dict[str, Any]) -> str:
    """Where the report of a window is: below the hour of the schedule, which is its end."""
    hour = record["window"]["end"].removesuffix(":00:00Z").replace("-", "/").replace("T", "/")
    return f"s3://{BUCKET}/monitoring/data-quality/{hour}"


def retrainings(services: Services) -> list[str]:
    """Every execution of the retraining pipeline; none where there is no such pipeline yet."""
    sagemaker = services.bank.sagemaker
    if RETRAINING not in [each["PipelineName"] for each in sagemaker.list_pipelines()["PipelineSummaries"]]:
        return []
    listed = sagemaker.list_pipeline_executions(PipelineName=RETRAINING)["PipelineExecutionSummaries"]
    return [item["PipelineExecutionArn"] for item in listed]


def stop(services: Services, record: dict[str, Any]) -> None:
    """That it has started is all that is asked of it."""
    arn = record["retraining"]["execution_arn"]
    assert arn in retrainings(services)
    # It may have ended while the other monitor was looked on.
    with suppress(ClientError):
        services.bank.sagemaker.stop_pipeline_execution(
            PipelineExecutionArn=arn, ClientRequestToken=uuid4().hex
        )


def live(services: Services, ran: Ended) -> bytes:
    """The rows that the deployed version was not trained on."""
    key = f"executions/{ran.record['execution_id']}/preprocess/live/live.csv"
    body: bytes = services.bank.localstack.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def rest_of(row: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """All of a row but its age, the label too."""
    return tuple(sorted((name, cell) for name, cell in row.items() if name != "age"))


def older_by(age: int, before: list[int]) -> int:
    """By how many years, 50 at most, where rows that are alike but for their age were that old."""
    return min(age - each for each in before if 0 <= age - each <= 50)


def ages_by_the_rest(rows: list[dict[str, str]]) -> dict[tuple[tuple[str, str], ...], list[int]]:
    found: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for row in rows:
        found.setdefault(rest_of(row), []).append(int(row["age"]))
    return found
