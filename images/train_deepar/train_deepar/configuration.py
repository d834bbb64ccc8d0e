"""What a request wants to know of its forecasts."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from smcontract.failure import ContractError

from train_deepar.errors import BadRequestError, shown

MEAN, MEDIAN, QUANTILES, SAMPLES = "mean", "median", "quantiles", "samples"
OUTPUT_TYPES = (MEAN, MEDIAN, QUANTILES, SAMPLES)
MOST_SAMPLES = 1000
MOST_QUANTILES = 99
# Series by samples by days in one request: some 20 s on one core, a third of what SageMaker gives
# an invocation.
MOST_VALUES = 3_000_000
MOST_SERIES = 500
LARGEST_SEED = 2**31 - 1
# The built-in DeepAR's variable, which a batch transform sets: its lines have no room for it.
VARIABLE = "DEEPAR_INFERENCE_CONFIG"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Number of samples, kinds of answer, horizon in days, seed; as the built-in DeepAR names them.

    `quantiles` are the levels as the caller wrote them, which name them in the answer.
    `prediction_length` is None where the model's own is wanted.
    """

    num_samples: int = 100
    output_types: tuple[str, ...] = (MEAN, QUANTILES)
    quantiles: tuple[str, ...] = ("0.1", "0.5", "0.9")
    prediction_length: int | None = None
    seed: int = 0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """What is answered where a request says nothing. Raises ContractError."""
        text = environ.get(VARIABLE)
        if not text:
            return cls()
        try:
            return cls().changed(json.loads(text))
        except (ValueError, RecursionError, BadRequestError) as error:
            raise ContractError(f"{VARIABLE}={text[:200]!r} cannot be used: {error}") from error

    def changed(self, document: object) -> Self:
        """This configuration with what `document` says otherwise. Raises BadRequestError."""
        if not isinstance(document, dict):
            raise BadRequestError("configuration is not a JSON object.")
        if unknown := [name for name in document if name not in _READERS]:
            raise BadRequestError(
                f"configuration: keys unknown: {', '.join(map(shown, unknown[:5]))}; "
                f"there are {', '.join(_READERS)}."
            )
        read: dict[str, Any] = {name: _READERS[name](value) for name, value in document.items()}
        return replace(self, **read)

    def horizon(self, trained: int) -> int:
        """How many days are asked for, of a model trained for `trained`. Raises BadRequestError."""
        if self.prediction_length is None:
            return trained
        if self.prediction_length > trained:
            raise BadRequestError(
                f"configuration: prediction_length is {self.prediction_length}, the model was trained for "
                f"{trained} days ahead; ask for {trained} at most, or train with a longer prediction_length."
            )
        return self.prediction_length

    def check_size(self, series: int, horizon: int) -> None:
        """Raise BadRequestError for more than one request may ask for."""
        if series > MOST_SERIES:
            raise BadRequestError(
                f"{series} instances are more than {MOST_SERIES}; send them in several requests."
            )
        values = series * self.num_samples * horizon
        if values > MOST_VALUES:
            raise BadRequestError(
                f"{series} instances × {self.num_samples} samples × {horizon} days are {values:,} values, "
                f"more than {MOST_VALUES:,}; ask for fewer samples, or send several requests."
            )


def _whole(value: object, name: str, low: int, high: int | None) -> int:
    within = f"from {low} to {high}" if high is not None else f"of at least {low}"
    if not isinstance(value, int) or isinstance(value, bool) or value < low or (high and value > high):
        raise BadRequestError(f"configuration: {name} is {shown(value)}; it needs a whole number {within}.")
    return value


def _output_types(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or any(each not in OUTPUT_TYPES for each in value):
        raise BadRequestError(
            f"configuration: output_types is {shown(value)}; "
            f"it needs a list of one or more of {', '.join(OUTPUT_TYPES)}."
        )
    return tuple(dict.fromkeys(value))


def _quantiles(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_QUANTILES:
        raise BadRequestError(
            f"configuration: quantiles is {shown(value)}; "
            f'it needs a list of 1 to {MOST_QUANTILES} levels such as "0.9".'
        )
    levels = tuple(_level(each) for each in value)
    if len({float(level) for level in levels}) < len(levels):
        raise BadRequestError("configuration: quantiles names a level twice.")
    return levels


def _level(value: object) -> str:
    try:
        level = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        level = math.nan
    if not 0 < level < 1:
        raise BadRequestError(
            f'configuration: quantiles has {shown(value)}; a level is a number between 0 and 1 such as "0.9".'
        )
    return str(value)


_READERS: Mapping[str, Callable[[object], object]] = {
    "num_samples": lambda value: _whole(value, "num_samples", 1, MOST_SAMPLES),
    "output_types": _output_types,
    "quantiles": _quantiles,
    "prediction_length": lambda value: _whole(value, "prediction_length", 1, None),
    "seed": lambda value: _whole(value, "seed", 0, LARGEST_SEED),
}
