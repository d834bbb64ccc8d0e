"""Rows of many series: a day, the texts that say whose it is, and numbers; each with where it was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from preprocess.faults import Fault

FloatArray = npt.NDArray[np.float64]
IntegerArray = npt.NDArray[np.int64]
BooleanArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LongRows:
    """One row for a series and a day, in the order in which they were read.

    `days` counts from 1970-01-01. `texts` has a column for each name of the
    schema's texts, `numbers` (rows × features) one for each of its numbers, the
    target last. `files` is the place of the row's file in `file_names`, `lines`
    the line on which it begins.
    """

    days: IntegerArray
    texts: dict[str, pa.ChunkedArray]
    numbers: FloatArray
    files: IntegerArray
    lines: IntegerArray
    file_names: tuple[str, ...]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.days)

    def taken(self, places: IntegerArray) -> "LongRows":
        """The rows at `places`, in that order."""
        indices = pa.array(places, type=pa.int64())
        return LongRows(
            days=self.days[places],
            texts={name: texts.take(indices) for name, texts in self.texts.items()},
            numbers=self.numbers[places],
            files=self.files[places],
            lines=self.lines[places],
            file_names=self.file_names,
        )

    def fault(self, place: int, column: str | None, value: str | None, reason: str) -> Fault:
        """What is wrong with the row at `place`."""
        name = self.file_names[int(self.files[place])]
        return Fault(name, int(self.lines[place]), column, value, reason)

    def where(self, place: int) -> str:
        """The row's file and line, as messages name them."""
        return f"{self.file_names[int(self.files[place])]} line {self.lines[place]}"


def joined_rows(parts: Sequence[LongRows]) -> LongRows:
    """The rows of every part, one part after the other; there is at least one."""
    firsts = accumulate((len(part.file_names) for part in parts[:-1]), initial=0)
    return LongRows(
        days=np.concatenate([part.days for part in parts]),
        texts={
            name: pa.chunked_array(
                [chunk for part in parts for chunk in part.texts[name].chunks], type=pa.string()
            )
            for name in parts[0].texts
        },
        numbers=np.concatenate([part.numbers for part in parts]),
        files=np.concatenate([part.files + first for part, first in zip(parts, firsts, strict=True)]),
        lines=np.concatenate([part.lines for part in parts]),
        file_names=tuple(name for part in parts for name in part.file_names),
    )


def codes(texts: pa.ChunkedArray) -> tuple[IntegerArray, list[str]]:
    """The places of a column's texts among its different texts, which are sorted."""
    encoded = texts.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.arange(len(values))
    found: IntegerArray = ranks[encoded.indices.to_numpy()]
    return found, [values[place] for place in order]
