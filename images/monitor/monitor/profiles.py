"""What is known of a feature once Deequ has looked at it."""

from dataclasses import dataclass
from enum import StrEnum


class InferredType(StrEnum):
    """Model Monitor's four types."""

    INTEGRAL = "Integral"
    FRACTIONAL = "Fractional"
    STRING = "String"
    UNKNOWN = "Unknown"

    @property
    def is_numeric(self) -> bool:
        """Whether there are numbers to describe."""
        return self in (InferredType.INTEGRAL, InferredType.FRACTIONAL)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A KLL sketch: an item of level `i` of `levels` stands for 2^i values."""

    shrinking_factor: float
    size: int
    levels: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Bucket:
    """`count` values from `lower_bound` up to `upper_bound`; the last of a feature's buckets is closed."""

    lower_bound: float
    upper_bound: float
    count: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """A numeric feature; `std_dev` is the population's."""

    mean: float
    sum: float
    std_dev: float
    min: float
    max: float
    buckets: tuple[Bucket, ...]
    sketch: Sketch


@dataclass(frozen=True, slots=True)
class Categories:
    """A text feature; `counts` has the most frequent values first, `distinct` counts all of them."""

    distinct: int
    counts: dict[str, int]

    @property
    def is_complete(self) -> bool:
        """Whether every value is among the counts."""
        return len(self.counts) == self.distinct


@dataclass(frozen=True, slots=True)
class TypeCounts:
    """How many values look like what; `not_finite` are NaN and infinities."""

    integral: int = 0
    fractional: int = 0
    text: int = 0
    not_finite: int = 0

    @property
    def inferred(self) -> InferredType:
        """The narrowest type that holds every value; NaN and infinities leave it as it is."""
        if self.text:
            return InferredType.STRING
        if self.fractional or (self.not_finite and not self.integral):
            return InferredType.FRACTIONAL
        return InferredType.INTEGRAL if self.integral else InferredType.UNKNOWN


@dataclass(frozen=True, slots=True)
class Profile:
    """One feature of a dataset."""

    name: str
    present: int
    missing: int
    types: TypeCounts
    numbers: Numbers | None = None
    categories: Categories | None = None

    @property
    def inferred_type(self) -> InferredType:
        """The feature's type."""
        return self.types.inferred

    @property
    def completeness(self) -> float:
        """The share of rows that have a value."""
        rows = self.present + self.missing
        return self.present / rows if rows else 0.0


@dataclass(frozen=True, slots=True)
class DatasetProfile:
    """All features, in the order of the columns."""

    rows: int
    features: tuple[Profile, ...]
