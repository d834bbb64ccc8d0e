"""Processing: inputs and outputs below /opt/ml/processing, and the message at the end."""

import codecs
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath

from slipway.containers.spec import Mount
from slipway.executors.contract import Program
from slipway.executors.folder import JobFolder, head_of, make_writable, write_json
from slipway.executors.metric_files import metric_data, namespace_of
from slipway.executors.processing_files import (
    ROOT,
    config_files,
    local_paths,
    mount_points,
    staged_inputs,
    uploaded_outputs,
)
from slipway.faults import FaultPoint, Faults
from slipway.resources.cluster import Cluster, cluster_of
from slipway.resources.document import Document
from slipway.resources.outcome import Outcome, algorithm_error
from slipway.resources.processing_job import ended
from slipway.resources.resource import Kind, Owner, Resource
from slipway.staging.processing_inputs import stage_input
from slipway.staging.processing_outputs import ContinuousUpload, upload_output
from slipway.staging.s3 import S3, S3Clients

# The first KiB becomes ExitMessage (developer guide, "Build your own processing container").
MESSAGE_BYTES = 1024
NOT_UTF8 = (
    "ClientError: /opt/ml/output/message is not valid UTF-8; what a container writes there must be, "
    "for it becomes the job's ExitMessage."
)
# AWS's words for a container that the kernel ended for its memory.
OUT_OF_MEMORY = (
    "Please use an instance type with more memory, or reduce the size of job data processed on an instance."
)


# Whose metrics they are, their namespace, and as many as PutMetricData takes and more.
TellMetrics = Callable[[Owner, str, Sequence[Document]], None]


class _NoLines:
    """Nobody looks at a processing job's lines."""

    def see(self, _moment: float, _line: str) -> dict[str, float]:
        """Nothing."""
        return {}

    def documents(self) -> list[Document]:
        """Nothing."""
        return []


