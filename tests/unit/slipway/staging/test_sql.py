"""SQL over tables of Parquet: Athena's forms, and nothing beyond the tables."""

import json
from pathlib import Path
from typing import Any

import pytest
from slipway.operations.queries import rows_of
from slipway.staging.parquet import ParquetWriter
from slipway.staging.sql import Query, QueryError, QueryStoppedError, Table

FEATURES = [
    {"FeatureName": "id", "FeatureType": "String"},
    {"FeatureName": "Orders", "FeatureType": "Integral"},
    {"FeatureName": "the-score", "FeatureType": "Fractional"},
]
DATABASE = "sagemaker_featurestore"


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Three rows in two files, the first of which is older than a feature."""
    files = []
    for number, (features, rows) in enumerate(
        [
            (FEATURES[:2], [{"0": "a", "1": "7"}]),
            (FEATURES, [{"0": 'say "ü", now', "1": "8", "2": "0.1"}, {"0": ""}]),
        ]
    ):
        files.append(tmp_path / f"{number}.parquet")
        lines = [json.dumps({"api": 1_700_000_000_000_000, "del": False, **row}) for row in rows]
        ParquetWriter(tmp_path).write(lines, features, 1_700_000_000_000_000, files[-1])
    return Table(DATABASE, "people_1700000000", FEATURES, files)


def asked(folder: Path, sql: str, *tables: Table, database: str | None = DATABASE) -> Any:
    target = folder / "answer.csv"
    columns = Query(tables, database, folder).run(sql, target)
    return columns, list(rows_of(target.read_text("utf-8")))


@pytest.mark.parametrize(
    "name",
    [
        *("people_1700000000", '"people_1700000000"', '"sagemaker_featurestore"."people_1700000000"'),
        '"AwsDataCatalog"."sagemaker_featurestore"."people_1700000000"',
    ],
)
def test_a_table_has_every_name_that_it_has_in_athena(tmp_path: Path, table: Table, name: str) -> None:
    columns, rows = asked(tmp_path, f'SELECT id, orders, "the-score" FROM {name} ORDER BY id;', table)

    assert columns == [("id", "VARCHAR"), ("Orders", "BIGINT"), ("the-score", "DOUBLE")]
    # What is null is empty, what is an empty text is quoted (Athena user guide, query results).
    assert rows == [
        ["id", "Orders", "the-score"],
        ["", None, None],
        ["a", "7", None],
        ['say "ü", now', "8", "0.1"],
    ]


def test_a_table_without_files_has_its_columns(tmp_path: Path) -> None:
    columns, rows = asked(tmp_path, "SELECT * FROM t", Table(DATABASE, "t", FEATURES, []))

    names = ["id", "Orders", "the-score", "write_time", "api_invocation_time", "is_deleted"]
    assert [name for name, _ in columns] == names
    assert rows == [names]


def test_newest_rows_are_found_as_the_guide_does(tmp_path: Path, table: Table) -> None:
    sql = """
        SELECT id, orders FROM (
            SELECT *, row_number() OVER (PARTITION BY is_deleted ORDER BY orders DESC NULLS LAST) AS place
            FROM "people_1700000000"
        ) WHERE place = 1 AND NOT is_deleted
    """

    assert asked(tmp_path, sql, table)[1][1:] == [['say "ü", now', "8"]]


@pytest.mark.parametrize(
    "sql",
    [
        *("SELECT * FROM read_csv('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/out.csv'", "SELECT 1; SELECT 2"),
        *(
            "CREATE TABLE x AS SELECT 1",
            "SET enable_external_access = true",
            "SELEKT 1",
            "",
            "INSTALL httpfs",
        ),
        "SELECT * FROM nobody",
    ],
)
def test_what_is_no_select_of_the_tables_is_refused(tmp_path: Path, table: Table, sql: str) -> None:
    with pytest.raises(QueryError):
        asked(tmp_path, sql, table)


def test_a_query_that_was_stopped_says_so(tmp_path: Path, table: Table) -> None:
    query = Query([table], DATABASE, tmp_path)
    query.stop()

    with pytest.raises(QueryStoppedError):
        query.run("SELECT 1", tmp_path / "answer.csv")
