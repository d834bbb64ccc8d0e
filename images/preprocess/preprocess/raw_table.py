"""Columns of raw cells, before anything is known to be right."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from smcontract.failure import ContractError

from preprocess.faults import Fault


@dataclass(frozen=True, slots=True)
class RawTable:
    """The wanted columns of one file.

    `lines` has a line number for each row of `columns`; rows that have no
    columns to speak of are in `malformed` instead.
    """

    name: str
    columns: dict[str, pa.ChunkedArray]
    lines: npt.NDArray[np.int64]
    malformed: list[Fault]
    ignored_columns: tuple[str, ...]

    @property
    def row_count(self) -> int:
        """All rows of the file, malformed ones too."""
        return len(self.lines) + len(self.malformed)


def check_columns(name: str, found: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """The columns that are found but not wanted.

    Raises ContractError, naming the file and the columns, when one is missing or occurs twice.
    """
    listed = _quoted(found)
    if missing := [column for column in wanted if column not in found]:
        raise ContractError(
            f"{name}: missing {_columns(missing)}; found: {listed}. Add what is missing or change the schema."
        )
    if doubled := [column for column, times in Counter(found).items() if times > 1]:
        raise ContractError(f"{name}: more than one {_columns(doubled)}; found: {listed}. Keep one of each.")
    return tuple(column for column in found if column not in wanted)


def _columns(names: Sequence[str]) -> str:
    return f"{'column' if len(names) == 1 else 'columns'} {_quoted(names)}"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
