"""Metrics of training jobs, monitoring jobs and endpoints, brought to CloudWatch."""

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slipway.aws import AwsClients
from slipway.courier import AwayError, Courier, RefusedError, asking
from slipway.resources.document import Document
from slipway.resources.resource import Owner
from slipway.telemetry.invocations import Invocations

TRAINING_NAMESPACE = "/aws/sagemaker/TrainingJobs"
ENDPOINT_NAMESPACE = "AWS/SageMaker"
# PutMetricData takes 1,000 (API reference).
DATA_PER_CALL = 500
INTERVAL_SECONDS = 2.0
# What is kept while CloudWatch is away; of more, the end is kept.
VALUES_KEPT = 50_000
MINUTES_KEPT = 5_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Minute:
    """A minute of a variant; `begins` is in seconds since 1970."""

    owner: Owner
    endpoint_name: str
    variant_name: str
    begins: float


@dataclass(frozen=True, slots=True)
class _Value:
    """What a job told, as PutMetricData takes it."""

    owner: Owner
    namespace: str
    datum: Document

    @property
    def place(self) -> tuple[Owner, str]:
        """What the values of one call have in common."""
        return self.owner, self.namespace


class MetricShipper:
    """Brings what is counted every few seconds; whoever counts waits for nothing.

    A minute of an endpoint may go in several statistic sets, which CloudWatch adds up.
    """

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients
        self._values: deque[_Value] = deque(maxlen=VALUES_KEPT)
        self._minutes: dict[_Minute, Invocations] = {}
        self._lock = threading.Lock()
        self._courier = Courier("metric_shipper", self._deliver, _wait)

    def start(self) -> None:
        """Begin."""
        self._courier.start()

    def put(self, owner: Owner, training_job_name: str, name: str, value: float, moment: float) -> None:
        """Have a training job's value brought."""
        datum = {
            "MetricName": name,
            # The dimension that the SDK's TrainingJobAnalytics asks for.
            "Dimensions": [{"Name": "TrainingJobName", "Value": training_job_name}],
            "Timestamp": moment,
            "Value": value,
        }
        self.put_data(owner, TRAINING_NAMESPACE, [datum])

    def put_data(self, owner: Owner, namespace: str, data: Sequence[Document]) -> None:
        """Have data brought as they are."""
        with self._lock:
            self._values.extend(_Value(owner, namespace, datum) for datum in data)

    def count(
        self,
        owner: Owner,
        endpoint_name: str,
        variant_name: str,
        moment: float,
        status: int,
        latencies_us: tuple[float, float],
    ) -> None:
        """Count an invocation; `latencies_us` are the model's and the overhead."""
        minute = _Minute(owner, endpoint_name, variant_name, moment // 60 * 60)
        with self._lock:
            self._of(minute).add(status, *latencies_us)

    def close(self) -> None:
        """Bring what is left, where it is taken at once, and stop."""
        self._courier.ask_to_close()
        self._courier.join()
        try:
            self._deliver()
        except AwayError as error:
            log.warning("metric_shipper.lost reason=%s", error)

    def _of(self, minute: _Minute) -> Invocations:
        if minute not in self._minutes and len(self._minutes) >= MINUTES_KEPT:
            del self._minutes[next(iter(self._minutes))]
        return self._minutes.setdefault(minute, Invocations())

    def _deliver(self) -> None:
        self._deliver_minutes()
        self._deliver_values()

    def _deliver_minutes(self) -> None:
        with self._lock:
            minutes, self._minutes = self._minutes, {}
        for minute, invocations in list(minutes.items()):
            data = invocations.data(minute.endpoint_name, minute.variant_name, minute.begins)
            try:
                self._put(minute.owner, ENDPOINT_NAMESPACE, data)
            except AwayError:
                self._put_back_minutes(minutes)
                raise
            del minutes[minute]

    def _put_back_minutes(self, minutes: dict[_Minute, Invocations]) -> None:
        with self._lock:
            for minute, invocations in minutes.items():
                self._of(minute).merge(invocations)

    def _deliver_values(self) -> None:
        with self._lock:
            values = list(self._values)
            self._values.clear()
        for call in _in_calls(values):
            try:
                self._put(*call[0].place, [value.datum for value in call])
            except AwayError:
                self._put_back_values(values)
                raise
            del values[: len(call)]

    def _put_back_values(self, values: Sequence[_Value]) -> None:
        with self._lock:
            self._values = deque([*values, *self._values], maxlen=VALUES_KEPT)

    def _put(self, owner: Owner, namespace: str, data: Sequence[Document]) -> None:
        try:
            with asking():
                self._clients.of("cloudwatch", owner).put_metric_data(Namespace=namespace, MetricData=data)
        except RefusedError as error:
            log.error("metric_shipper.refused namespace=%s reason=%s", namespace, error)


def _in_calls(values: Sequence[_Value]) -> Iterator[list[_Value]]:
    """`values` in their order, cut where owner or namespace change or a call is full."""
    call: list[_Value] = []
    for value in list(values):
        if call and (value.place != call[0].place or len(call) == DATA_PER_CALL):
            yield call
            call = []
        call.append(value)
    if call:
        yield call


def _wait(closing: threading.Event) -> None:
    closing.wait(INTERVAL_SECONDS)
