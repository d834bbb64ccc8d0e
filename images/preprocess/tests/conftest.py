"""A small schema, and tables of rows for it."""

import copy
import json
from collections.abc import Callable

import pytest
from preprocess.csv_rows import read_csv
from preprocess.raw_table import RawTable
from preprocess.schema import Schema, parse_schema

DOCUMENT: dict[str, object] = {
    "version": 1,
    "target": {"name": "y", "positive": "yes", "negative": "no"},
    "features": [
        {"name": "job", "type": "String", "nullable": False}
        | {
            "categories": [
                {"value": "admin.", "encoded_name": "job_admin"},
                {"value": "blue-collar", "encoded_name": "job_blue_collar"},
            ]
        },
        {"name": "age", "type": "Integral", "minimum": 18, "maximum": 120}
        | {"scaling": "standard", "nullable": False},
        {"name": "city", "type": "String", "nullable": True}
        | {
            "categories": [
                {"value": "Bern, CH", "encoded_name": "city_bern"},
                {"value": 'the "Hague"', "encoded_name": "city_hague"},
            ]
        },
        {"name": "rate", "type": "Fractional", "minimum": None, "maximum": None}
        | {"scaling": "none", "nullable": True},
    ],
}
HEADER = "job,age,city,rate,y"


@pytest.fixture
def document() -> dict[str, object]:
    return copy.deepcopy(DOCUMENT)


@pytest.fixture
def schema() -> Schema:
    return parse_schema(DOCUMENT, json.dumps(DOCUMENT).encode())


@pytest.fixture
def table(schema: Schema) -> Callable[..., RawTable]:
    def read(*lines: str) -> RawTable:
        return read_csv("\n".join((HEADER, *lines)).encode(), "a.csv", schema.columns)

    return read
