"""What a training job leaves, on its way to S3."""

from collections.abc import Sequence
from pathlib import Path

from slipway.staging.s3 import S3


def upload_model(s3: S3, folders: Sequence[Path], output_uri: str, job_name: str, compression: str) -> str:
    """Store what all hosts left in /opt/ml/model, and return where (S3ModelArtifacts). Raises StagingError."""
    raise NotImplementedError


def upload_output(
    s3: S3, folders: Sequence[Path], output_uri: str, job_name: str, compression: str
) -> str | None:
    """Store what all hosts left in /opt/ml/output/data; None where there is nothing. Raises StagingError."""
    raise NotImplementedError
