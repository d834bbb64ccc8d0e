"""Rows against the schema: what is kept, and what is said about the rest."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from preprocess.faults import Fault
from preprocess.raw_table import RawTable
from preprocess.schema import Schema, parse_schema
from preprocess.validation import check

Table = Callable[..., RawTable]


def test_good_rows_become_numbers_codes_and_labels(table: Table, schema: Schema) -> None:
    checked = check(table('blue-collar,58,"Bern, CH",0.5,yes', "admin.,18,,,no"), schema, 10)

    assert checked.bad_rows == 0
    assert checked.faults == []
    np.testing.assert_array_equal(checked.rows.numbers, [[58, 0.5], [18, np.nan]])
    assert checked.rows.codes.tolist() == [[1, 0], [0, -1]]
    assert checked.rows.labels.tolist() == [1, 0]


def test_every_bad_cell_is_reported_with_line_column_value_and_reason(table: Table, schema: Schema) -> None:
    checked = check(
        table("admin.,abc,,1,no", "chef,17,,1,no", "admin.,20,,1,no", "admin.,20", "admin.,20,,1,maybe"),
        schema,
        10,
    )

    choices = "it must be one of"
    assert checked.faults == [
        Fault("a.csv", 2, "age", "abc", "is not a whole number"),
        Fault("a.csv", 3, "job", "chef", f"is not a known category; {choices} admin., blue-collar"),
        Fault("a.csv", 3, "age", "17", "is below the minimum 18"),
        Fault("a.csv", 5, None, None, "the row has 2 cells, the header has 5"),
        Fault("a.csv", 6, "y", "maybe", f"is not a target value; {choices} no, yes"),
    ]
    assert checked.bad_rows == 4
    assert len(checked.rows) == 1


@pytest.mark.parametrize(
    ("line", "column"),
    [(",20,,1,no", "job"), ("admin.,,,1,no", "age"), ("admin.,20,,1,", "y")],
)
def test_empty_cell_is_bad_where_the_schema_wants_a_value(
    table: Table, schema: Schema, line: str, column: str
) -> None:
    [fault] = check(table(line), schema, 10).faults

    assert (fault.column, fault.value) == (column, "")
    assert fault.reason.startswith("is empty")


def test_fault_reads_as_a_sentence(table: Table, schema: Schema) -> None:
    [fault] = check(table("admin.,abc,,1,no"), schema, 10).faults

    assert str(fault) == "a.csv line 2, column 'age': 'abc' is not a whole number"


def test_only_the_first_faults_are_described_but_all_bad_rows_counted(table: Table, schema: Schema) -> None:
    lines = [f"admin.,{n},,1,no" for n in range(18)] + ["short"]

    checked = check(table("short", *lines), schema, 5)

    assert [fault.line for fault in checked.faults] == [2, 3, 4, 5, 6]
    assert checked.faults_truncated
    assert checked.bad_rows == 20
    assert not check(table(*lines[:5]), schema, 5).faults_truncated


def test_cells_of_a_parquet_file_are_held_to_the_same_rules(schema: Schema) -> None:
    raw = RawTable(
        name="a.parquet",
        columns={
            "job": pa.chunked_array([["admin.", "chef"]]),
            "age": pa.chunked_array([["20", "x"]]),
            "city": pa.chunked_array([pa.array([None, None], pa.string())]),
            "rate": pa.chunked_array([[float("nan"), float("inf")]]),
            "y": pa.chunked_array([["yes", None]]),
        },
        lines=np.array([1, 2]),
        malformed=[],
        ignored_columns=(),
    )

    checked = check(raw, schema, 10)

    assert len(checked.rows) == 1
    assert [(fault.line, fault.column, fault.value) for fault in checked.faults] == [
        (2, "job", "chef"),
        (2, "age", "x"),
        (2, "rate", "inf"),
        (2, "y", ""),
    ]


def test_categories_may_be_numbers_in_parquet(document: dict[str, Any]) -> None:
    document["target"] |= {"positive": "1", "negative": "0"}
    document["features"] = document["features"][1:2]
    raw = RawTable(
        name="a.parquet",
        columns={"age": pa.chunked_array([[20, 30]]), "y": pa.chunked_array([pa.array([1, 0], pa.uint8())])},
        lines=np.array([1, 2]),
        malformed=[],
        ignored_columns=(),
    )

    assert check(raw, parse_schema(document, b""), 10).rows.labels.tolist() == [1, 0]


def test_many_allowed_values_are_not_all_listed(table: Table, document: dict[str, Any]) -> None:
    document["features"][0]["categories"] = [
        {"value": f"v{n}", "encoded_name": f"job_{n}"} for n in range(40)
    ]

    [fault] = check(table("chef,20,,1,no"), parse_schema(document, b""), 10).faults

    assert "v11 … (40 in all)" in fault.reason
    assert "v12" not in fault.reason
