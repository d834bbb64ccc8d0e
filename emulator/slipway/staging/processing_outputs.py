"""A processing job's outputs, on their way to S3."""

from collections.abc import Sequence
from pathlib import Path

from slipway.resources.document import Document
from slipway.staging.s3 import S3


def upload_output(s3: S3, output: Document, roots: Sequence[Path]) -> None:
    """Store the files below `roots`, each a host's folder mounted at the output's LocalPath. Raises StagingError."""
    raise NotImplementedError


class ContinuousUpload:
    """Stores an output's files while the job runs, each once it has been stable; a thread of its own.

    Used with `with`; leaving it stops the thread, and the caller then uploads once more with `upload_output`.
    """

    def __init__(self, s3: S3, output: Document, roots: Sequence[Path]) -> None:
        raise NotImplementedError

    def __enter__(self) -> "ContinuousUpload":
        raise NotImplementedError

    def __exit__(self, *_exception: object) -> None:
        raise NotImplementedError
