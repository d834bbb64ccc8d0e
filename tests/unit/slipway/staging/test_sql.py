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
COLUMNS = [
    *(("id", "string"), ("orders", "bigint"), ("the-score", "double")),
    *(("write_time", "timestamp"), ("api_invocation_time", "timestamp"), ("is_deleted", "boolean")),
]


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
    return Table(DATABASE, "people_1700000000", COLUMNS, files)


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

    assert columns == [("id", "VARCHAR"), ("orders", "BIGINT"), ("the-score", "DOUBLE")]
    # What is null is empty, what is an empty text is quoted (Athena user guide, query results).
    assert rows == [
        ["id", "orders", "the-score"],
        ["", None, None],
        ["a", "7", None],
        ['say "ü", now', "8", "0.1"],
    ]


def test_a_table_without_files_has_its_columns(tmp_path: Path) -> None:
    columns, rows = asked(tmp_path, "SELECT * FROM t", Table(DATABASE, "t", COLUMNS, []))

    names = ["id", "orders", "the-score", "write_time", "api_invocation_time", "is_deleted"]
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


# As the SDKs' DatasetBuilder writes the format of a frame's file.
OF_THE_SDK = {"separatorChar": ",", "quoteChar": "`", "escapeChar": "\\"}


def csv(folder: Path, text: str, *columns: tuple[str, str], **properties: str) -> Table:
    file = folder / "rows.csv"
    file.write_text(text, encoding="utf-8")
    return Table(DATABASE, "frame", columns, [file], properties)


def test_a_file_of_text_is_a_table_of_the_types_that_it_was_given(tmp_path: Path) -> None:
    text = "a,7,0.5,True,1700000000123\n,8,-1e3,false,0\n"
    types = [("n", "int"), ("x", "double"), ("is_on", "boolean"), ("at", "timestamp")]
    table = csv(tmp_path, text, ("id", "string"), *types, **OF_THE_SDK)

    columns, rows = asked(tmp_path, "SELECT id, n, x, is_on, at FROM frame ORDER BY n", table)

    assert [its_type for _, its_type in columns] == ["VARCHAR", "INTEGER", "DOUBLE", "BOOLEAN", "TIMESTAMP"]
    # A text that is empty is one; a time is milliseconds (Athena user guide, "Open CSV SerDe").
    assert rows[1:] == [
        ["a", "7", "0.5", "true", "2023-11-14 22:13:20.123"],
        ["", "8", "-1000.0", "false", "1970-01-01 00:00:00"],
    ]


def test_quotes_and_what_they_escape_are_the_formats_own(tmp_path: Path) -> None:
    table = csv(tmp_path, 'name,n\n"say \\"ü\\", now",7\n', ("a", "string"), ("n", "string"))
    with_header = Table(DATABASE, "frame", table.columns, table.files, {"skip.header.line.count": "1"})

    assert asked(tmp_path, "SELECT * FROM frame", with_header)[1][1:] == [['say "ü", now', "7"]]
    # The SDKs' own quote is another: this one is text, and the comma within it ends a column.
    sdk = csv(tmp_path, '"x","y"\n', ("a", "string"), ("b", "string"), **OF_THE_SDK)
    assert asked(tmp_path, "SELECT * FROM frame", sdk)[1][1:] == [['"x"', '"y"']]


def test_an_empty_number_is_refused_as_by_the_format(tmp_path: Path) -> None:
    table = csv(tmp_path, '7\n""\n', ("n", "int"))

    with pytest.raises(QueryError, match="INT"):
        asked(tmp_path, "SELECT n FROM frame", table)


def test_a_column_is_called_at_as_in_athena(tmp_path: Path) -> None:
    # Trino's list of reserved words has no AT.
    table = csv(tmp_path, "x\n", ("at", "string"))
    quoted = "'at' AS b, '1' /* at */ AS c"
    sql = f"SELECT at, f.At AS a, {quoted}, from_unixtime(0) AT TIME ZONE 'UTC' AS d FROM frame f"

    assert asked(tmp_path, sql, table)[1] == [
        ["at", "a", "b", "c", "d"],
        ["x", "x", "at", "1", "1970-01-01 00:00:00"],
    ]


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        # Trino's documentation, "Date and time functions and operators"; in milliseconds.
        ("to_unixtime(from_iso8601_timestamp('2023-11-14T22:13:20.123Z'))", "1700000000.123"),
        ("from_unixtime(1700000000.1239) = from_iso8601_timestamp('2023-11-14T23:13:20.124+01:00')", "true"),
        # As DatasetBuilder.as_of writes it.
        (
            "TIMESTAMP '2023-11-14 22:13:20' <= to_timestamp('2023-11-14 22:13:20', 'yyyy-mm-dd hh24:mi:ss')",
            "true",
        ),
    ],
)
def test_athenas_times_are_understood(tmp_path: Path, sql: str, answer: str) -> None:
    assert asked(tmp_path, f"SELECT {sql} AS a")[1][1:] == [[answer]]
