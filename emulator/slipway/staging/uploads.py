"""Files of a folder made objects, several at a time."""

from collections.abc import Iterable
from pathlib import Path

from slipway.staging.errors import StagingError
from slipway.staging.files import FoundFile, opened
from slipway.staging.s3 import S3, S3Error
from slipway.staging.s3_uri import S3Uri


def store_all(s3: S3, root: Path, files: Iterable[FoundFile], uri: S3Uri) -> None:
    """Store `files` of the folder `root` below `uri`. Raises StagingError."""
    s3.each(lambda file: store(s3, root, file.path, uri), files)


def store(s3: S3, root: Path, path: str, uri: S3Uri) -> None:
    """Store one file. Raises StagingError; OSError where the file is gone, or is none any more."""
    target = uri.below(path)
    with opened(root, path) as file:
        try:
            s3.upload(file, target.bucket, target.key)
        except S3Error as error:
            raise upload_failed(target, error) from error


def upload_failed(target: S3Uri, error: S3Error) -> StagingError:
    """AWS's text for it."""
    return StagingError(
        f"ClientError: Artifact upload failed:Unable to upload file to {target} ({error.code}: {error.text})"
    )
