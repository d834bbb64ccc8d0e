"""Which files are a dataset."""

from collections.abc import Sequence
from pathlib import Path

from smcontract.failure import ContractError


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
