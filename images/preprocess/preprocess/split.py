"""Which rows go into which part."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import train_test_split
from smcontract.failure import ContractError

from preprocess.arguments import SplitPlan
from preprocess.rows import IntegerArray

Labels = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Parts:
    """The places of the rows of each part, in the order of the input; no row is in two parts."""

    train: IntegerArray
    validation: IntegerArray
    test: IntegerArray
    live: IntegerArray

    def named(self) -> dict[str, IntegerArray]:
        """Each part by its name."""
        return {"train": self.train, "validation": self.validation, "test": self.test, "live": self.live}


def split(labels: Labels, plan: SplitPlan) -> Parts:
    """Rows shared out by `plan`, every part with the same share of positive rows.

    The parts are those of scikit-learn's train_test_split called on what the
    call before it left, so three lines elsewhere give the same ones. What is
    live depends on the rows, the live seed and the live fraction alone.
    Raises ContractError where the rows are too few for every part to have both classes.
    """
    everything = np.arange(len(labels), dtype=np.int64)
    rest, live = _parted(
        everything, labels, _size(plan.live_fraction, len(everything)), plan.live_seed, "live"
    )
    modelling, test = _parted(rest, labels, _size(plan.test_fraction, len(rest)), plan.seed, "test")
    train, validation = _parted(
        modelling, labels, _size(plan.validation_fraction, len(rest)), plan.seed, "validation"
    )
    # In the input's order a part can be read beside the file it came from.
    return Parts(*(np.sort(part) for part in (train, validation, test, live)))


def _size(fraction: Fraction, row_count: int) -> int:
    """Rounded up, as scikit-learn does; a fraction that is a fraction cannot be off by a binary hair."""
    return ceil(fraction * row_count)


def _parted(
    places: IntegerArray, labels: Labels, size: int, seed: int, part: str
) -> tuple[IntegerArray, IntegerArray]:
    """The places that stay and the `size` places that go into `part`."""
    if size == 0:
        return places, places[:0]
    present = labels[places]
    # scikit-learn stratifies only what has two of each class, and room for one on both sides.
    if min(size, len(places) - size, *np.bincount(present, minlength=2).tolist()) < 2:
        raise _too_few(part, labels)
    staying, going = train_test_split(places, test_size=size, random_state=seed, stratify=present)
    if any(len(np.unique(labels[side])) < 2 for side in (staying, going)):
        raise _too_few(part, labels)
    return staying, going


def _too_few(part: str, labels: Labels) -> ContractError:
    positive = int(np.count_nonzero(labels))
    return ContractError(
        f"{len(labels)} rows, {positive} of them positive, are too few to split: '{part}' and what it leaves "
        f"need both target values; send more rows, or set --{part}-fraction to 0 for no such part."
    )
