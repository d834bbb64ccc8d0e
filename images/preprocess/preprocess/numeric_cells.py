"""Cells as numbers: parsed a column at a time, faulted a cell at a time."""

import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from preprocess.schema import NumericFeature

# Beyond this a double skips whole numbers.
LARGEST_INTEGRAL = 2**53 - 1
# Encoded rows are float32.
LARGEST_FRACTIONAL = float(np.finfo(np.float32).max)

_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_NUMBER_PATTERN = re.compile(_NUMBER)
_WHOLE_CELL = rf"\A{_NUMBER}\z"


@dataclass(frozen=True, slots=True)
class ParsedNumbers:
    """A column of numbers; `values` is NaN where a cell is empty or is no number."""

    values: npt.NDArray[np.float64]
    empty: npt.NDArray[np.bool_]


def parsed_numbers(raw: pa.ChunkedArray) -> ParsedNumbers:
    """The numbers in `raw`, which holds texts, integers or floats."""
    if pa.types.is_string(raw.type):
        filled = pc.if_else(pc.equal(raw, ""), pa.scalar(None, pa.string()), raw)
        empty = pc.is_null(filled)
        numbers = _from_texts(filled)
    else:
        numbers = pc.cast(raw, pa.float64(), safe=False)
        empty = pc.is_null(numbers, nan_is_null=True)
    # 0.0 is added so that -0 becomes 0, which is written the same everywhere.
    values = pc.fill_null(numbers, math.nan).to_numpy() + 0.0
    return ParsedNumbers(values=values, empty=empty.to_numpy())


def _from_texts(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        # One cell is no number; leave such cells out and say later which they are.
        is_number = pc.match_substring_regex(texts, _WHOLE_CELL)
        return pc.cast(pc.if_else(is_number, texts, pa.scalar(None, pa.string())), pa.float64())


def unacceptable(numbers: ParsedNumbers, feature: NumericFeature) -> npt.NDArray[np.bool_]:
    """Which cells `feature` does not allow; for each of them `number_fault` has the reason."""
    values = numbers.values
    # Comparisons with NaN are false, so what is no number fails here too.
    largest = LARGEST_INTEGRAL if feature.integral else LARGEST_FRACTIONAL
    good = np.abs(values) <= largest
    if feature.integral:
        good &= np.trunc(values) == values
    if feature.minimum is not None:
        good &= values >= feature.minimum
    if feature.maximum is not None:
        good &= values <= feature.maximum
    if feature.nullable:
        good |= numbers.empty
    return ~good


def number_fault(text: str, feature: NumericFeature) -> str:
    """Why `feature` does not allow a cell with this text."""
    if not text:
        return "is empty"
    if not _NUMBER_PATTERN.fullmatch(text):
        hint = "; remove the spaces around it" if _NUMBER_PATTERN.fullmatch(text.strip()) else ""
        return f"is not a {'whole number' if feature.integral else 'number'}{hint}"
    number = float(text)
    if feature.integral and not number.is_integer() and math.isfinite(number):
        return "is not a whole number"
    if feature.minimum is not None and number < feature.minimum:
        return f"is below the minimum {feature.minimum}"
    if feature.maximum is not None and number > feature.maximum:
        return f"is above the maximum {feature.maximum}"
    largest = f"{LARGEST_INTEGRAL}" if feature.integral else f"{LARGEST_FRACTIONAL:.7g}"
    return f"is too large; its size may be at most {largest}"


def is_number(text: str) -> bool:
    """Whether a cell with this text is a number at all."""
    return _NUMBER_PATTERN.fullmatch(text) is not None
