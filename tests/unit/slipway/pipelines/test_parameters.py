"""Parameters as a definition has them, and the values that an execution is given."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.pipelines.parameters import ParameterError, Value, as_listed, parameter_values

from tests.support.pipeline_definitions import read, refusal, training

ALL: list[dict[str, Any]] = [
    {"Name": "S", "Type": "String", "DefaultValue": "s"},
    {"Name": "I", "Type": "Integer", "DefaultValue": 1},
    {"Name": "F", "Type": "Float", "DefaultValue": 0.5},
    {"Name": "B", "Type": "Boolean", "DefaultValue": True},
]


def values(parameters: list[dict[str, Any]], **texts: str) -> dict[str, Any]:
    """The values of an execution that is given `texts`."""
    asked = [{"Name": name, "Value": text} for name, text in texts.items()]
    return parameter_values(read(training("T"), Parameters=parameters), asked)


def test_what_is_not_given_has_its_default() -> None:
    assert values(ALL, I="7") == {"S": "s", "I": 7, "F": 0.5, "B": True}


@pytest.mark.parametrize(
    ("type_name", "text", "value"),
    [
        ("String", "", ""),
        ("String", "07", "07"),
        ("Integer", "07", 7),
        ("Integer", "-3", -3),
        ("Integer", "+3", 3),
        ("Integer", "9" * 1024, int("9" * 1024)),
        ("Float", "1", 1.0),
        ("Float", ".5", 0.5),
        ("Float", "-1.5e-3", -0.0015),
        # What the SDK sends: Python's str() of the value.
        ("Float", str(1e-5), 1e-5),
        ("Boolean", str(True), True),
        ("Boolean", "false", False),
    ],
)
def test_texts_are_cast_to_the_parameters_type(type_name: str, text: str, value: object) -> None:
    cast = values([{"Name": "P", "Type": type_name}], P=text)["P"]

    assert (cast, type(cast)) == (value, type(value))


@pytest.mark.parametrize(
    ("type_name", "text"),
    [
        *[("Integer", text) for text in ("", "1.0", "1e3", " 1", "1_000", "٣", "x", "9" * 1025)],
        *[("Float", text) for text in ("", "nan", "inf", "1e999", "0x1p3", "1,5", " 1", ".")],
        *[("Boolean", text) for text in ("", "1", "yes", "True ")],
    ],
)
def test_a_text_of_another_type_is_refused_and_named(type_name: str, text: str) -> None:
    with pytest.raises(ParameterError, match="'P' takes"):
        values([{"Name": "P", "Type": type_name}], P=text)


def test_an_unknown_parameter_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ParameterError, match="no parameter 'X'; its parameters are 'S', 'I', 'F', 'B'"):
        values(ALL, X="1")


def test_names_are_told_apart_by_case() -> None:
    with pytest.raises(ParameterError, match="'s'"):
        values(ALL, s="1")


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(ParameterError, match="'S' is given twice"):
        parameter_values(read(training("T"), Parameters=ALL), [{"Name": "S", "Value": "a"}] * 2)


def test_a_parameter_without_default_must_be_given() -> None:
    with pytest.raises(ParameterError, match="'P' has no default"):
        values([{"Name": "P"}])


@pytest.mark.parametrize("default", ["", 0, 0.0, False])
def test_a_default_may_be_what_python_calls_false(default: Any) -> None:
    types = {str: "String", int: "Integer", float: "Float", bool: "Boolean"}

    assert values([{"Name": "P", "Type": types[type(default)], "DefaultValue": default}]) == {"P": default}


def test_a_value_is_one_of_the_enum() -> None:
    parameter = {"Name": "P", "EnumValues": ["a", "b"]}

    assert values([parameter], P="b") == {"P": "b"}
    with pytest.raises(ParameterError, match="'P' takes one of 'a', 'b', not 'c'"):
        values([parameter], P="c")


def test_listed_values_are_texts() -> None:
    assert as_listed({"S": "s", "I": 7, "F": 0.1, "B": True}) == [
        {"Name": "S", "Value": "s"},
        {"Name": "I", "Value": "7"},
        {"Name": "F", "Value": "0.1"},
        {"Name": "B", "Value": "true"},
    ]


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
def test_listed_values_are_given_again_without_loss(s: str, i: int, f: float, b: bool) -> None:
    """As the SDK's build_parameters_from_execution does."""
    given_values: dict[str, Value] = {"S": s, "I": i, "F": f, "B": b}
    definition = read(training("T"), Parameters=ALL)

    assert parameter_values(definition, as_listed(given_values)) == given_values


def test_an_integer_may_be_the_default_of_a_float() -> None:
    default = values([{"Name": "P", "Type": "Float", "DefaultValue": 1}])["P"]

    assert (default, type(default)) == (1.0, float)


@pytest.mark.parametrize(
    ("parameter", "reason"),
    [
        ({"Name": None}, "lacks Name"),
        ({"Name": "a b"}, "not 'a b'"),
        ({"Name": "x" * 257}, "1 to 256"),
        ({"Type": "Double"}, "String, Integer, Float, Boolean, not 'Double'"),
        ({"Description": 1}, "Description is a text"),
        ({"Default": 1}, "'Default'"),
        ({"DefaultValue": 1}, "is of type String; its DefaultValue 1 is not"),
        ({"Type": "Integer", "DefaultValue": "1"}, "DefaultValue '1' is not"),
        ({"Type": "Integer", "DefaultValue": 1.5}, "DefaultValue 1.5 is not"),
        ({"Type": "Integer", "DefaultValue": True}, "DefaultValue True is not"),
        ({"Type": "Float", "DefaultValue": False}, "DefaultValue False is not"),
        ({"Type": "Float", "DefaultValue": 10**400}, "larger than a float"),
        ({"Type": "Boolean", "DefaultValue": 1}, "DefaultValue 1 is not"),
        ({"EnumValues": "ab"}, "EnumValues is a list"),
        ({"EnumValues": [1]}, "EnumValues are texts"),
        ({"EnumValues": ["a"], "DefaultValue": "b"}, "'b' is none of its EnumValues"),
        ({"Type": "Integer", "EnumValues": ["1"]}, "are for parameters of type String"),
    ],
)
def test_a_wrong_parameter_is_refused(parameter: dict[str, Any], reason: str) -> None:
    assert reason in refusal(training("T"), Parameters=[{"Name": "P", **parameter}])


def test_two_parameters_of_one_name_are_refused() -> None:
    assert "two parameters are called 'P'" in refusal(training("T"), Parameters=[{"Name": "P"}] * 2)
