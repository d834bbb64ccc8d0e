"""Tables of the catalog: what Glue shows of them, and what a query reads."""

import re
from collections.abc import Iterable, Sequence

from slipway.resources.document import Document
from slipway.resources.resource import Key, Kind, Owner, Resource

CATALOG = "AwsDataCatalog"
# The database that every account has, whether it has tables or not (Athena user guide).
DEFAULT_DATABASE = "default"
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
CSV_SERDE = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
# Hive's names of a feature's types.
_TYPES = {"Integral": "bigint", "Fractional": "double", "String": "string"}
# What the offline store adds (developer guide, "offline store data format").
_ADDED = (("write_time", "timestamp"), ("api_invocation_time", "timestamp"), ("is_deleted", "boolean"))
_PARQUET_FORMATS = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
}
_TEXT_FORMATS = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
}


def table_key(owner: Owner, database: str, name: str) -> Key:
    """What identifies a table; the catalog knows names in lower case alone."""
    return Key(owner, Kind.CATALOG_TABLE, f"{database}/{name}".lower())


def table_of(
    owner: Owner,
    database: str,
    name: str,
    columns: Iterable[tuple[str, str]],
    location: str,
    serde: str,
    now: float,
    serde_parameters: Document | None = None,
    parameters: Document | None = None,
) -> Resource:
    """A table of files below `location`; columns are names and Hive's types, `now` seconds since 1970."""
    document: Document = {
        "Name": name.lower(),
        "DatabaseName": database.lower(),
        "CreateTime": now,
        "UpdateTime": now,
        "Retention": 0,
        "StorageDescriptor": {
            "Columns": _shown(columns),
            "Location": location,
            **(_PARQUET_FORMATS if serde == PARQUET_SERDE else _TEXT_FORMATS),
            "Compressed": False,
            "NumberOfBuckets": -1,
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": serde_parameters or {}},
            "StoredAsSubDirectories": False,
        },
        "PartitionKeys": [],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **(parameters or {})},
        "IsRegisteredWithLakeFormation": False,
        "CatalogId": owner.account_id,
    }
    return Resource(table_key(owner, database, name), now, now, "", document)


def table_of_group(group: Resource, now: float) -> Resource | None:
    """The table of a group's offline store; None for a group that has none."""
    config = group.document.get("OfflineStoreConfig", {})
    catalog = config.get("DataCatalogConfig")
    if not catalog or config.get("DisableGlueTableCreation"):
        return None
    return table_of(
        group.key.owner,
        catalog["Database"],
        catalog["TableName"],
        columns_of_features(group.document["FeatureDefinitions"]),
        config["S3StorageConfig"]["ResolvedOutputS3Uri"],
        PARQUET_SERDE,
        now,
        {"serialization.format": "1"},
        {"classification": "parquet"},
    )


def columns_of_features(features: Sequence[Document]) -> list[tuple[str, str]]:
    """Names and Hive's types of the columns that the offline store writes for features."""
    columns = []
    for feature in features:
        its_type = _TYPES[feature["FeatureType"]]
        columns.append(
            (feature["FeatureName"], f"array<{its_type}>" if "CollectionType" in feature else its_type)
        )
    return [*columns, *_ADDED]


def with_features(table: Resource, features: Sequence[Document], now: float) -> Resource:
    """The table of a group that has more features now."""
    descriptor = {
        **table.document["StorageDescriptor"],
        "Columns": _shown(columns_of_features(features)),
    }
    return table.with_document({"StorageDescriptor": descriptor, "UpdateTime": now})


def columns_of(table: Resource) -> list[tuple[str, str]]:
    """Names and Hive's types of a table's columns, in their order."""
    return [(each["Name"], each["Type"]) for each in table.document["StorageDescriptor"]["Columns"]]


def is_named(table: Resource, text: str) -> bool:
    """Whether `text`, a query, has the table's name in it, in whatever case."""
    return re.search(rf"(?<!\w){re.escape(table.document['Name'])}(?!\w)", text.lower()) is not None


def _shown(columns: Iterable[tuple[str, str]]) -> list[Document]:
    return [{"Name": name.lower(), "Type": its_type} for name, its_type in columns]
