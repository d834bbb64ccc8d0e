"""Where SageMaker puts things inside a container."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ContainerRoot:
    """The folder that SageMaker fills and empties; `/opt/ml` unless a test says otherwise.

    Source: developer guide, "How Amazon SageMaker Provides Training Information"
    and "Build Your Own Processing Container".
    """

    path: Path = Path("/opt/ml")

    @property
    def hyperparameters_file(self) -> Path:
        """A flat JSON object of strings."""
        return self.path / "input" / "config" / "hyperparameters.json"

    @property
    def input_data_config_file(self) -> Path:
        """One JSON key for each channel."""
        return self.path / "input" / "config" / "inputdataconfig.json"

    @property
    def training_resource_config_file(self) -> Path:
        """The hosts of a training job."""
        return self.path / "input" / "config" / "resourceconfig.json"

    def channel(self, name: str) -> Path:
        """The folder that holds a training channel's files in File mode."""
        return self.path / "input" / "data" / name

    @property
    def model(self) -> Path:
        """What becomes model.tar.gz after training; read-only while serving."""
        return self.path / "model"

    @property
    def output(self) -> Path:
        """The folder of the failure and message files."""
        return self.path / "output"

    @property
    def output_data(self) -> Path:
        """What becomes output.tar.gz after training."""
        return self.path / "output" / "data"

    @property
    def failure_file(self) -> Path:
        """A training job's FailureReason is the head of this file."""
        return self.path / "output" / "failure"

    @property
    def message_file(self) -> Path:
        """A processing job's ExitMessage is the first kilobyte of this file."""
        return self.path / "output" / "message"

    @property
    def checkpoints(self) -> Path:
        """Mirrored to S3 while a training job runs, and restored from there at its start."""
        return self.path / "checkpoints"

    @property
    def processing(self) -> Path:
        """Every input and output of a processing job lies below this folder."""
        return self.path / "processing"

    @property
    def processing_job_config_file(self) -> Path:
        """The CreateProcessingJob request with its defaults filled in."""
        return self.path / "config" / "processingjobconfig.json"

    @property
    def processing_resource_config_file(self) -> Path:
        """The hosts of a processing job."""
        return self.path / "config" / "resourceconfig.json"
