"""Training: what a container finds in /opt/ml, and what becomes of what it leaves there."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from slipway.containers.spec import Mount
from slipway.executors.contract import Program
from slipway.executors.folder import JobFolder, head_of, make_writable, write_json
from slipway.executors.metrics import FinalMetrics
from slipway.executors.training_files import config_files, input_mode, start_command, tensorboard_output
from slipway.faults import FaultPoint, Faults
from slipway.resources.cluster import Cluster, cluster_of
from slipway.resources.document import Document
from slipway.resources.outcome import LONGEST_REASON, Cause, Outcome, algorithm_error
from slipway.resources.resource import Kind, Resource
from slipway.resources.training_job import ended, entered
from slipway.staging.channels import stage_channel
from slipway.staging.checkpoints import CheckpointMirror, restore
from slipway.staging.model_artifacts import upload_model, upload_output
from slipway.staging.processing_outputs import ContinuousUpload
from slipway.staging.processing_outputs import upload_output as store_files
from slipway.staging.s3 import S3, S3Clients

ROOT = "/opt/ml"
DEFAULT_CHECKPOINTS = "/opt/ml/checkpoints"
# AWS's words for a container that the kernel ended for its memory.
OUT_OF_MEMORY = (
    "Please use an instance type with more memory, "
    "or reduce the size of training data processed on an instance."
)


class TrainingContract:
    """The contract of CreateTrainingJob.

    FastFile channels are brought whole before the start and mounted
    read-only: the container sees the files that it would see, only not
    streamed.
    """

    kind = Kind.TRAINING_JOB

    def __init__(self, s3_clients: S3Clients, faults: Faults) -> None:
        self._s3_clients = s3_clients
        self._faults = faults

    def cluster(self, job: Resource) -> Cluster:
        """The hosts."""
        return cluster_of(job.document["ResourceConfig"])

    def image_uri(self, job: Resource) -> str:
        """The image as the request names it."""
        uri: str = job.document["AlgorithmSpecification"]["TrainingImage"]
        return uri

    def is_isolated(self, job: Resource) -> bool:
        """Whether EnableNetworkIsolation is on."""
        return bool(job.document["EnableNetworkIsolation"])

    def retries(self, job: Resource) -> int:
        """RetryStrategy's number; none without it."""
        attempts: int = job.document.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
        return attempts

    def stage(self, job: Resource, folder: JobFolder, check: Callable[[], None]) -> None:
        """Bring channels, checkpoints and configuration to every host. Raises StagingError."""
        cluster = self.cluster(job)
        for index, host in enumerate(cluster.hosts):
            home = folder.host(host)
            for name in (
                "",
                "input/config",
                "input/data",
                "model",
                "output",
                "output/data",
                "code",
                "checkpoints",
            ):
                make_writable(home / name)
            for name, document in config_files(job, cluster, host).items():
                write_json(home / "input" / "config" / name, document)
            for channel in job.document.get("InputDataConfig", []):
                check()
                target = home / "input" / "data" / channel["ChannelName"]
                make_writable(target)
                stage_channel(
                    self._s3(job), channel, target, index, len(cluster.hosts), input_mode(job, channel)
                )
        if "TensorBoardOutputConfig" in job.document:
            for root in self._tensorboard(folder, cluster):
                make_writable(root)
        if "CheckpointConfig" in job.document:
            check()
            make_writable(_checkpoints(folder))
            restore(self._s3(job), job.document["CheckpointConfig"]["S3Uri"], _checkpoints(folder))

    def program(self, job: Resource, folder: JobFolder, host: str) -> Program:
        """What one host runs."""
        entrypoint, command = start_command(job.document["AlgorithmSpecification"])
        environment = {
            **job.document.get("Environment", {}),
            "TRAINING_JOB_NAME": job.name,
            "TRAINING_JOB_ARN": job.arn,
        }
        return Program(entrypoint, command, environment, tuple(self._mounts(job, folder, host)))

    def _mounts(self, job: Resource, folder: JobFolder, host: str) -> list[Mount]:
        home = folder.host(host)
        mounts = [Mount(folder.subpath(home), ROOT)]
        for channel in job.document.get("InputDataConfig", []):
            if input_mode(job, channel) == "FastFile":
                path = Path("input") / "data" / channel["ChannelName"]
                mounts.append(Mount(folder.subpath(home / path), f"{ROOT}/{path}", is_read_only=True))
        board = tensorboard_output(job)
        if board is not None:
            (root,) = self._tensorboard(folder, self.cluster(job), host)
            mounts.append(Mount(folder.subpath(root), board["S3Output"]["LocalPath"].rstrip("/")))
        checkpoints = job.document.get("CheckpointConfig")
        if checkpoints is not None:
            # All hosts share the folder, as they share the place in S3.
            target = checkpoints.get("LocalPath", DEFAULT_CHECKPOINTS).rstrip("/")
            mounts.append(Mount(folder.subpath(_checkpoints(folder)), target))
        return mounts

    @contextmanager
    def meanwhile(self, job: Resource, folder: JobFolder) -> Iterator[None]:
        """Checkpoints and TensorBoard's files go to S3 while the containers run."""
        with ExitStack() as stack:
            board = tensorboard_output(job)
            if board is not None:
                roots = self._tensorboard(folder, self.cluster(job))
                stack.enter_context(ContinuousUpload(self._s3(job), board, roots))
            config = job.document.get("CheckpointConfig")
            if config is not None:
                mirror = CheckpointMirror(self._s3(job), _checkpoints(folder), config["S3Uri"])
                stack.enter_context(mirror)
            yield

    def line_sink(self, job: Resource) -> FinalMetrics:
        """The metrics in the lines."""
        return FinalMetrics(job.document["AlgorithmSpecification"].get("MetricDefinitions", []))

    def collect(self, job: Resource, outcome: Outcome, folder: JobFolder) -> Document:
        """Store model and output, of a stopped or failed job too, and read what it says of a failure."""
        hosts = self.cluster(job).hosts
        config = job.document["OutputDataConfig"]
        collected: Document = {}
        models = [folder.host(host) / "model" for host in hosts]
        # A failed job with nothing in /opt/ml/model has no model; a completed one has an empty archive.
        if outcome.is_success or any(_has_files(model) for model in models):
            collected["model"] = upload_model(
                self._s3(job), models, config["S3OutputPath"], job.name, config["CompressionType"]
            )
        self._faults.at(FaultPoint.DURING_UPLOAD)
        outputs = [folder.host(host) / "output" / "data" for host in hosts]
        upload_output(self._s3(job), outputs, config["S3OutputPath"], job.name, config["CompressionType"])
        board = tensorboard_output(job)
        if board is not None:
            store_files(self._s3(job), board, self._tensorboard(folder, self.cluster(job)))
        if outcome.is_failure and outcome.failed_host is not None:
            home = folder.host(outcome.failed_host)
            head = head_of(home / "output" / "failure", home, LONGEST_REASON)
            collected["words"] = head.decode("utf-8", errors="replace")
        return collected

    def downloading(self, job: Resource, now: float) -> Resource:
        """Inputs are on their way."""
        started = job.document.get("TrainingStartTime", now)
        return entered(job, "Downloading", now).with_document({"TrainingStartTime": started})

    def running(self, job: Resource, now: float) -> Resource:
        """The containers run."""
        return _entered_unless_stopping(job, "Training", now)

    def uploading(self, job: Resource, lines: list[Document], now: float) -> Resource:
        """The containers have ended, and their metrics are final."""
        return entered(job, "Uploading", now).with_document({"FinalMetricDataList": lines or None})

    def restarting(self, job: Resource, now: float) -> Resource:
        """A new attempt begins."""
        return entered(job, "Restarting", now)

    def concluded(self, job: Resource, outcome: Outcome, collected: Document, now: float) -> Resource:
        """The terminal state that the outcome earned."""
        if "model" in collected:
            job = job.with_document({"ModelArtifacts": {"S3ModelArtifacts": collected["model"]}})
        if outcome.cause is Cause.STOPPED:
            return ended(job, "Stopped", "Stopped", now)
        if outcome.cause is Cause.TIME_LIMIT:
            return ended(job, "Stopped", "MaxRuntimeExceeded", now)
        if outcome.failed_host is None:
            return ended(job, "Completed", "Completed", now)
        exit_code = outcome.exit_codes[outcome.failed_host]
        if outcome.is_out_of_memory:
            return ended(
                job, "Failed", "Failed", now, f"ClientError: {OUT_OF_MEMORY}, exit code: {exit_code}"
            )
        return ended(job, "Failed", "Failed", now, algorithm_error(collected.get("words", ""), exit_code))

    def failed(self, job: Resource, reason: str, now: float) -> Resource:
        """Failed, for a reason that is not the program's."""
        return ended(job, "Failed", "Failed", now, reason)

    def _tensorboard(self, folder: JobFolder, cluster: Cluster, *hosts: str) -> list[Path]:
        """Where TensorBoard's files lie, of some hosts or of all."""
        return [folder.path / "tensorboard" / host for host in hosts or cluster.hosts]

    def _s3(self, job: Resource) -> S3:
        return self._s3_clients.of(job.key.owner, job.document["RoleArn"])


def _entered_unless_stopping(job: Resource, secondary_status: str, now: float) -> Resource:
    """A stop that was asked for meanwhile stays what is shown."""
    return job if job.status == "Stopping" else entered(job, secondary_status, now)


def _checkpoints(folder: JobFolder) -> Path:
    return folder.path / "checkpoints"


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and any(folder.iterdir())
