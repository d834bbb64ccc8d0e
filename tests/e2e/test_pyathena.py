"""PyAthena, unmodified, through LocalStack's port: what SQL clients ask of a catalog and of a query."""

from collections.abc import Iterator
from typing import Any

import pytest
from pyathena import connect
from pyathena.error import OperationalError

from tests.support.containers import wait_until
from tests.support.emulator import Emulator
from tests.support.emulator_features import create_group, values
from tests.support.endpoints import new_name

DATABASE = "sagemaker_featurestore"


@pytest.fixture(scope="module")
def table(emulator: Emulator) -> str:
    """The table of a group with two records, once both are in it."""
    name = new_name("people")
    described = create_group(emulator, emulator.client("sagemaker"), name, age="Integral", score="Fractional")
    runtime = emulator.client("sagemaker-featurestore-runtime")
    for identifier, age in (("a", "41"), ("b", "7")):
        record = values(id=identifier, at="2023-11-14T21:00:00Z", age=age, score="0.1")
        runtime.put_record(FeatureGroupName=name, Record=record)
    runtime.close()
    return str(described["OfflineStoreConfig"]["DataCatalogConfig"]["TableName"])


@pytest.fixture
def cursor(emulator: Emulator) -> Iterator[Any]:
    with connect(
        s3_staging_dir=f"s3://{emulator.bucket}/pyathena/",
        schema_name=DATABASE,
        endpoint_url=emulator.localstack.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        poll_interval=0.1,
    ) as connection:
        yield connection.cursor()


def test_rows_come_in_the_types_of_their_columns(cursor: Any, table: str) -> None:
    def both() -> list[Any] | None:
        found = cursor.execute(f"SELECT id, age, score, is_deleted FROM {table} ORDER BY age").fetchall()
        return found if len(found) == 2 else None

    assert wait_until(both, "two rows", 60) == [("b", 7, 0.1, False), ("a", 41, 0.1, False)]
    assert [column[0] for column in cursor.description] == ["id", "age", "score", "is_deleted"]


def test_parameters_are_written_into_the_query(cursor: Any, table: str) -> None:
    cursor.execute(
        f"SELECT count(*) FROM {table} WHERE id = %(who)s AND at >= %(since)s", {"who": "it's", "since": ""}
    )

    assert cursor.fetchone() == (0,)


def test_the_catalog_is_told(cursor: Any, table: str) -> None:
    metadata = cursor.get_table_metadata(table)

    assert (metadata.name, metadata.table_type) == (table, "EXTERNAL_TABLE")
    assert [(column.name, column.type) for column in metadata.columns][:4] == [
        *(("id", "string"), ("at", "string"), ("age", "bigint"), ("score", "double")),
    ]
    assert f"/{table.rpartition('_')[2]}" in f"/{metadata.location.rpartition('-')[2]}"
    assert table in [each.name for each in cursor.list_table_metadata()]
    assert DATABASE in [each.name for each in cursor.list_databases("AwsDataCatalog")]


def test_a_table_is_made_and_dropped(cursor: Any, emulator: Emulator, table: str) -> None:
    assert table, "its database is there"
    name = new_name("rows").replace("-", "_")
    emulator.s3.put_object(Bucket=emulator.bucket, Key=f"{name}/part.csv", Body=b"a,1\nb,2\n")

    cursor.execute(
        f"CREATE EXTERNAL TABLE {name} (id string, n int) "
        "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' "
        f"LOCATION 's3://{emulator.bucket}/{name}/'"
    )

    assert cursor.execute(f"SELECT sum(n) FROM {name}").fetchone() == (3,)
    cursor.execute(f"DROP TABLE {name}")
    with pytest.raises(OperationalError, match=name):
        cursor.execute(f"SELECT * FROM {name}")
