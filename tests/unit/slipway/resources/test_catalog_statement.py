"""Athena's statements about tables: the SDKs' own, the guide's, and what is refused."""

import pytest
from slipway.resources.catalog_statement import (
    CreateTable,
    DropTable,
    StatementError,
    is_about_tables,
    read_statement,
)
from slipway.resources.catalog_table import CSV_SERDE, PARQUET_SERDE

# As the SDKs' DatasetBuilder writes it for a frame, v2 and v3 alike.
OF_THE_SDK = (
    "CREATE EXTERNAL TABLE dataframe_base_1 (id STRING, orders INT, score DOUBLE) "
    "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' "
    'WITH SERDEPROPERTIES ("separatorChar" = ",", "quoteChar" = "`", "escapeChar" = "\\\\") '
    "LOCATION 's3://answers/base/dataframe-base-1';"
)


def test_the_sdks_table_of_a_frame_is_read() -> None:
    assert read_statement(OF_THE_SDK) == CreateTable(
        None,
        "dataframe_base_1",
        (("id", "string"), ("orders", "int"), ("score", "double")),
        "s3://answers/base/dataframe-base-1",
        CSV_SERDE,
        False,
        {"separatorChar": ",", "quoteChar": "`", "escapeChar": "\\"},
    )


def test_what_else_a_table_may_be_is_read() -> None:
    sql = """
        create external table if not exists `some-base`.rows (`at` string comment 'when, exactly' , n bigint)
        row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
        stored as textfile
        location 's3://b/rows/'
        tblproperties ('skip.header.line.count'='1')
    """.replace("when, exactly", "when")

    read = read_statement(sql)

    assert isinstance(read, CreateTable)
    assert (read.database, read.name, read.lenient) == ("some-base", "rows", True)
    assert read.columns == (("at", "string"), ("n", "bigint"))
    assert read.parameters == {"skip.header.line.count": "1"}
    of_parquet = read_statement("CREATE EXTERNAL TABLE t (a int) STORED AS PARQUET LOCATION 's3://b/t'")
    assert isinstance(of_parquet, CreateTable)
    assert of_parquet.serde == PARQUET_SERDE


def test_a_table_is_dropped_by_its_name() -> None:
    assert read_statement("DROP TABLE IF EXISTS base.rows;") == DropTable("base", "rows", True)
    assert read_statement("drop table `rows`") == DropTable(None, "rows", False)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t AS SELECT 1",
        "CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (b string) STORED AS PARQUET LOCATION 's3://b/t'",
        "CREATE EXTERNAL TABLE t (a int) STORED AS ORC LOCATION 's3://b/t'",
        "CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'org.x.Json' LOCATION 's3://b/t'",
        "CREATE EXTERNAL TABLE t (a map<string,int>) STORED AS PARQUET LOCATION 's3://b/t'",
        "CREATE EXTERNAL TABLE t (a int) STORED AS PARQUET LOCATION 's3://b/t' "
        "TBLPROPERTIES ('skip.header.line.count'='one')",
        "ALTER TABLE t ADD COLUMNS (a int)",
        "SHOW TABLES",
        "DROP TABLE t; DROP TABLE u",
    ],
)
def test_what_is_not_implemented_is_refused_by_name(sql: str) -> None:
    assert is_about_tables(sql)
    with pytest.raises(StatementError, match="implemented here"):
        read_statement(sql)


def test_a_question_is_not_about_tables() -> None:
    assert not is_about_tables("SELECT 'drop table x'")
    assert not is_about_tables("WITH created AS (SELECT 1) SELECT * FROM created")
