"""A Docker Engine that goes away takes the jobs that run with it, as AWS's InternalServerError.

Nobody may restart the engine of this machine, so the way to it is closed while
the job's container ends, which is all that a client sees of a restart.
"""

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest
from slipway.clock import SystemClock
from slipway.containers.engine import Engine
from slipway.containers.images import Images
from slipway.events.state_change import nothing_of
from slipway.executors.contract import Program, Tools
from slipway.executors.folder import JobFolder
from slipway.executors.job import JobExecutor
from slipway.executors.training_job import TrainingContract
from slipway.faults import Faults
from slipway.resources.document import Document
from slipway.resources.outcome import Outcome
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.training_job import requested
from slipway.staging.s3 import S3Clients
from slipway.store.store import Store

from tests.support.containers import let_go, wait_until
from tests.support.engine_proxy import EngineProxy, engine_proxy

# docker-py forgets a socket that could not connect, and leaves it to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning", "ignore:unclosed <socket"
)
# AWS's words (sagemaker-python-sdk issue 2496).
INTERNAL_ERROR = "InternalServerError: We encountered an internal error.  Please try again."
WAITS = "until test -e /tmp/go; do sleep 0.05; done"


class WithoutFiles(TrainingContract):
    """Training without S3 and without the volume: what is left is the container."""

    def stage(self, _job: Resource, _folder: JobFolder, _check: Callable[[], None]) -> None:
        pass

    def program(self, job: Resource, _folder: JobFolder, _host: str) -> Program:
        command = job.document["AlgorithmSpecification"]["ContainerEntrypoint"]
        return Program(tuple(command), None, {}, ())

    @contextmanager
    def meanwhile(self, _job: Resource, _folder: JobFolder) -> Iterator[None]:
        yield

    def collect(self, _job: Resource, _outcome: Outcome, _folder: JobFolder) -> Document:
        return {}


class Nobody:
    """Who is told nothing."""

    def on_line(self, resource: Resource, host: str, time: float, text: str) -> None:
        pass

    def on_metric(self, resource: Resource, name: str, value: float, time: float) -> None:
        pass

    def on_metric_data(self, owner: Owner, namespace: str, data: Sequence[Document]) -> None:
        pass

    def settle(self, resource: Resource) -> None:
        pass


@dataclass
class Workshop:
    """An executor whose way to the engine can be closed, and the engine itself."""

    store: Store
    executor: JobExecutor
    proxy: EngineProxy
    engine: Any
    image: str

    def begin(self, name: str, attempts: int = 0) -> threading.Thread:
        """Carry a job out in a thread."""
        members = {"RetryStrategy": {"MaximumRetryAttempts": attempts}} if attempts else {}
        job = requested(
            key(name),
            {
                "TrainingJobName": name,
                "AlgorithmSpecification": {
                    "TrainingImage": self.image,
                    "TrainingInputMode": "File",
                    "ContainerEntrypoint": ["sh", "-c", WAITS],
                },
                "RoleArn": "arn:aws:iam::000000000000:role/r",
                "OutputDataConfig": {"S3OutputPath": "s3://none/none"},
                "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
                **members,
            },
            SystemClock().now(),
        )
        self.store.create(job)
        thread = threading.Thread(target=self.executor.carry_out, args=(job.key,), daemon=True)
        thread.start()
        return thread

    def running(self, name: str, besides: str = "") -> Any:
        """The job's container once it runs, other than the one with the id `besides`."""

        def found() -> Any:
            label = f"slipway.resource={key(name).arn}"
            listed = self.engine.containers.list(filters={"label": label}, ignore_removed=True)
            return next((each for each in listed if each.id != besides), None)

        return wait_until(found, f"{name} to run")

    def followed(self, name: str) -> Any:
        """The job's container once somebody reads its log through the way that is open now."""
        container = self.running(name)
        asked = f"/containers/{container.id}/logs?".encode()
        wait_until(lambda: any(asked in each for each in self.proxy.asked) or None, "the log to be read")
        return container

    @contextmanager
    def engine_away(self, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
        """The engine is away, and that has been noticed, until the block ends."""
        self.proxy.close()
        try:
            wait_until(lambda: "engine_away" in caplog.text or None, "the engine to be missed")
            yield
        finally:
            self.proxy.open()

    def document(self, name: str) -> Document:
        """What Describe would say."""
        job = self.store.get(key(name))
        assert job is not None
        return job.document


def key(name: str) -> Key:
    return Key(Owner("000000000000", "us-east-1"), Kind.TRAINING_JOB, name)


@pytest.fixture
def workshop(tmp_path: Path, preprocess_image: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    with ExitStack() as stack:
        stack.callback(gc.collect)
        proxy = stack.enter_context(engine_proxy(tmp_path))
        docker_itself = stack.enter_context(closing(docker.from_env()))
        monkeypatch.setenv("DOCKER_HOST", proxy.url)
        engine = stack.enter_context(closing(Engine.connect(f"slipway-tests-{uuid4().hex[:8]}")))
        store = Store(tmp_path / "slipway.db", SystemClock(), nothing_of)
        faults = Faults(None, tmp_path)
        tools = Tools(
            store=store,
            clock=SystemClock(),
            real_clock=SystemClock(),
            engine=engine,
            images=Images(engine, {}),
            jobs_dir=tmp_path / "jobs",
            job_network="bridge",
            capacity=engine.capacity(),
            environment_of=lambda _owner: {},
            faults=faults,
            listener=Nobody(),
            keep_failed=False,
        )
        contract = WithoutFiles(S3Clients("http://127.0.0.1:1", "test", "test"), faults)
        yield Workshop(store, JobExecutor(contract, tools), proxy, docker_itself, preprocess_image)


def test_a_job_that_ends_with_the_engine_has_failed_and_not_by_its_own_fault(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    thread = workshop.begin("t-engine")
    container = workshop.followed("t-engine")

    with workshop.engine_away(caplog):
        container.kill("SIGKILL")
        container.wait()
    thread.join(120)

    document = workshop.document("t-engine")
    assert document["TrainingJobStatus"] == "Failed"
    assert document["FailureReason"].startswith(INTERNAL_ERROR)
    assert "the Docker Engine went away" in document["FailureReason"]


def test_a_job_that_outlives_the_engines_absence_goes_on(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    thread = workshop.begin("t-live")
    workshop.followed("t-live")

    # As with live-restore, where containers outlive the engine.
    with workshop.engine_away(caplog):
        pass
    let_go(workshop.followed("t-live"))
    thread.join(120)

    assert workshop.document("t-live")["TrainingJobStatus"] == "Completed"


def test_a_retry_strategy_begins_again_after_an_internal_error(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    thread = workshop.begin("t-retry", attempts=1)
    first = workshop.followed("t-retry")

    with workshop.engine_away(caplog):
        first.kill("SIGKILL")
        first.wait()
    second = workshop.running("t-retry", besides=first.id)
    let_go(second)
    thread.join(120)

    document = workshop.document("t-retry")
    assert document["TrainingJobStatus"] == "Completed"
    statuses = [each["Status"] for each in document["SecondaryStatusTransitions"]]
    assert statuses == [
        "Starting",
        "Downloading",
        "Training",
        "Restarting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]


def test_a_containers_own_failure_is_not_tried_again(workshop: Workshop) -> None:
    thread = workshop.begin("t-own", attempts=3)

    workshop.running("t-own").kill("SIGKILL")
    thread.join(120)

    # Only an InternalServerError is (API reference, RetryStrategy).
    assert workshop.document("t-own")["FailureReason"] == "AlgorithmError: , exit code: 137"
