"""Files that a job's container left: read as they are, and never followed out of their folder."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# A container may change a folder into a link while it is read here, where it would lead
# to the control plane's own files: every part of a path is opened by itself.
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A named pipe would keep the reader for ever.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file by its path relative to the folder, with what changes when its content does."""

    path: str
    size: int
    modified_ns: int
    inode: int


def regular_files(root: Path) -> list[FoundFile]:
    """Every regular file below `root`, by path; links are not followed, and what vanishes is left out.

    Raises FileNotFoundError where there is no `root`: nothing to store and nothing found are not the same.
    """
    found = []
    for folder, _folders, names, descriptor in os.fwalk(root, follow_symlinks=False):
        for name in names:
            try:
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode):
                path = str((Path(folder) / name).relative_to(root))
                found.append(FoundFile(path, status.st_size, status.st_mtime_ns, status.st_ino))
    return sorted(found, key=lambda each: each.path)


@contextmanager
def opened(root: Path, path: str) -> Iterator[BinaryIO]:
    """A regular file below `root`, open for reading.

    Raises OSError where any part of its path is a link, or it is no regular file.
    """
    *folders, name = Path(path).parts
    descriptor = os.open(root, FOLDER)
    try:
        for folder in folders:
            deeper = os.open(folder, FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = deeper
        file = os.fdopen(os.open(name, FILE, dir_fd=descriptor), "rb")
    finally:
        os.close(descriptor)
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no regular file")
        yield file


def emptied(folder: Path) -> Path:
    """`folder`, made where it is not, and empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for item in folder.iterdir():
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()
    return folder
