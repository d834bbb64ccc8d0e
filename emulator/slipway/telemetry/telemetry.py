"""What jobs and endpoints say and do, told to whoever watches on AWS's side."""

from collections.abc import Sequence

from slipway.aws import AwsClients
from slipway.clock import Clock
from slipway.resources.document import Document
from slipway.resources.resource import Kind, Owner, Resource
from slipway.telemetry.backlog import LogStream
from slipway.telemetry.log_shipper import LogShipper
from slipway.telemetry.metrics import MetricShipper

GROUPS = {
    Kind.TRAINING_JOB: "/aws/sagemaker/TrainingJobs",
    Kind.PROCESSING_JOB: "/aws/sagemaker/ProcessingJobs",
}
ENDPOINT_GROUP = "/aws/sagemaker/Endpoints"


class Telemetry:
    """Logs and metrics. Nobody who tells something waits, and nobody fails by it.

    Without clients there is nobody to tell, and nothing happens.
    """

    def __init__(self, clients: AwsClients | None, clock: Clock) -> None:
        self._clock = clock
        self._logs = LogShipper(clients) if clients else None
        self._metrics = MetricShipper(clients) if clients else None

    def start(self) -> None:
        """Begin to bring what is told."""
        if self._logs and self._metrics:
            self._logs.start()
            self._metrics.start()

    def on_line(self, resource: Resource, host: str, time: float, text: str) -> None:
        """A container has written a line; `host` is algo-1, or an endpoint's <variant>/<instance>."""
        if self._logs:
            self._logs.put(log_stream(resource, host), time, text)

    def on_function_line(self, owner: Owner, group: str, stream: str, time: float, text: str) -> None:
        """A function has said a line, or Lambda has of it."""
        if self._logs:
            self._logs.put(LogStream(owner, group, stream), time, text)

    def on_metric(self, resource: Resource, name: str, value: float, time: float) -> None:
        """A training job has told a value of a metric."""
        if self._metrics:
            self._metrics.put(resource.key.owner, resource.name, name, value, time)

    def on_metric_data(self, owner: Owner, namespace: str, data: Sequence[Document]) -> None:
        """A monitoring job has left metrics, as PutMetricData takes them."""
        if self._metrics:
            self._metrics.put_data(owner, namespace, data)

    def on_invocation(
        self,
        owner: Owner,
        endpoint_name: str,
        variant_name: str,
        status: int,
        model_latency_us: float,
        overhead_us: float,
    ) -> None:
        """A variant has answered an invocation with an HTTP status."""
        if self._metrics:
            latencies = (model_latency_us, overhead_us)
            self._metrics.count(owner, endpoint_name, variant_name, self._clock.now(), status, latencies)

    def settle(self, resource: Resource, timeout_seconds: float = 2.0) -> None:
        """Return once every line of a job can be read: clients read its log once, when it has ended."""
        if self._logs:
            stream = log_stream(resource, "")
            prefix = stream.name.partition("/")[0] + "/"
            self._logs.settle(stream.owner, stream.group, prefix, timeout_seconds)

    def close(self) -> None:
        """Bring what is left and stop."""
        if self._logs and self._metrics:
            self._logs.close()
            self._metrics.close()


def log_stream(resource: Resource, host: str) -> LogStream:
    """Where the lines of a host go; the same after a restart.

    A job's stream ends with the time at which it began, as AWS names it
    (developer guide, "Log Amazon SageMaker events with Amazon CloudWatch").
    """
    owner = resource.key.owner
    if resource.key.kind is Kind.ENDPOINT:
        return LogStream(owner, f"{ENDPOINT_GROUP}/{resource.name}", host)
    return LogStream(owner, GROUPS[resource.key.kind], f"{resource.name}/{host}-{int(resource.created_at)}")
