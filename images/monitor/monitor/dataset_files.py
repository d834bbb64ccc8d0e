"""Which files are a dataset."""

import gzip
import io
from collections.abc import Sequence
from pathlib import Path

from smcontract.failure import ContractError

_BLOCK_BYTES = 1 << 22


def data_files(source: Path) -> list[Path]:
    """The files of a dataset, those below its folders too, in order of their names.

    Raises ContractError where there is none, or nothing is in them.
    """
    if source.is_file():
        found = [source]
    else:
        found = sorted(
            path
            for path in source.rglob("*")
            if path.is_file()
            and not any(part.startswith((".", "_")) for part in path.relative_to(source).parts)
        )
    if not found:
        raise ContractError(f"Job inputs had no data: no file is in dataset_source {source}.")
    filled = [path for path in found if path.stat().st_size]
    if not filled:
        raise ContractError(
            f"Job inputs had no data: {names_of(found)} in dataset_source {source} "
            f"{'is' if len(found) == 1 else 'are'} empty."
        )
    return filled


def names_of(files: Sequence[Path]) -> str:
    """What a message calls `files`."""
    shown = ", ".join(path.name for path in files[:3])
    return shown if len(files) <= 3 else f"{shown} and {len(files) - 3} more"


def estimated_rows(files: Sequence[Path], enough: int) -> int:
    """About how many rows there are; counted no further than `enough`."""
    rows = 0
    for path in files:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                rows += block.count(b"\n")
                if rows > enough:
                    return rows
    return rows


def open_text(path: Path) -> io.TextIOBase:
    """A file of text, compressed or not."""
    # Some programs begin a file with a byte order mark, which is no part of a name.
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