class ProcessingContract:
    """The contract of CreateProcessingJob."""

    kind = Kind.PROCESSING_JOB

    def __init__(self, s3_clients: S3Clients, faults: Faults, tell_metrics: TellMetrics) -> None:
        self._s3_clients = s3_clients
        self._faults = faults
        self._tell_metrics = tell_metrics

    def cluster(self, job: Resource) -> Cluster:
        """The hosts."""
        return cluster_of(job.document["ProcessingResources"]["ClusterConfig"])

    def image_uri(self, job: Resource) -> str:
        """The image as the request names it."""
        uri: str = job.document["AppSpecification"]["ImageUri"]
        return uri

    def is_isolated(self, job: Resource) -> bool:
        """Whether EnableNetworkIsolation is on."""
        return bool(job.document.get("NetworkConfig", {}).get("EnableNetworkIsolation"))

    def retries(self, _job: Resource) -> int:
        """The request has no RetryStrategy."""
        return 0

    def stage(self, job: Resource, folder: JobFolder, check: Callable[[], None]) -> None:
        """Bring inputs and configuration to every host. Raises StagingError."""
        cluster = self.cluster(job)
        for index, host in enumerate(cluster.hosts):
            home = folder.host(host)
            for name in ("", "config", "output"):
                make_writable(home / name)
            for name, document in config_files(job, cluster, host).items():
                write_json(home / "config" / name, document)
            for path in local_paths(job):
                _make_path(home, path)
            for processing_input in staged_inputs(job):
                check()
                target = _on_disk(home, PurePosixPath(processing_input["S3Input"]["LocalPath"]))
                stage_input(self._s3(job), processing_input, target, index, len(cluster.hosts))

    def program(self, job: Resource, folder: JobFolder, host: str) -> Program:
        """What one host runs."""
        specification = job.document["AppSpecification"]
        entrypoint = specification.get("ContainerEntrypoint")
        arguments = specification.get("ContainerArguments")
        home = folder.host(host)
        mounts = [
            Mount(folder.subpath(home / "config"), "/opt/ml/config"),
            Mount(folder.subpath(home / "output"), "/opt/ml/output"),
        ]
        for point in mount_points(local_paths(job)):
            mounts.append(Mount(folder.subpath(_on_disk(home, point)), str(point)))
        return Program(
            entrypoint and tuple(entrypoint),
            arguments and tuple(arguments),
            dict(job.document.get("Environment", {})),
            tuple(mounts),
        )

    @contextmanager
    def meanwhile(self, job: Resource, folder: JobFolder) -> Iterator[None]:
        """Continuous outputs go to S3 while the containers run."""
        with ExitStack() as stack:
            for output in uploaded_outputs(job):
                if output["S3Output"]["S3UploadMode"] == "Continuous":
                    roots = self._roots(job, output, folder)
                    stack.enter_context(ContinuousUpload(self._s3(job), output, roots))
            yield

    def line_sink(self, _job: Resource) -> _NoLines:
        """Nobody looks at the lines."""
        return _NoLines()

    def collect(self, job: Resource, outcome: Outcome, folder: JobFolder) -> Document:
        """Store the outputs, of a stopped or failed job too, tell its metrics, and read its message."""
        for output in uploaded_outputs(job):
            upload_output(self._s3(job), output, self._roots(job, output, folder))
            self._faults.at(FaultPoint.DURING_UPLOAD)
        if outcome.is_success:
            self._tell(job, folder)
        message = b""
        for host in self.cluster(job).hosts:
            home = folder.host(host)
            message += head_of(home / "output" / "message", home, MESSAGE_BYTES)
        try:
            return {"message": message_text(message)}
        except UnicodeDecodeError:
            return {"message": "", "is_message_broken": True}

    def _tell(self, job: Resource, folder: JobFolder) -> None:
        """Have the metrics in a monitoring job's files brought to CloudWatch."""
        namespace = namespace_of(job)
        if namespace is None:
            return
        for host in self.cluster(job).hosts:
            data = list(metric_data(job, folder.host(host) / "output"))
            self._tell_metrics(job.key.owner, namespace, data)

    def downloading(self, job: Resource, _now: float) -> Resource:
        """Inputs are on their way; the status does not tell."""
        return job

    def running(self, job: Resource, now: float) -> Resource:
        """The containers run."""
        return job.with_document({"ProcessingStartTime": now})

    def uploading(self, job: Resource, _lines: list[Document], _now: float) -> Resource:
        """The containers have ended; the status does not tell."""
        return job

    def restarting(self, job: Resource, _now: float) -> Resource:
        """A new attempt begins."""
        return job

    def concluded(self, job: Resource, outcome: Outcome, collected: Document, now: float) -> Resource:
        """The terminal state that the outcome earned."""
        message = collected.get("message", "")
        job = job.with_document({"ExitMessage": message or None})
        if collected.get("is_message_broken"):
            return ended(job, "Failed", now, NOT_UTF8)
        if outcome.is_success:
            return ended(job, "Completed", now)
        if outcome.failed_host is None or not outcome.is_failure:
            return ended(job, "Stopped", now)
        exit_code = outcome.exit_codes[outcome.failed_host]
        if outcome.is_out_of_memory:
            return ended(job, "Failed", now, f"ClientError: {OUT_OF_MEMORY}, exit code: {exit_code}")
        return ended(job, "Failed", now, algorithm_error(message, exit_code))

    def failed(self, job: Resource, reason: str, now: float) -> Resource:
        """Failed, for a reason that is not the program's."""
        return ended(job, "Failed", now, reason)

    def _roots(self, job: Resource, output: Document, folder: JobFolder) -> list[Path]:
        path = PurePosixPath(output["S3Output"]["LocalPath"])
        return [_on_disk(folder.host(host), path) for host in self.cluster(job).hosts]

    def _s3(self, job: Resource) -> S3:
        return self._s3_clients.of(job.key.owner, job.document["RoleArn"])


def message_text(message: bytes) -> str:
    """The first KiB as text; a character that the cut went through is left out.

    Raises UnicodeDecodeError where it is no UTF-8.
    """
    head = message[:MESSAGE_BYTES]
    return codecs.getincrementaldecoder("utf-8")().decode(head, final=len(message) < MESSAGE_BYTES)


def _on_disk(home: Path, path: PurePosixPath) -> Path:
    """Where a folder of the container lies in its host's folder."""
    return home / "processing" / path.relative_to(ROOT)


def _make_path(home: Path, path: PurePosixPath) -> None:
    """Make a folder of the container and everything above it, for whoever the image runs as."""
    for part in (*reversed(path.relative_to(ROOT).parents), path.relative_to(ROOT)):
        make_writable(home / "processing" / part)
