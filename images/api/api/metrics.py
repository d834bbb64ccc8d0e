"""What /metrics tells."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MEDIA_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Metrics:
    """Counters of one application. No label takes what a caller may choose freely."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "api_requests", "Answered requests", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "api_request_seconds", "From the head of a request to its answer", ("route",),
            registry=self._registry, buckets=SECONDS,
        )  # fmt: skip
        self._in_flight = Gauge("api_requests_in_flight", "Requests under way", registry=self._registry)
        self._upstream = Histogram(
            "api_upstream_seconds", "Calls to AWS, each attempt", ("call", "status"),
            registry=self._registry, buckets=SECONDS,
        )  # fmt: skip
        self._records = Counter("api_records", "Predicted records", ("project",), registry=self._registry)
        self._days = Counter(
            "api_forecast_days", "Days that were forecast, of all series", ("project",),
            registry=self._registry,
        )  # fmt: skip
        self._lookups = Counter(
            "api_lookups", "Records looked up", ("project", "result"), registry=self._registry
        )
        self._labels = Counter(
            "api_ground_truth_labels", "Labels taken in", ("project", "status"), registry=self._registry
        )

    def started(self) -> None:
        """A request has begun."""
        self._in_flight.inc()

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request that has begun has ended."""
        self._in_flight.dec()
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def upstream(self, call: str, status: str, seconds: float) -> None:
        """A call to AWS has ended; `status` is none where there was no answer."""
        self._upstream.labels(call, status).observe(seconds)

    def predicted(self, project: str, records: int) -> None:
        """Records were answered."""
        self._records.labels(project).inc(records)

    def forecast(self, project: str, days: int) -> None:
        """So many days were forecast."""
        self._days.labels(project).inc(days)

    def looked_up(self, project: str, found: int, unknown: int) -> None:
        """Records were looked up."""
        self._lookups.labels(project, "found").inc(found)
        self._lookups.labels(project, "unknown").inc(unknown)

    def not_looked_up(self, project: str, records: int) -> None:
        """Records went out raw, for the encoding of the version that serves was not known."""
        self._lookups.labels(project, "no encoding").inc(records)

    def labelled(self, project: str, status: str) -> None:
        """A label was taken in, or refused."""
        self._labels.labels(project, status).inc()

    def exposition(self) -> bytes:
        """All of it, as Prometheus reads it."""
        exposition: bytes = generate_latest(self._registry)
        return exposition
