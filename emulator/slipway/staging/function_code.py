"""The code of functions: archives by their digests, unpacked where a container can mount them."""

import base64
import hashlib
import io
import os
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from slipway.errors import FunctionParameterError

# Quotas of Lambda: what an archive may be unpacked, and what a request may bring of it directly.
LARGEST_UNPACKED = 262_144_000
BROKEN = "Could not unzip uploaded file. Please check your file, then try to upload again."
ARCHIVE = "code.zip"
UNPACKED = "task"


def sha256_of(archive: bytes) -> tuple[str, str]:
    """An archive's digest, in hexadecimal and as CodeSha256 writes it."""
    digest = hashlib.sha256(archive)
    return digest.hexdigest(), base64.b64encode(digest.digest()).decode()


def check_archive(archive: bytes) -> None:
    """Refuse what cannot be unpacked. Raises FunctionParameterError."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = opened.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise FunctionParameterError(BROKEN) from None
    if not members:
        raise FunctionParameterError("Uploaded file must be a non-empty zip")
    if sum(member.file_size for member in members) > LARGEST_UNPACKED:
        raise FunctionParameterError(f"Unzipped size must be smaller than {LARGEST_UNPACKED} bytes")
    for member in members:
        if not _is_inside(member.filename) or member.flag_bits & 0x1:
            raise FunctionParameterError(BROKEN)


def keep(archive: bytes, folder: Path) -> None:
    """Have an archive in `folder`, whole or not at all."""
    target = folder / ARCHIVE
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{ARCHIVE}.{os.getpid()}"
    unfinished.write_bytes(archive)
    unfinished.replace(target)


def unpack(folder: Path) -> Path:
    """The folder with what `keep` brought, unpacked; may be called again after any crash.

    Whoever a container runs as may read all of it, whatever the archive says:
    archives that Python writes from memory say that nobody else may.
    """
    unpacked = folder / UNPACKED
    if unpacked.is_dir():
        return unpacked
    unfinished = folder / f"{UNPACKED}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o755)
    with zipfile.ZipFile(folder / ARCHIVE) as archive:
        members = archive.infolist()
        links = [member for member in members if stat.S_ISLNK(member.external_attr >> 16)]
        for member in members:
            if member not in links:
                _extract(archive, member, unfinished)
        for path in (unfinished, *unfinished.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
        # After all that is written, so that nothing is written through one.
        for member in links:
            _link(archive, member, unfinished)
    unfinished.rename(unpacked)
    return unpacked


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / PurePosixPath(member.filename)
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    is_program = member.external_attr >> 16 & 0o111
    target.chmod(0o555 if is_program else 0o444)


def _link(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    """A link is the container's own affair: nothing here follows it."""
    target = folder / PurePosixPath(member.filename)
    # What the archive holds below it, or behind another link, is what counts.
    if target.is_dir() or any(parent.is_symlink() for parent in target.parents):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.symlink_to(archive.read(member).decode())


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and bool(path.parts)
