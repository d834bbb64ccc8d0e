"""The catalog of tables, asked as Glue and as Athena."""

from pathlib import Path
from typing import Any

import pytest
from slipway.resources.resource import Kind

from tests.support.feature_plane import FeaturePlane
from tests.support.output_shapes import complaints
from tests.support.registry import refused

STORE = {"DatabaseName": "sagemaker_featurestore"}
CATALOG = {"CatalogName": "AwsDataCatalog"}
TABLE = "people_1700000000"
# What the offline store's files hold (developer guide), in Hive's words.
COLUMNS = [
    *(("id", "string"), ("at", "string"), ("age", "bigint"), ("score", "double")),
    *(("write_time", "timestamp"), ("api_invocation_time", "timestamp"), ("is_deleted", "boolean")),
]


@pytest.fixture
def plane(tmp_path: Path) -> FeaturePlane:
    return FeaturePlane(tmp_path)


@pytest.fixture
def glue(plane: FeaturePlane) -> Any:
    return plane.client("glue")


@pytest.fixture
def athena(plane: FeaturePlane) -> Any:
    return plane.client("athena")


def columns(shown: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["Name"], each["Type"]) for each in shown]


def test_a_group_has_a_table_of_its_columns_and_files(plane: FeaturePlane, glue: Any) -> None:
    plane.create("people")
    described = plane.client().describe_feature_group(FeatureGroupName="people")

    answer = glue.get_table(**STORE, Name=TABLE.upper())

    table = answer["Table"]
    config = described["OfflineStoreConfig"]
    assert complaints("glue", "GetTable", answer) == []
    assert (table["Name"], table["DatabaseName"]) == (
        config["DataCatalogConfig"]["TableName"],
        config["DataCatalogConfig"]["Database"],
    )
    assert table["StorageDescriptor"]["Location"] == config["S3StorageConfig"]["ResolvedOutputS3Uri"]
    assert columns(table["StorageDescriptor"]["Columns"]) == COLUMNS
    assert glue.get_partitions(**STORE, TableName=TABLE)["Partitions"] == []


def test_athena_tells_the_same_table(plane: FeaturePlane, athena: Any) -> None:
    plane.create("people")

    answer = athena.get_table_metadata(**CATALOG, **STORE, TableName=TABLE)

    assert complaints("athena", "GetTableMetadata", answer) == []
    assert columns(answer["TableMetadata"]["Columns"]) == COLUMNS
    listed = athena.list_table_metadata(**CATALOG, **STORE, Expression="people.*")["TableMetadataList"]
    assert listed == [answer["TableMetadata"]]
    assert athena.list_databases(**CATALOG)["DatabaseList"] == [
        {"Name": "default"},
        {"Name": "sagemaker_featurestore"},
    ]
    assert athena.get_database(**CATALOG, **STORE)["Database"] == {"Name": "sagemaker_featurestore"}
    assert athena.list_data_catalogs()["DataCatalogsSummary"] == [
        {"CatalogName": "AwsDataCatalog", "Type": "GLUE"}
    ]


def test_a_feature_that_is_added_is_a_column_of_the_table(plane: FeaturePlane, glue: Any) -> None:
    plane.create("people")
    before = glue.get_table(**STORE, Name=TABLE)["Table"]
    plane.clock.move(60)

    addition = {"FeatureName": "city", "FeatureType": "String"}
    plane.client().update_feature_group(FeatureGroupName="people", FeatureAdditions=[addition])

    after = glue.get_table(**STORE, Name=TABLE)["Table"]
    assert ("city", "string") in columns(after["StorageDescriptor"]["Columns"])
    assert (after["UpdateTime"] - before["UpdateTime"]).total_seconds() == 60
    assert after["CreateTime"] == before["CreateTime"]


def test_a_table_outlives_its_group_until_somebody_deletes_it(plane: FeaturePlane, glue: Any) -> None:
    plane.create("people")
    plane.client().delete_feature_group(FeatureGroupName="people")
    assert [table["Name"] for table in glue.get_tables(**STORE)["TableList"]] == [TABLE]

    glue.delete_table(**STORE, Name=TABLE)

    assert refused(glue.get_table, **STORE, Name=TABLE)[0] == "EntityNotFoundException"
    assert refused(glue.delete_table, **STORE, Name=TABLE)[0] == "EntityNotFoundException"


