"""From a raw named row to the encoded row that the model takes."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from smcontract.failure import ContractError

ENCODER_VERSION = 1
_SHOWN_CHOICES = 12


class RowError(ValueError):
    """One row cannot be encoded; the text says which field and why."""


@dataclass(frozen=True, slots=True)
class NumericFeature:
    """A number, scaled as (x - mean) / scale.

    The range it had in training is not checked here: traffic may drift out of
    it, and seeing that is the monitor's work.
    """

    name: str
    integral: bool
    nullable: bool
    mean: float
    scale: float
    text_is_missing: bool = False

    def encode(self, value: object) -> float:
        """The scaled number, NaN for null and for text where that is allowed. Raises RowError."""
        if value is None:
            if not self.nullable:
                raise RowError(f"{self.name} is empty; it needs {self._kind}")
            return math.nan
        if isinstance(value, str):
            if self.text_is_missing:
                return math.nan
            raise RowError(f"{self.name} is the text {shown(value)}; send {self._kind} without quotes")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RowError(f"{self.name} is {shown(value)}; it needs {self._kind}")
        return self.scaled(value)

    def scaled(self, value: int | float) -> float:
        """The scaled number. Raises RowError for one that is not finite, or not whole."""
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise RowError(f"{self.name} is not a finite number")
        if self.integral and not number.is_integer():
            raise RowError(f"{self.name} is {value!r}; it needs a whole number")
        return (number - self.mean) / self.scale

    @property
    def _kind(self) -> str:
        return "a whole number" if self.integral else "a number"


@dataclass(frozen=True, slots=True)
class CategoricalFeature:
    """One of a fixed list of texts, one column each."""

    name: str
    nullable: bool
    positions: Mapping[str, int]
    width: int

    def position(self, value: object) -> int | None:
        """Which of its columns is 1; None for null where that is allowed. Raises RowError."""
        if value is None:
            if not self.nullable:
                raise RowError(f"{self.name} is empty; it needs {self._choices}")
            return None
        if not isinstance(value, str):
            raise RowError(f"{self.name} is {shown(value)}; it needs {self._choices}")
        if value not in self.positions:
            raise RowError(f"{self.name} {shown(value)} is not a known category; it needs {self._choices}")
        return self.positions[value]

    @property
    def _choices(self) -> str:
        values = list(self.positions)
        more = f" … ({len(values)} in all)" if len(values) > _SHOWN_CHOICES else ""
        return f"one of {', '.join(values[:_SHOWN_CHOICES])}{more}"


@dataclass(frozen=True, slots=True)
class Encoder:
    """The encoder that preprocessing fitted: which columns a model takes, and how they are made."""

    target: str
    positive: str
    negative: str
    numeric: tuple[NumericFeature, ...]
    categorical: tuple[CategoricalFeature, ...]
    encoded_names: tuple[str, ...]

    @property
    def takes_text(self) -> bool:
        """Whether text where a number belongs counts as a missing one."""
        return any(feature.text_is_missing for feature in self.numeric)

    @property
    def names(self) -> tuple[str, ...]:
        """The raw features, numbers first."""
        return (*(f.name for f in self.numeric), *(f.name for f in self.categorical))

    def encode(self, row: Mapping[str, object]) -> list[float]:
        """The encoded row of a raw row that has just the raw features. Raises RowError."""
        encoded = [number.encode(row[number.name]) for number in self.numeric]
        for category in self.categorical:
            columns = [0.0] * category.width
            position = category.position(row[category.name])
            if position is not None:
                columns[position] = 1.0
            encoded += columns
        return encoded

    def check_names(self, given: Sequence[str]) -> None:
        """Raise RowError unless `given` are the raw features, each once, in any order."""
        if self.target in given:
            raise RowError(f"{self.target} is the target, which the model predicts; leave it out")
        check_names(given, self.names)

    def first_invalid(self, encoded: npt.NDArray[np.float32]) -> int | None:
        """The first row that `encode` could not have made, by its place; None when all are fine.

        Such a row would be answered all the same, and wrongly.
        """
        split = len(self.numeric)
        numbers, columns = encoded[:, :split], encoded[:, split:]
        nullable = np.array([feature.nullable for feature in self.numeric], dtype=bool)
        bad = np.isinf(numbers).any(axis=1) | np.isnan(numbers[:, ~nullable]).any(axis=1)
        bad |= ~((columns == 0) | (columns == 1)).all(axis=1)
        start = 0
        for category in self.categorical:
            ones = columns[:, start : start + category.width].sum(axis=1)
            # NaN compares false, and is bad already.
            bad |= (ones > 1) | ((ones == 0) & (not category.nullable))
            start += category.width
        places = np.flatnonzero(bad)
        return int(places[0]) if len(places) else None

    def fault(self, encoded: npt.NDArray[np.float32]) -> str:
        """What is wrong with an encoded row that `first_invalid` found."""
        for column, number in enumerate(self.numeric):
            value = encoded[column]
            if np.isinf(value):
                return f"{number.name} is not a finite number, or too large for one"
            if np.isnan(value) and not number.nullable:
                return f"{number.name} is empty; it needs a number"
        start = len(self.numeric)
        for category in self.categorical:
            names = self.encoded_names[start : start + category.width]
            block = encoded[start : start + category.width]
            for name, value in zip(names, block, strict=True):
                if value not in (0.0, 1.0):
                    return f"{name} is {'empty' if np.isnan(value) else value}; it needs 0 or 1"
            ones = int(block.sum())
            if ones > 1 or (ones == 0 and not category.nullable):
                return f"{category.name} has {ones} of its columns at 1; it needs exactly one"
            start += category.width
        return "it is not a row that the encoder makes"

    def without_empty_numbers(self) -> "Encoder":
        """The same encoder, refusing empty numbers; for a model that cannot take them."""
        return replace(self, numeric=tuple(replace(feature, nullable=False) for feature in self.numeric))

    def with_text_as_missing(self) -> "Encoder":
        """The same encoder; text where a number belongs, and an empty number, count as missing ones."""
        lenient = (replace(each, nullable=True, text_is_missing=True) for each in self.numeric)
        return replace(self, numeric=tuple(lenient))


def check_names(given: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise RowError unless `given` are the `wanted` names, each once, in any order."""
    if len(given) == len(wanted) and set(given) == set(wanted):
        return
    problems = []
    if missing := [name for name in wanted if name not in given]:
        problems.append(f"missing: {', '.join(missing)}")
    if unknown := [name for name in given if name not in wanted]:
        problems.append(f"unknown: {', '.join(shown(name) for name in unknown)}")
    if doubled := sorted({name for name in given if given.count(name) > 1}):
        problems.append(f"given twice: {', '.join(doubled)}")
    if problems:
        raise RowError(f"fields {'; '.join(problems)}")


