"""Numbers: the column at a time and the cell at a time agree."""

import math

import pyarrow as pa
import pytest
from preprocess.numeric_cells import number_fault, parsed_numbers, unacceptable
from preprocess.schema import NumericFeature

INTEGRAL = NumericFeature("n", True, 18, 120, standardised=True, nullable=False)
ANY_INTEGRAL = NumericFeature("n", True, None, None, standardised=True, nullable=False)
FRACTIONAL = NumericFeature("n", False, None, 2.5, standardised=True, nullable=False)
NULLABLE = NumericFeature("n", False, None, None, standardised=True, nullable=True)


def is_acceptable(cells: list[str], feature: NumericFeature) -> list[bool]:
    numbers = parsed_numbers(pa.chunked_array([pa.array(cells, type=pa.string())]))
    return [not bad for bad in unacceptable(numbers, feature).tolist()]


@pytest.mark.parametrize("text", ["18", "120", "18.0", "+18", "1.8e1", "0018", "20."])
def test_whole_numbers_within_the_range_are_integral(text: str) -> None:
    assert is_acceptable([text], INTEGRAL) == [True]
    # Beside a cell that is no number the column goes another way, to the same end.
    assert is_acceptable([text, "x"], INTEGRAL) == [True, False]


@pytest.mark.parametrize(
    ("text", "feature", "reason"),
    [
        ("17", INTEGRAL, "is below the minimum 18"),
        ("121", INTEGRAL, "is above the maximum 120"),
        ("58.5", INTEGRAL, "is not a whole number"),
        ("", INTEGRAL, "is empty"),
        ("abc", INTEGRAL, "is not a whole number"),
        (" 58", INTEGRAL, "is not a whole number; remove the spaces around it"),
        ("0x3A", INTEGRAL, "is not a whole number"),
        ("1_8", INTEGRAL, "is not a whole number"),
        ("٥٨", INTEGRAL, "is not a whole number"),
        ("58\n", INTEGRAL, "is not a whole number; remove the spaces around it"),
        ("9007199254740992", ANY_INTEGRAL, "is too large; its size may be at most 9007199254740991"),
        ("1e400", ANY_INTEGRAL, "is too large; its size may be at most 9007199254740991"),
        ("2.6", FRACTIONAL, "is above the maximum 2.5"),
        ("1,5", FRACTIONAL, "is not a number"),
        ("nan", FRACTIONAL, "is not a number"),
        ("-inf", FRACTIONAL, "is not a number"),
        ("Infinity", FRACTIONAL, "is not a number"),
        ("-1e39", FRACTIONAL, "is too large; its size may be at most 3.402823e+38"),
        ("nan", NULLABLE, "is not a number"),
        (".", NULLABLE, "is not a number"),
    ],
)
def test_refused_cell_has_a_reason(text: str, feature: NumericFeature, reason: str) -> None:
    assert is_acceptable([text], feature) == [False]
    assert is_acceptable(["x", text], feature) == [False, False]
    assert number_fault(text, feature) == reason


def test_empty_cell_is_fine_where_it_may_be() -> None:
    assert is_acceptable(["", "1"], NULLABLE) == [True, True]
    assert math.isnan(parsed_numbers(pa.chunked_array([["", "1"]])).values[0])


def test_numbers_in_parquet_are_held_to_the_same_rules() -> None:
    floats = parsed_numbers(pa.chunked_array([pa.array([58.0, 58.5, math.nan, None, math.inf])]))
    integers = parsed_numbers(pa.chunked_array([pa.array([2**53 - 1, 2**53 + 1, None])]))

    assert unacceptable(floats, INTEGRAL).tolist() == [False, True, True, True, True]
    assert unacceptable(floats, NULLABLE).tolist() == [False, False, False, False, True]
    assert unacceptable(integers, ANY_INTEGRAL).tolist() == [False, True, True]


def test_minus_zero_is_zero() -> None:
    [value] = parsed_numbers(pa.chunked_array([["-0"]])).values.tolist()
    assert math.copysign(1, value) == 1
