"""Checkpoints: restored before a training job starts, mirrored to S3 while it runs."""

from pathlib import Path

from slipway.staging.s3 import S3


def restore(s3: S3, checkpoint_uri: str, target: Path) -> None:
    """Bring earlier checkpoints into the folder `target`; none is no error. Raises StagingError."""
    raise NotImplementedError


class CheckpointMirror:
    """Keeps S3 as the folder is, deletions included, while the job runs; a thread of its own.

    Used with `with`; leaving it mirrors once more. Raises StagingError there.
    """

    def __init__(self, s3: S3, folder: Path, checkpoint_uri: str) -> None:
        raise NotImplementedError

    def __enter__(self) -> "CheckpointMirror":
        raise NotImplementedError

    def __exit__(self, *_exception: object) -> None:
        raise NotImplementedError
