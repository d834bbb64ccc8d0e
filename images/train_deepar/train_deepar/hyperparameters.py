"""What a training job may be asked for: names, types, limits, defaults."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Protocol

from smcontract.failure import ContractError

DEEPAR, TFT, SEASONAL_NAIVE = "deepar", "tft", "seasonal-naive"
STUDENT_T, NEGATIVE_BINOMIAL = "student-t", "negative-binomial"

# Set by SageMaker's SDK and tuner for their own use; not meant for the algorithm.
_PLATFORM_PREFIXES = ("sagemaker_", "_tuning_")


class Rule(Protocol):
    """What values a hyperparameter may take."""

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""

    def parse(self, value: object) -> object:
        """The value in its own type. Raises ValueError when it is not allowed."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        return f"a whole number from {self.low} to {self.high}"

    def parse(self, value: object) -> int:
        """The value as int; 5.0 counts as 5, because tuners write it so."""
        number = _number(value)
        if not number.is_integer() or not self.low <= number <= self.high:
            raise ValueError
        return int(number)


@dataclass(frozen=True, slots=True)
class Real:
    """A number from `low` to `high`; `low` itself only where `low_included`, `high` itself never."""

    low: float
    high: float = math.inf
    low_included: bool = True

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        lower = f"{'at least' if self.low_included else 'above'} {self.low:g}"
        return f"a number {lower}" if self.high == math.inf else f"a number {lower} and below {self.high:g}"

    def parse(self, value: object) -> float:
        """The value as float."""
        number = _number(value)
        if number < self.low or number >= self.high or (number == self.low and not self.low_included):
            raise ValueError
        return number


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; capitals do not count, as SageMaker itself writes student-T."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        return f"one of {', '.join(self.words)}"

    def parse(self, value: object) -> str:
        """The word as it is written here."""
        word = value.lower() if isinstance(value, str) else ""
        if word not in self.words:
            raise ValueError
        return word


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    allowed: str = "true or false"

    def parse(self, value: object) -> bool:
        """The value as bool."""
        word = str(value).lower() if isinstance(value, str | bool) else ""
        if word not in ("true", "false"):
            raise ValueError
        return word == "true"


def _number(value: object) -> float:
    # bool is an int to Python, but "true" is no number to whoever wrote it.
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    # float() would read "1_000" as 1000.
    if isinstance(value, str) and "_" in value:
        raise ValueError
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError from error
    if not math.isfinite(number):
        raise ValueError
    return number


def _of(rule: Rule, default: object) -> Any:
    return field(default=default, metadata={"rule": rule})


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """The hyperparameters of one training job; every value is one that is allowed.

    Names are those of SageMaker's DeepAR where it has one. `prediction_length` and `likelihood` are the
    panel's unless said otherwise. One thread is the default: on small networks two are hardly faster, and
    sums of floats depend on how many threads share them.
    """

    estimator: str = _of(Choice((DEEPAR, TFT, SEASONAL_NAIVE)), DEEPAR)
    context_length: int = _of(Whole(1, 10_000), 60)
    prediction_length: int | None = _of(Whole(1, 10_000), None)
    epochs: int = _of(Whole(1, 10_000), 30)
    num_batches_per_epoch: int = _of(Whole(1, 100_000), 50)
    mini_batch_size: int = _of(Whole(1, 10_000), 32)
    learning_rate: float = _of(Real(0, low_included=False), 0.01)
    weight_decay: float = _of(Real(0), 0.01)
    num_layers: int = _of(Whole(1, 8), 2)
    num_cells: int = _of(Whole(1, 1_000), 40)
    dropout_rate: float = _of(Real(0, 1), 0.1)
    embedding_dimension: int | None = _of(Whole(1, 1_000), None)
    likelihood: str | None = _of(Choice((STUDENT_T, NEGATIVE_BINOMIAL)), None)
    early_stopping_patience: int | None = _of(Whole(1, 10_000), 10)
    num_eval_samples: int = _of(Whole(10, 10_000), 100)
    calibrate: bool = _of(Flag(), True)
    refit: bool = _of(Flag(), True)
    num_models: int = _of(Whole(1, 100), 3)
    seed: int = _of(Whole(0, 2**31 - 1), 0)
    nthread: int = _of(Whole(1, 256), 1)

    def as_document(self) -> dict[str, object]:
        """Every hyperparameter by its name, ready for JSON."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def parse_hyperparameters(given: Mapping[str, object]) -> Hyperparameters:
    """The hyperparameters in `given`, with defaults for those that are not.

    Raises ContractError that names everything that is wrong, not just the
    first: a job that fails for its second typo costs another start.
    """
    known = {each.name: each for each in fields(Hyperparameters)}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in given.items():
        if name.startswith(_PLATFORM_PREFIXES):
            continue
        if name not in known:
            problems.append(_unknown(name, list(known)))
            continue
        rule: Rule = known[name].metadata["rule"]
        try:
            values[name] = rule.parse(value)
        except ValueError:
            problems.append(f"{name}={_shown(value)} must be {rule.allowed}")
    if problems:
        raise ContractError(f"Hyperparameters: {'; '.join(problems)}.")
    return Hyperparameters(**values)


def _unknown(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(sorted(known))}"
    return f"'{name}' is not a hyperparameter ({hint})"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
