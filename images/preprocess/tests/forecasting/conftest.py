"""A small forecasting schema, and rows of three series for it."""

import copy
import json
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from preprocess.arguments import parse_arguments
from preprocess.csv_rows import read_csv
from preprocess.forecasting.cells import check_rows
from preprocess.forecasting.doubtful_rows import Doubts, without_doubtful
from preprocess.forecasting.job import preprocess
from preprocess.forecasting.rows import LongRows
from preprocess.forecasting.schema import ForecastSchema, parse_forecast_schema
from preprocess.schema import SchemaFile
from smcontract.entrypoint import StopSignal
from smcontract.root import ContainerRoot

Row = dict[str, str]

HORIZON = 3
FIRST_DAY = date(2025, 12, 20)
DAYS = 14
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "problem_type": "Forecasting",
    "frequency": "D",
    "prediction_length": HORIZON,
    "timestamp": {"name": "day"},
    "item_id": ["shop", "good"],
    "target": {"name": "sold", "type": "Integral", "minimum": 0},
    "static": ["shop", "good", "kind"],
    "known": [{"name": "price", "type": "Fractional", "minimum": 0, "scaling": "relative"}],
}
COLUMNS = ("day", "shop", "good", "kind", "price", "sold")
SERIES = (("1", "20", "bread"), ("1", "7", "soap"), ("2", "20", "bread"))


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(DOCUMENT)


@pytest.fixture
def schema() -> ForecastSchema:
    return parse(DOCUMENT)


@pytest.fixture
def sales() -> list[Row]:
    """A row for each series and day; a series' quantities count up, its price is that plus a half."""
    return [
        dict(
            zip(
                COLUMNS,
                (iso(day), shop, good, kind, f"{10 * place + day + 1}.5", str(10 * place + day)),
                strict=True,
            )
        )
        for place, (shop, good, kind) in enumerate(SERIES)
        for day in range(DAYS)
    ]


@pytest.fixture
def read(schema: ForecastSchema) -> Callable[[Iterable[Row]], LongRows]:
    """The good rows of a file with these."""

    def read_rows(rows: Iterable[Row]) -> LongRows:
        table = read_csv(csv_of(rows), "a.csv", schema.columns)
        return check_rows(table, schema, fault_limit=100).rows

    return read_rows


@pytest.fixture
def doubted(
    read: Callable[[Iterable[Row]], LongRows], schema: ForecastSchema
) -> Callable[[Iterable[Row]], Doubts]:
    """What is doubtful in these rows."""
    return lambda rows: without_doubtful(read(rows), schema)


@pytest.fixture
def ml(tmp_path: Path, sales: list[Row]) -> Path:
    """/opt/ml with the rows and the schema."""
    write(tmp_path / "processing/input/data/sales.csv", csv_of(sales))
    write(tmp_path / "processing/input/schema/schema.json", json.dumps(DOCUMENT).encode())
    return tmp_path


def run(ml: Path, *arguments: str, stop: StopSignal | None = None) -> Path:
    """Run the job below `ml` and return its output folder. Raises ContractError."""
    root = ContainerRoot(ml)
    settings = parse_arguments(list(arguments), root)
    preprocess(settings, SchemaFile(settings.schema), root, stop or StopSignal())
    return root.processing / "output"


def parse(document: dict[str, Any]) -> ForecastSchema:
    return parse_forecast_schema(document, json.dumps(document).encode())


def iso(day: int) -> str:
    """The ISO date of a day counted from FIRST_DAY."""
    return (FIRST_DAY + timedelta(days=day)).isoformat()


def csv_of(rows: Iterable[Row], delimiter: str = ",") -> bytes:
    lines = [COLUMNS, *([row[name] for name in COLUMNS] for row in rows)]
    return "".join(delimiter.join(line) + "\n" for line in lines).encode()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