def shown(value: object) -> str:
    """The value as it may stand in an error: quoted, and not too long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def parse_encoder(content: bytes, where: str) -> Encoder:
    """The encoder that preprocessing described in `encoder.json`.

    Raises ContractError, naming `where`, when it is damaged or of another version.
    """
    try:
        document = json.loads(content)
        if document["version"] != ENCODER_VERSION:
            raise ContractError(
                f"{where} has version {document['version']!r}, this image reads {ENCODER_VERSION}; "
                "preprocess the data with the matching image."
            )
        encoder = _encoder(document)
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError(
            f"{where} is not an encoder ({type(error).__name__}: {error}); "
            "give the encoder.json that preprocessing made."
        ) from error
    width = len(encoder.numeric) + sum(feature.width for feature in encoder.categorical)
    if width != len(encoder.encoded_names) or width != len(set(encoder.encoded_names)):
        raise ContractError(f"{where}: encoded_names do not match its features; preprocess the data again.")
    return encoder


def _encoder(document: Mapping[str, object]) -> Encoder:
    target, numeric, categorical, names = (
        document[key] for key in ("target", "numeric", "categorical", "encoded_names")
    )
    if not (isinstance(target, dict) and isinstance(numeric, list) and isinstance(categorical, list)):
        raise TypeError("target must be an object, numeric and categorical lists")
    if not isinstance(names, list):
        raise TypeError("encoded_names must be a list")
    return Encoder(
        target=str(target["name"]),
        positive=str(target["positive"]),
        negative=str(target["negative"]),
        numeric=tuple(
            NumericFeature(
                name=str(feature["name"]),
                integral=feature["type"] == "Integral",
                nullable=bool(feature["nullable"]),
                mean=float(feature["mean"]),
                scale=float(feature["scale"]),
            )
            for feature in numeric
        ),
        categorical=tuple(
            CategoricalFeature(
                name=str(feature["name"]),
                nullable=bool(feature["nullable"]),
                positions={str(c["value"]): at for at, c in enumerate(feature["categories"])},
                width=len(feature["categories"]),
            )
            for feature in categorical
        ),
        encoded_names=tuple(str(name) for name in names),
    )
