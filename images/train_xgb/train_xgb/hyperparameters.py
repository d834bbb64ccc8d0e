"""What a training job may be asked for: names, types, limits, defaults."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Protocol

from smcontract.failure import ContractError

EVAL_METRICS = ("auc", "aucpr", "error", "logloss")

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
    """A number from `low` to `high`; `low` itself only where `low_included`."""

    low: float
    high: float = math.inf
    low_included: bool = True
    high_included: bool = True

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        lower = f"{'at least' if self.low_included else 'above'} {self.low:g}"
        if self.high == math.inf:
            return f"a number {lower}"
        return f"a number {lower} and {'at most' if self.high_included else 'below'} {self.high:g}"

    def parse(self, value: object) -> float:
        """The value as float."""
        number = _number(value)
        above = number >= self.low if self.low_included else number > self.low
        below = number <= self.high if self.high_included else number < self.high
        if not (above and below):
            raise ValueError
        return number


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        return f"one of {', '.join(self.words)}" if len(self.words) > 1 else self.words[0]

    def parse(self, value: object) -> str:
        """The word itself."""
        if value not in self.words:
            raise ValueError
        return str(value)


@dataclass(frozen=True, slots=True)
class Words:
    """Several of a few words, as a JSON list or separated by commas."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        return f"one or more of {', '.join(self.words)}, separated by commas"

    def parse(self, value: object) -> tuple[str, ...]:
        """The words in the order given, each once."""
        given = value.split(",") if isinstance(value, str) else value
        if not isinstance(given, list) or not given:
            raise ValueError
        words = tuple(dict.fromkeys(word.strip() if isinstance(word, str) else "" for word in given))
        if not set(words) <= set(self.words):
            raise ValueError
        return words


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


def _of(rule: Rule, default: object, name: str | None = None) -> Any:
    return field(default=default, metadata={"rule": rule, "name": name})


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """The hyperparameters of one training job; every value is one that is allowed.

    Names and meanings are those of SageMaker's XGBoost algorithm. `nthread` is
    two unless said otherwise, never the number of cores: sums of floats depend
    on how many threads share them, and the same job must give the same model
    on every machine.
    """

    num_round: int = _of(Whole(1, 100_000), 500)
    max_depth: int = _of(Whole(1, 32), 6)
    eta: float = _of(Real(0, 1, low_included=False), 0.03)
    gamma: float = _of(Real(0), 0.0)
    min_child_weight: float = _of(Real(0), 1.0)
    subsample: float = _of(Real(0, 1, low_included=False), 0.8)
    colsample_bytree: float = _of(Real(0, 1, low_included=False), 0.8)
    lambda_: float = _of(Real(0), 1.0, name="lambda")
    alpha: float = _of(Real(0), 0.0)
    scale_pos_weight: float = _of(Real(0, low_included=False), 1.0)
    max_delta_step: float = _of(Real(0), 0.0)
    tree_method: str = _of(Choice(("hist", "approx", "exact")), "hist")
    max_bin: int = _of(Whole(2, 65_535), 256)
    objective: str = _of(Choice(("binary:logistic",)), "binary:logistic")
    eval_metric: tuple[str, ...] = _of(Words(EVAL_METRICS), ("logloss",))
    early_stopping_rounds: int | None = _of(Whole(1, 100_000), None)
    seed: int = _of(Whole(0, 2**31 - 1), 0)
    nthread: int = _of(Whole(1, 256), 2)
    pca_components: int | None = _of(Whole(1, 100_000), None)
    verbosity: int = _of(Whole(0, 3), 1)
    decision_threshold: float = _of(Real(0, 1, low_included=False, high_included=False), 0.5)

    @property
    def watched_metric(self) -> str:
        """The metric that decides which round is best: the last one named, as XGBoost has it."""
        return self.eval_metric[-1]

    def as_document(self) -> dict[str, object]:
        """Every hyperparameter by its SageMaker name, ready for JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in ((_wire_name(f), getattr(self, f.name)) for f in fields(self))
        }


def parse_hyperparameters(given: Mapping[str, object]) -> Hyperparameters:
    """The hyperparameters in `given`, with defaults for those that are not.

    Raises ContractError that names everything that is wrong, not just the
    first: a job that fails for its second typo costs another start.
    """
    known = {_wire_name(f): f for f in fields(Hyperparameters)}
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
            values[known[name].name] = rule.parse(value)
        except ValueError:
            problems.append(f"{name}={_shown(value)} must be {rule.allowed}")
    if problems:
        raise ContractError(f"Hyperparameters: {'; '.join(problems)}.")
    return Hyperparameters(**values)


def _wire_name(f: Any) -> str:
    return f.metadata["name"] or str(f.name)


def _unknown(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(sorted(known))}"
    return f"'{name}' is not a hyperparameter ({hint})"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
