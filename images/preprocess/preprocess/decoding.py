"""Encoded rows back to what they were encoded from, by encoder.json alone."""

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf, isfinite
from pathlib import Path
from typing import Any

from smcontract.failure import ContractError

from preprocess.numeric_cells import is_number
from preprocess.schema import ENCODER_VERSION

# With so many digits every double reads back as itself.
_MOST_DIGITS = 17
_FLOAT32 = struct.Struct("f")


class NotDecodableError(Exception):
    """An encoded row is none that this encoder gives.

    The message names no value, so that rows can be counted by it.
    """

    def __init__(self, column: str | None, value: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value = column, value


@dataclass(frozen=True, slots=True)
class Number:
    """A scaled number and what it was scaled by."""

    name: str
    integral: bool
    mean: float
    scale: float

    def decoded(self, cell: str) -> str:
        """The number behind an encoded cell, which is encoded to that cell's float32 again.

        A fraction gets the fewest digits of which that is true. Raises NotDecodableError.
        """
        if cell == "":
            return ""
        encoded = _float32(float(cell)) if is_number(cell) else inf
        if not isfinite(encoded):
            raise NotDecodableError(self.name, cell, "is not a number")
        number = encoded * self.scale + self.mean
        if self.integral:
            whole = round(number)
            if self._encoded(whole) != encoded:
                raise NotDecodableError(self.name, cell, "is not what the encoder makes of a whole number")
            return str(whole)
        for digits in range(1, _MOST_DIGITS + 1):
            text = f"{number:.{digits}g}"
            if self._encoded(float(text)) == encoded:
                return repr(float(text))
        return repr(number)

    def _encoded(self, number: float) -> float:
        return _float32((number - self.mean) / self.scale)


@dataclass(frozen=True, slots=True)
class OneHot:
    """A category's columns; none of them is 1 where the cell was empty."""

    name: str
    values: tuple[str, ...]

    def decoded(self, cells: Sequence[str]) -> str:
        """The category behind its columns' cells. Raises NotDecodableError."""
        chosen = ""
        for value, cell in zip(self.values, cells, strict=True):
            if cell == "0":
                continue
            if cell != "1":
                cell = self._bit(cell)
            if cell == "1":
                if chosen:
                    raise NotDecodableError(self.name, None, "has several categories")
                chosen = value
        return chosen

    def _bit(self, cell: str) -> str:
        if is_number(cell) and (number := float(cell)) in (0.0, 1.0):
            return "1" if number else "0"
        raise NotDecodableError(self.name, cell, "has a column that is neither 0 nor 1")


@dataclass(frozen=True, slots=True)
class Decoder:
    """What undoes one encoder.json; `sha256` is that file's, by which requests name it."""

    sha256: str
    numbers: tuple[Number, ...]
    categories: tuple[OneHot, ...]
    encoded_names: tuple[str, ...]

    def decoded(self, cells: Sequence[str]) -> dict[str, str]:
        """The raw cells, by column, of a row of encoded ones. Raises NotDecodableError."""
        if len(cells) != len(self.encoded_names):
            raise NotDecodableError(None, None, "has another number of cells than its encoder gives")
        remaining = iter(cells)
        row = {number.name: number.decoded(next(remaining)) for number in self.numbers}
        for category in self.categories:
            row[category.name] = category.decoded(list(islice(remaining, len(category.values))))
        return row


def read_decoders(folder: Path) -> dict[str, Decoder]:
    """The decoder of every encoder.json in `folder` and below, by its SHA-256.

    Raises ContractError where there is none, or one cannot be used.
    """
    decoders = {decoder.sha256: decoder for decoder in _each(folder)}
    if not decoders:
        raise ContractError(f"{folder} has no encoder.json; give those that encoded the captured rows.")
    return decoders


def _each(folder: Path) -> Iterator[Decoder]:
    for path in sorted(folder.rglob("*.json")):
        try:
            yield parse_decoder(path.read_bytes(), str(path))
        except OSError as error:
            raise ContractError(
                f"{path} cannot be read ({error.strerror}); check the encoder input."
            ) from error


def parse_decoder(content: bytes, where: str) -> Decoder:
    """What undoes the encoder.json in `content`. Raises ContractError, naming `where`."""
    try:
        document: Any = json.loads(content)
        if document["version"] != ENCODER_VERSION:
            raise ContractError(
                f"{where} has version {document['version']!r}; this image reads version {ENCODER_VERSION}."
            )
        decoder = Decoder(
            sha256=hashlib.sha256(content).hexdigest(),
            numbers=tuple(
                Number(each["name"], each["type"] == "Integral", float(each["mean"]), float(each["scale"]))
                for each in document["numeric"]
            ),
            categories=tuple(
                OneHot(each["name"], tuple(category["value"] for category in each["categories"]))
                for each in document["categorical"]
            ),
            encoded_names=tuple(document["encoded_names"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ContractError(
            f"{where} is no encoder.json ({type(error).__name__}: {error}); give one as preprocess wrote it."
        ) from error
    widths = len(decoder.numbers) + sum(len(each.values) for each in decoder.categories)
    if widths != len(decoder.encoded_names):
        raise ContractError(
            f"{where} describes {widths} encoded columns and names {len(decoder.encoded_names)}; "
            "give an encoder.json as preprocess wrote it."
        )
    return decoder


def _float32(number: float) -> float:
    """The float32 nearest to `number`; one that is too large for any is infinite."""
    try:
        (rounded,) = _FLOAT32.unpack(_FLOAT32.pack(number))
    except OverflowError:
        return inf
    return float(rounded)
