"""Rows that are known to be right, as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntegerArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Valid rows: their numbers, the places of their categories, and their labels.

    `numbers` has a column for each numeric feature, NaN where a cell is empty.
    `codes` has a column for each categorical feature: the category's place in
    the schema, -1 where a cell is empty. `labels` is 1 for the positive target.
    """

    numbers: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int32]
    labels: npt.NDArray[np.int8]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.labels)

    @property
    def positive(self) -> int:
        """How many rows have the positive target."""
        return int(np.count_nonzero(self.labels))

    def taken(self, places: IntegerArray) -> "Rows":
        """The rows at `places`, in that order."""
        return Rows(self.numbers[places], self.codes[places], self.labels[places])


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of every part, one part after the other."""
    return Rows(
        numbers=np.concatenate([part.numbers for part in parts]),
        codes=np.concatenate([part.codes for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
    )
