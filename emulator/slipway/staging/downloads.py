"""Objects made files of a folder, several at a time."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from slipway.staging.errors import StagingError
from slipway.staging.s3 import S3, S3Error
from slipway.staging.sources import Source


def bring(s3: S3, found: Sequence[Source], target: Path) -> None:
    """Make the objects files of `target` under their paths; what else is there stays. Raises StagingError."""
    folders = checked_folders(found)
    target.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        _make(target / folder)

    def fetch(source: Source) -> None:
        try:
            s3.download(source.bucket, source.key, target / source.path)
        except S3Error as error:
            raise StagingError(
                f"ClientError: Data download failed:Unable to download object {source} "
                f"({error.code}: {error.text})"
            ) from error
        except OSError as error:
            raise StagingError(f"ClientError: Data download failed:{source}: {error.strerror}") from error

    s3.each(fetch, found)


def checked_folders(found: Sequence[Source]) -> list[PurePosixPath]:
    """The folders that the paths need, the outermost first. Raises StagingError for paths that cannot be."""
    files = {}
    folders = {PurePosixPath()}
    for source in found:
        path = PurePosixPath(source.path)
        if ".." in path.parts or path.is_absolute() or "\0" in source.path or not path.parts:
            raise StagingError(f"ClientError: Data download failed:{source} would lie outside of its folder.")
        if path in files:
            raise _clash(source)
        files[path] = source
        folders |= set(path.parents)
    for path in folders & files.keys():
        raise _clash(files[path])
    return sorted(folders, key=lambda folder: folder.parts)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StagingError(f"ClientError: Data download failed:{folder.name}: {error.strerror}") from error


def _clash(source: Source) -> StagingError:
    return StagingError(
        f"ClientError: Data download failed:Cannot download {source}, a previously downloaded file/folder "
        "clashes with it. Please check your s3 objects and ensure that there is no object that is both a "
        "folder as well as a file."
    )
