"""A channel's objects as files, before a training job starts."""

from pathlib import Path

from slipway.resources.document import Document
from slipway.staging.s3 import S3


def stage_channel(
    s3: S3, channel: Document, target: Path, host_index: int, host_count: int, default_mode: str
) -> None:
    """Bring what one host (0 is the first) of `host_count` sees of `channel` into the folder `target`.

    Raises StagingError.
    """
    raise NotImplementedError
