"""What a variant's invocations of one minute add up to, in CloudWatch's terms."""

from dataclasses import dataclass, field
from typing import Any, Self

CLIENT_ERROR, SERVER_ERROR = 400, 500


@dataclass(slots=True)
class Statistics:
    """A CloudWatch statistic set; two of them add up."""

    count: int = 0
    total: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")

    def add(self, value: float) -> None:
        """One more value."""
        self.count += 1
        self.total += value
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)

    def merge(self, other: Self) -> None:
        """All values of another set."""
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)

    def document(self) -> dict[str, float]:
        """As PutMetricData takes it."""
        return {
            "SampleCount": float(self.count),
            "Sum": float(self.total),
            "Minimum": float(self.minimum),
            "Maximum": float(self.maximum),
        }


@dataclass(slots=True)
class Invocations:
    """Metrics of a variant (developer guide, "SageMaker endpoint invocation metrics").

    Each invocation counts as one in Invocations, and as one or zero in each
    kind of error; latencies are in microseconds.
    """

    metrics: dict[str, Statistics] = field(
        default_factory=lambda: {
            "Invocations": Statistics(),
            "Invocation4XXErrors": Statistics(),
            "Invocation5XXErrors": Statistics(),
            "ModelLatency": Statistics(),
            "OverheadLatency": Statistics(),
        }
    )

    def add(self, status: int, model_latency_us: float, overhead_us: float) -> None:
        """One more invocation; `status` is the model's answer."""
        self.metrics["Invocations"].add(1)
        self.metrics["Invocation4XXErrors"].add(CLIENT_ERROR <= status < SERVER_ERROR)
        self.metrics["Invocation5XXErrors"].add(status >= SERVER_ERROR)
        self.metrics["ModelLatency"].add(model_latency_us)
        self.metrics["OverheadLatency"].add(overhead_us)

    def merge(self, other: Self) -> None:
        """Those of another count."""
        for name, statistics in self.metrics.items():
            statistics.merge(other.metrics[name])

    def data(self, endpoint_name: str, variant_name: str, minute: float) -> list[dict[str, Any]]:
        """The metric data of the minute that began at `minute`."""
        dimensions = [
            {"Name": "EndpointName", "Value": endpoint_name},
            {"Name": "VariantName", "Value": variant_name},
        ]
        return [
            {
                "MetricName": name,
                "Dimensions": dimensions,
                "Timestamp": minute,
                "Unit": "Microseconds" if name.endswith("Latency") else "None",
                "StatisticValues": statistics.document(),
            }
            for name, statistics in self.metrics.items()
        ]
