"""A job's folder in the jobs' volume, and what its containers left there."""

import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from slipway.resources.document import Document
from slipway.resources.resource import Key


def folder_name(key: Key) -> str:
    """What the folder of a resource is called below its kind's."""
    return f"{key.owner.account_id}-{key.owner.region}-{key.name}"


@dataclass(frozen=True, slots=True)
class JobFolder:
    """All files of one job; each host has a folder of its own in it."""

    jobs_dir: Path
    key: Key

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.jobs_dir / self.key.kind.value / folder_name(self.key)

    def host(self, host: str) -> Path:
        """The folder of one host."""
        return self.path / host

    def subpath(self, path: Path) -> str:
        """`path` as a mount names it: relative to the volume."""
        return path.relative_to(self.jobs_dir).as_posix()


def make_writable(folder: Path) -> None:
    """Have a folder in which whoever the image runs as may write."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)


def write_json(file: Path, document: Document) -> None:
    """Write a configuration file."""
    file.write_text(json.dumps(document), "utf-8")


def head_of(file: Path, root: Path, limit: int) -> bytes:
    """The first bytes of a file that a container wrote; nothing where there is none.

    The container decides what lies there, so a link that leads out of `root`,
    a pipe or a device is as good as nothing.
    """
    if not file.parent.resolve().is_relative_to(root.resolve()):
        return b""
    with suppress(OSError):
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as opened:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return opened.read(limit)
    return b""