def test_a_feature_is_added_to_a_group_whose_table_was_deleted(plane: FeaturePlane, glue: Any) -> None:
    plane.create("people")
    glue.delete_table(**STORE, Name=TABLE)

    addition = {"FeatureName": "city", "FeatureType": "String"}
    plane.client().update_feature_group(FeatureGroupName="people", FeatureAdditions=[addition])

    assert refused(glue.get_table, **STORE, Name=TABLE)[0] == "EntityNotFoundException"


def test_a_group_that_wants_no_table_has_none(plane: FeaturePlane, glue: Any) -> None:
    store = {"S3StorageConfig": {"S3Uri": "s3://features/store"}, "DisableGlueTableCreation": True}
    plane.create("people", OfflineStoreConfig=store)
    plane.create("others", OfflineStoreConfig=None)

    assert [each["Name"] for each in glue.get_databases()["DatabaseList"]] == ["default"]


def test_tables_come_by_name_in_pages_and_by_expression(plane: FeaturePlane, glue: Any) -> None:
    for name in ("people", "cities", "people-of-old"):
        plane.create(name)

    pages = list(glue.get_paginator("get_tables").paginate(**STORE, PaginationConfig={"PageSize": 2}))

    assert [[table["Name"] for table in page["TableList"]] for page in pages] == [
        ["cities_1700000000", TABLE],
        ["people_of_old_1700000000"],
    ]
    some = glue.get_tables(**STORE, Expression="people_1.*")["TableList"]
    assert [table["Name"] for table in some] == [TABLE]


def test_groups_of_an_emulator_without_a_catalog_have_tables_after_the_next_start(
    plane: FeaturePlane, glue: Any
) -> None:
    plane.create("people")
    glue.delete_table(**STORE, Name=TABLE)
    [group] = plane.store.in_statuses(Kind.FEATURE_GROUP, ["Created"])
    plane.store.transition(group.key, lambda present: present.with_internal({"is_entered": None}))

    plane.executor.enter_tables()

    assert glue.get_table(**STORE, Name=TABLE)["Table"]["Name"] == TABLE


def test_a_table_that_was_deleted_does_not_come_back_at_the_next_start(
    plane: FeaturePlane, glue: Any
) -> None:
    plane.create("people")
    glue.delete_table(**STORE, Name=TABLE)

    plane.executor.enter_tables()

    assert refused(glue.get_table, **STORE, Name=TABLE)[0] == "EntityNotFoundException"


def test_what_is_not_there_is_refused_in_the_services_words(
    plane: FeaturePlane, glue: Any, athena: Any
) -> None:
    plane.create("people")
    other = plane.client("glue", account="999999999999")

    for call, parameters, code in (
        (glue.get_database, {"Name": "nobody"}, "EntityNotFoundException"),
        (glue.get_tables, {"DatabaseName": "nobody"}, "EntityNotFoundException"),
        (glue.get_table, {**STORE, "Name": "nobody"}, "EntityNotFoundException"),
        (glue.get_partitions, {**STORE, "TableName": "nobody"}, "EntityNotFoundException"),
        (other.get_table, {**STORE, "Name": TABLE}, "EntityNotFoundException"),
        (glue.get_tables, {**STORE, "Expression": "("}, "InvalidInputException"),
        (glue.get_tables, {**STORE, "NextToken": "x"}, "InvalidInputException"),
        (glue.get_tables, {**STORE, "MaxResults": 0}, "InvalidInputException"),
        (athena.get_table_metadata, {**CATALOG, **STORE, "TableName": "nobody"}, "MetadataException"),
        (athena.list_databases, {"CatalogName": "nobody"}, "MetadataException"),
        (athena.list_table_metadata, {**CATALOG, **STORE, "Expression": "("}, "InvalidRequestException"),
    ):
        assert refused(call, **parameters)[0] == code
