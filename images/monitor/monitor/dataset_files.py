"""Which files are a dataset."""

import gzip
import io
from collections.abc import Sequence
from pathlib import Path

from smcontract.failure import ContractError

_BLOCK_BYTES = 1 << 22
_COMPRESSED_BYTES_A_CELL = 3


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


def estimated_cells(files: Sequence[Path], enough: int, is_text: bool) -> int:
    """About how many values there are; counted no further than `enough`."""
    cells = 0
    for path in files:
        if not is_text or path.suffix == ".gz":
            cells += path.stat().st_size // _COMPRESSED_BYTES_A_CELL
            continue
        with path.open("rb") as file:
            while cells <= enough and (block := file.read(_BLOCK_BYTES)):
                cells += block.count(b",") + block.count(b"\n")
    return cells


def open_text(path: Path) -> io.TextIOBase:
    """A file of text, compressed or not."""
    # Some programs begin a file with a byte order mark, which is no part of a name.
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
