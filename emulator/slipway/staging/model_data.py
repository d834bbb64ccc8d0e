"""A model's artefact as files, before its container serves."""

from pathlib import Path

from slipway.resources.document import Document
from slipway.staging.s3 import S3


def fetch(s3: S3, container: Document, target: Path) -> None:
    """Bring a ContainerDefinition's model data into the folder `target`; without any it stays empty.

    Raises StagingError.
    """
    raise NotImplementedError
