import pytest
from slipway.clock import SystemClock
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.telemetry.telemetry import Telemetry, log_stream

OWNER = Owner("000000000000", "us-east-1")


def resource(kind: Kind, created_at: float = 1575930435.7) -> Resource:
    return Resource(Key(OWNER, kind, "x"), created_at, created_at)


@pytest.mark.parametrize(
    ("kind", "host", "group", "name"),
    [
        # Developer guide, "Log Amazon SageMaker events with Amazon CloudWatch".
        (Kind.TRAINING_JOB, "algo-2", "/aws/sagemaker/TrainingJobs", "x/algo-2-1575930435"),
        (Kind.PROCESSING_JOB, "algo-1", "/aws/sagemaker/ProcessingJobs", "x/algo-1-1575930435"),
        (Kind.ENDPOINT, "AllTraffic/i-1", "/aws/sagemaker/Endpoints/x", "AllTraffic/i-1"),
    ],
)
def test_groups_and_streams_are_called_as_aws_calls_them(
    kind: Kind, host: str, group: str, name: str
) -> None:
    stream = log_stream(resource(kind), host)

    assert (stream.owner, stream.group, stream.name) == (OWNER, group, name)


def test_without_anybody_to_tell_nothing_happens() -> None:
    telemetry = Telemetry(None, SystemClock())
    job = resource(Kind.TRAINING_JOB)

    telemetry.start()
    telemetry.on_line(job, "algo-1", 1.0, "line")
    telemetry.on_metric(job, "auc", 0.9, 1.0)
    telemetry.on_metric_data(OWNER, "aws/sagemaker/Endpoints/data-metrics", [{"MetricName": "x", "Value": 1}])
    telemetry.on_invocation(OWNER, "e", "v", 200, 1.0, 1.0)
    telemetry.settle(job)
    telemetry.close()
