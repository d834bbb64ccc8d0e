"""A processing job's input as files, before it starts."""

from pathlib import Path

from slipway.resources.document import Document
from slipway.staging.s3 import S3


def stage_input(s3: S3, processing_input: Document, root: Path, host_index: int, host_count: int) -> None:
    """Bring what one host sees of an input into the folder `root`, which is mounted at the input's LocalPath.

    Raises StagingError.
    """
    raise NotImplementedError
