"""Logs and metrics reach CloudWatch on LocalStack, and are read there as AWS's own clients read them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from slipway.aws import AwsClients
from slipway.clock import SystemClock
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.telemetry.telemetry import Telemetry

from tests.support.containers import wait_until
from tests.support.forwarder import forwarding, port_of
from tests.support.localstack import LocalStack
from tests.support.localstack_calls import fresh

OWNER = Owner("000000000000", "us-east-1")
ELSEWHERE = Owner("111122223333", "eu-west-1")
TRAINING_GROUP = "/aws/sagemaker/TrainingJobs"


@contextmanager
def telling(endpoint_url: str) -> Iterator[Telemetry]:
    telemetry = Telemetry(AwsClients(endpoint_url, "test"), SystemClock())
    telemetry.start()
    try:
        yield telemetry
    finally:
        telemetry.close()


@pytest.fixture
def telemetry(localstack: LocalStack) -> Iterator[Telemetry]:
    with telling(localstack.endpoint_url) as started:
        yield started


def job(kind: Kind = Kind.TRAINING_JOB, owner: Owner = OWNER) -> Resource:
    now = SystemClock().now()
    return Resource(Key(owner, kind, fresh("job")), now, now)


def client(localstack: LocalStack, service: str, owner: Owner) -> Any:
    return boto3.client(
        service,
        endpoint_url=localstack.endpoint_url,
        region_name=owner.region,
        aws_access_key_id=owner.account_id,
        aws_secret_access_key="test",
    )


def lines_of(localstack: LocalStack, group: str, prefix: str, owner: Owner = OWNER) -> dict[str, list[str]]:
    """Every stream that begins so, with its lines."""
    logs = client(localstack, "logs", owner)
    found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"]
    return {
        stream["logStreamName"]: [
            event["message"]
            for event in logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]
        for stream in found
    }


def test_a_settled_job_has_all_its_lines_in_a_stream_for_each_host(
    localstack: LocalStack, telemetry: Telemetry
) -> None:
    training_job = job()
    for number in range(100):
        telemetry.on_line(training_job, "algo-1", training_job.created_at + number / 100, f"line {number}")
    telemetry.on_line(training_job, "algo-2", training_job.created_at, "another host")

    telemetry.settle(training_job, timeout_seconds=20)

    began = int(training_job.created_at)
    assert lines_of(localstack, TRAINING_GROUP, f"{training_job.name}/") == {
        f"{training_job.name}/algo-1-{began}": [f"line {number}" for number in range(100)],
        f"{training_job.name}/algo-2-{began}": ["another host"],
    }


def test_what_is_said_at_the_end_is_brought_before_closing(localstack: LocalStack) -> None:
    processing_job = job(Kind.PROCESSING_JOB)
    with telling(localstack.endpoint_url) as telemetry:
        telemetry.on_line(processing_job, "algo-1", processing_job.created_at, "last words")

    told = lines_of(localstack, "/aws/sagemaker/ProcessingJobs", f"{processing_job.name}/")
    assert list(told.values()) == [["last words"]]


def test_an_endpoint_has_a_group_of_its_own(localstack: LocalStack, telemetry: Telemetry) -> None:
    endpoint = job(Kind.ENDPOINT)
    with telling(localstack.endpoint_url) as telemetry:
        telemetry.on_line(endpoint, "AllTraffic/i-1", endpoint.created_at, "ready")

    group = f"/aws/sagemaker/Endpoints/{endpoint.name}"
    assert lines_of(localstack, group, "AllTraffic/") == {"AllTraffic/i-1": ["ready"]}


def test_an_account_and_region_sees_its_own_lines(localstack: LocalStack, telemetry: Telemetry) -> None:
    here, there = job(), job(owner=ELSEWHERE)
    for training_job in (here, there):
        telemetry.on_line(training_job, "algo-1", training_job.created_at, training_job.name)
        telemetry.settle(training_job, timeout_seconds=20)

    assert lines_of(localstack, TRAINING_GROUP, there.name) == {}
    told = lines_of(localstack, TRAINING_GROUP, there.name, ELSEWHERE)
    assert list(told.values()) == [[there.name]]


def test_lines_and_values_wait_while_nobody_answers_and_keep_their_order(localstack: LocalStack) -> None:
    training_job = job()
    with (
        forwarding(port_of(localstack.endpoint_url), is_listening=False) as way,
        telling(f"http://127.0.0.1:{way.port}") as telemetry,
    ):
        for number in range(10):
            telemetry.on_line(training_job, "algo-1", training_job.created_at, f"{number}")
        telemetry.on_metric(training_job, "auc", 0.5, training_job.created_at)
        # Nobody is there, so this is not waited for to the end.
        telemetry.settle(training_job, timeout_seconds=600)
        way.listen()
        for number in range(10, 20):
            telemetry.on_line(training_job, "algo-1", training_job.created_at, f"{number}")

        def told() -> list[str] | None:
            found = list(lines_of(localstack, TRAINING_GROUP, f"{training_job.name}/").values())
            return found[0] if found and len(found[0]) >= 20 else None

        assert wait_until(told, "the lines to arrive") == [str(number) for number in range(20)]

    assert [point["Sum"] for point in points(localstack, TRAINING_GROUP, "auc", training_job)] == [0.5]


def points(
    localstack: LocalStack, namespace: str, metric: str, training_job: Resource
) -> list[dict[str, Any]]:
    moment = datetime.fromtimestamp(training_job.created_at, UTC)
    found: list[dict[str, Any]] = localstack.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": "TrainingJobName", "Value": training_job.name}],
        StartTime=moment - timedelta(minutes=5),
        EndTime=moment + timedelta(minutes=5),
        Period=600,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return found


def test_a_stream_that_localstack_forgot_is_made_again(localstack: LocalStack, telemetry: Telemetry) -> None:
    training_job = job(owner=Owner("222233334444", "us-east-1"))
    logs = client(localstack, "logs", training_job.key.owner)
    telemetry.on_line(training_job, "algo-1", training_job.created_at, "before")
    telemetry.settle(training_job, timeout_seconds=20)

    logs.delete_log_group(logGroupName=TRAINING_GROUP)
    telemetry.on_line(training_job, "algo-1", training_job.created_at, "after")
    telemetry.settle(training_job, timeout_seconds=20)

    told = lines_of(localstack, TRAINING_GROUP, training_job.name, training_job.key.owner)
    assert list(told.values()) == [["after"]]


def test_a_training_jobs_metrics_are_found_where_the_sdk_looks(localstack: LocalStack) -> None:
    from sagemaker.core.analytics import TrainingJobAnalytics

    training_job = job()
    with telling(localstack.endpoint_url) as telemetry:
        for value in (0.5, 0.75):
            telemetry.on_metric(training_job, "validation:auc", value, training_job.created_at)

    [point] = points(localstack, TrainingJobAnalytics.CLOUDWATCH_NAMESPACE, "validation:auc", training_job)
    assert (point["Sum"], point["SampleCount"]) == (1.25, 2)


def test_invocations_of_a_minute_add_up_from_all_threads(localstack: LocalStack) -> None:
    endpoint = fresh("endpoint")
    with telling(localstack.endpoint_url) as telemetry:

        def invoke() -> None:
            for _ in range(50):
                telemetry.on_invocation(OWNER, endpoint, "v", 200, 2000.0, 100.0)
            telemetry.on_invocation(OWNER, endpoint, "v", 503, 1000.0, 100.0)

        threads = [threading.Thread(target=invoke) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def total(metric: str) -> float:
        now = datetime.now(UTC)
        found = localstack.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[
                {"Name": "EndpointName", "Value": endpoint},
                {"Name": "VariantName", "Value": "v"},
            ],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=10),
            Period=1200,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in found))

    assert total("Invocations") == 204
    assert total("Invocation5XXErrors") == 4
    assert total("Invocation4XXErrors") == 0
    assert total("ModelLatency") == 4 * (50 * 2000 + 1000)
