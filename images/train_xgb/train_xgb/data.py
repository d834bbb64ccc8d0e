"""Labelled, encoded rows from CSV files: read fast, and faulted by file, line and column."""

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from smcontract.failure import ContractError

from train_xgb.encoding import Encoder

# The text goes into FailureReason, which keeps 1,024 characters.
_PROBLEMS_SHOWN = 3
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file that was read."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """The rows of one channel: labels are 0 or 1, and both occur."""

    labels: npt.NDArray[np.float32]
    encoded: npt.NDArray[np.float32]
    files: tuple[DataFile, ...]
    sha256: str

    def as_document(self) -> dict[str, object]:
        """What a manifest says about these data."""
        return {
            "sha256": self.sha256,
            "rows": len(self.labels),
            "positive": int(self.labels.sum()),
            "files": [{"name": f.name, "sha256": f.sha256, "rows": f.rows} for f in self.files],
        }


def read_dataset(folder: Path, encoder: Encoder) -> Dataset:
    """Every row of every file in `folder`, files in order of their names.

    The files are CSV without a header: the label, then the encoded row.
    The dataset's sha256 is that of the files' bytes one after the other, so
    a single file has the digest that `sha256sum` shows.
    Raises ContractError, naming file, line and column, for anything that is
    not a row of these columns, and when only one class occurs.
    """
    paths = sorted(path for path in _visible_files(folder))
    if not paths:
        raise ContractError(f"{folder} holds no file; give it at least one CSV file.")
    whole = hashlib.sha256()
    tables, files = [], []
    for path in paths:
        content = path.read_bytes()
        whole.update(content)
        table = _read_table(path, content, encoder)
        tables.append(table)
        name = path.relative_to(folder).as_posix()
        files.append(DataFile(name, hashlib.sha256(content).hexdigest(), len(table)))
    table = tables[0] if len(tables) == 1 else np.concatenate(tables)
    labels, encoded = table[:, 0].copy(), np.ascontiguousarray(table[:, 1:])
    _check_classes(folder, labels)
    return Dataset(labels, encoded, tuple(files), whole.hexdigest())


def _visible_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            yield path


def _read_table(path: Path, content: bytes, encoder: Encoder) -> npt.NDArray[np.float32]:
    if not content.strip():
        raise ContractError(f"{path} is empty; every file needs at least one row.")
    if path.suffix in {".gz", ".parquet", ".bz2", ".xz", ".zip"} or b"\0" in content[:4096]:
        raise ContractError(f"{path} is not plain CSV text; unpack or convert it first.")
    columns = 1 + len(encoder.encoded_names)
    table = _parse(path, content)
    if table is None or table.shape[1] != columns or not _is_clean(table, encoder):
        raise ContractError(_faults(path, content, encoder))
    return table


def _parse(path: Path, content: bytes) -> npt.NDArray[np.float32] | None:
    """The numbers in the file, or None when something in it is not one."""
    # numpy's parser is fast on a path, and knows no empty cells.
    has_empty_cells = b",," in content or b",\n" in content or b",\r" in content or content.endswith(b",")
    source = _filled_lines(content) if has_empty_cells else path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.loadtxt(
                source, delimiter=",", dtype=np.float32, comments=None, ndmin=2, encoding="utf-8"
            )
        except ValueError:
            return None


def _filled_lines(content: bytes) -> list[str]:
    lines = content.decode("utf-8", errors="replace").splitlines()
    return [",".join(cell or "nan" for cell in line.split(",")) for line in lines if line]


def _is_clean(table: npt.NDArray[np.float32], encoder: Encoder) -> bool:
    labels = table[:, 0]
    if not ((labels == 0) | (labels == 1)).all():
        return False
    # One pass over all numbers tells whether a closer look is needed.
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(table.sum(dtype=np.float64)):
            return True
    if np.isinf(table).any():
        return False
    nullable = [feature.nullable for feature in encoder.numeric]
    required = [True, *(not may for may in nullable), *([True] * (table.shape[1] - 1 - len(nullable)))]
    return not np.isnan(table[:, required]).any()


def _faults(path: Path, content: bytes, encoder: Encoder) -> str:
    """What is wrong in the file, the first few places by line and column."""
    text = content.decode("utf-8", errors="replace")
    found: list[str] = []
    count = 0
    for line_number, line in enumerate(text.splitlines(), start=1):
        fault = _line_fault(line, encoder) if line.strip() else None
        if fault is not None:
            count += 1
            if len(found) < _PROBLEMS_SHOWN:
                found.append(f"{path}, line {line_number}: {fault}")
    if not found:
        return f"{path} cannot be read as numbers; write it as plain CSV in UTF-8."
    if count > len(found):
        found.append(f"and {count - len(found)} more lines like these")
    return "; ".join(found) + "."


def _line_fault(line: str, encoder: Encoder) -> str | None:
    cells = line.split(",")
    wanted = 1 + len(encoder.encoded_names)
    if len(cells) != wanted:
        return f"{len(cells)} columns, expected {wanted} (the label and {wanted - 1} encoded columns)"
    if not any(_as_number(cell) is not None for cell in cells):
        return "no number at all, so it looks like a header; leave the header out"
    label = _as_number(cells[0])
    if label not in (0.0, 1.0):
        return f"column 1 (the label) is {cells[0]!r}; it must be 0 or 1"
    for position, (cell, name) in enumerate(zip(cells[1:], encoder.encoded_names, strict=True)):
        where = f"column {position + 2} ({name})"
        if cell.strip() in ("", "nan", "NaN"):
            if position >= len(encoder.numeric) or not encoder.numeric[position].nullable:
                return f"{where} is empty and may not be"
            continue
        number = _as_number(cell)
        if number is None:
            return f"{where} is {cell!r}, not a number"
        if np.isinf(number) or abs(number) > _LARGEST:
            return f"{where} is {cell!r}, not a finite number"
    return None


def _as_number(cell: str) -> float | None:
    # float() would read "1_0" as 10, and the digits of every script; numpy's parser refuses both.
    if "_" in cell or not cell.isascii():
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def _check_classes(folder: Path, labels: npt.NDArray[np.float32]) -> None:
    positive = int(labels.sum())
    if positive in (0, len(labels)):
        only = 1 if positive else 0
        raise ContractError(
            f"{folder}: all {len(labels)} rows have the label {only}; both classes, 0 and 1, must occur. "
            "Check the target's positive and negative values in the schema."
        )
