"""What a training job leaves, on its way to S3."""

import gzip
import os
import stat
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, cast

from slipway.staging.files import opened
from slipway.staging.object_writer import ObjectWriter
from slipway.staging.s3 import S3, S3Error
from slipway.staging.s3_uri import S3Uri
from slipway.staging.uploads import store, upload_failed

# By path, the folder it is from and what lstat says.
Members = Mapping[str, tuple[Path, os.stat_result]]


def upload_model(s3: S3, folders: Sequence[Path], output_uri: str, job_name: str, compression: str) -> str:
    """Store what all hosts left in /opt/ml/model; returns where (S3ModelArtifacts). Raises StagingError."""
    return _upload(s3, merged(folders), S3Uri.parse(output_uri), job_name, compression, "model")


def upload_output(
    s3: S3, folders: Sequence[Path], output_uri: str, job_name: str, compression: str
) -> str | None:
    """Store what all hosts left in /opt/ml/output/data; None where there is nothing. Raises StagingError."""
    members = merged(folders)
    if not members:
        return None
    return _upload(s3, members, S3Uri.parse(output_uri), job_name, compression, "output")


def _upload(s3: S3, members: Members, output: S3Uri, job_name: str, compression: str, name: str) -> str:
    folder = output.below(f"{job_name}/output")
    if compression == "NONE":
        # Where the files lie is not documented; ModelDataSource takes such a prefix.
        target = folder.below(f"{name}/")
        files = [path for path, (_, status) in members.items() if stat.S_ISREG(status.st_mode)]
        s3.each(lambda path: store(s3, members[path][0], path, target), files)
        return str(target)
    target = folder.below(f"{name}.tar.gz")
    try:
        s3.abandon_uploads(target.bucket, target.key)
        with s3.writer(target.bucket, target.key) as writer:
            write_archive(writer, members)
    except S3Error as error:
        raise upload_failed(target, error) from error
    return str(target)


def merged(folders: Sequence[Path]) -> Members:
    """The content of all hosts' folders as one, by path; of two things with one path, the later host's."""
    found: dict[str, tuple[Path, os.stat_result]] = {}
    for root in folders:
        for folder, names, files, descriptor in os.fwalk(root, follow_symlinks=False):
            for name in (*names, *files):
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                found[str((Path(folder) / name).relative_to(root))] = (root, status)
    return {path: found[path] for path in sorted(found) if _lies_in_folders(path, found)}


def _lies_in_folders(path: str, found: Members) -> bool:
    """Whether no later host has made a file of a folder that the path needs."""
    parents = [str(parent) for parent in Path(path).parents][:-1]
    return all(stat.S_ISDIR(found[parent][1].st_mode) for parent in parents)


def write_archive(writer: ObjectWriter, members: Members) -> None:
    """Write a tar.gz with the members at its root; the same members give the same bytes."""
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=cast(IO[bytes], writer), mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, (root, status) in members.items():
            info = tarfile.TarInfo(path)
            info.mode = stat.S_IMODE(status.st_mode)
            info.mtime = int(status.st_mtime)
            if stat.S_ISDIR(status.st_mode):
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
            elif stat.S_ISLNK(status.st_mode):
                info.type = tarfile.SYMTYPE
                info.linkname = str((root / path).readlink())
                archive.addfile(info)
            elif stat.S_ISREG(status.st_mode):
                info.size = status.st_size
                with opened(root, path) as file:
                    archive.addfile(info, file)
