"""Output files that appear together and whole, or not at all."""

import errno
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from smcontract.failure import ContractError

_FULL = (errno.ENOSPC, errno.EDQUOT)


class StagedOutputs:
    """Files below one folder, written under hidden names until `commit` shows them all.

    Each is written in the folder where it will stay, since every output folder
    may be a file system of its own. Leaving the block without a commit removes
    whatever was written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._staged: dict[Path, Path] = {}

    def __enter__(self) -> Self:
        """The outputs themselves; nothing is written yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what has not been shown."""
        for hidden in self._staged.values():
            hidden.unlink(missing_ok=True)

    @contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """A file to write that will be called `name`, which may name a sub-folder.

        Raises ContractError where it cannot be written.
        """
        path = self._folder / name
        hidden = path.with_name(f".{path.name}.unfinished")
        with _readable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._staged[path] = hidden
            with hidden.open("wb") as stream:
                yield stream

    def commit(self) -> None:
        """Give every file its name; none has it where one cannot get it."""
        shown: list[Path] = []
        try:
            for path, hidden in self._staged.items():
                with _readable(path):
                    hidden.replace(path)
                shown.append(path)
        except ContractError:
            for path in shown:
                path.unlink()
            raise
        self._staged.clear()


def remove_earlier(folder: Path, names: Iterable[str]) -> None:
    """Remove the files `names` below `folder`, so that none can be taken for this run's.

    Raises ContractError where one cannot be removed.
    """
    for name in names:
        with _readable(folder / name):
            (folder / name).unlink(missing_ok=True)


def write_json(outputs: StagedOutputs, name: str, document: dict[str, object]) -> None:
    """JSON that is pleasant to read, and the same for the same document."""
    with outputs.file(name) as stream:
        stream.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n")


def write_bytes(outputs: StagedOutputs, name: str, content: bytes) -> None:
    """A copy of what was read."""
    with outputs.file(name) as stream:
        stream.write(content)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write `path` into what the job's owner can do about it."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise ContractError(
                f"no space left on device while writing {path}; "
                "give the job a larger volume (VolumeSizeInGB)."
            ) from error
        raise ContractError(
            f"{path} cannot be written ({error.strerror or error}); "
            f"the output folder must be writable for uid {os.getuid()}."
        ) from error
