"""Training sets out of feature groups: for each entity what was known of it at its moment."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse
from uuid import uuid4

from botocore.exceptions import ClientError

from orchestration.athena import Athena
from orchestration.clients import Aws, error_message
from orchestration.entities import PROPERTIES, EntityFile, entity_file
from orchestration.errors import TrainingSetError
from orchestration.point_in_time import EntityTable, GroupTable, TimeForm, point_in_time_sql
from orchestration.storage import Bucket

_SERDE = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


@dataclass(frozen=True, slots=True)
class Features:
    """What a training set takes from a feature group.

    `names` are features, all but the identifier and the event time where there are none. `key` is the
    entities' column with the group's identifiers, by default the one that is called like the group's own
    identifier. `prefix` stands before the features' names in the training set. A record that is older
    than `longest_age_seconds` at an entity's moment is none.
    """

    feature_group_name: str
    names: tuple[str, ...] = ()
    key: str | None = None
    prefix: str = ""
    longest_age_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """A CSV file in S3: names first, then a row for each entity; missing features are empty."""

    uri: str
    query_execution_id: str
    sql: str


@dataclass(frozen=True, slots=True)
class TrainingSets:
    """Makes training sets; they, and the entities that they were made for, are kept below `output_uri`."""

    aws: Aws
    output_uri: str

    def __post_init__(self) -> None:
        """Raise TrainingSetError where `output_uri` is none."""
        if not re.fullmatch(r"s3://[^/]+(/.*)?", self.output_uri):
            raise TrainingSetError(f"'{self.output_uri}' is no place in S3; write s3://bucket/folder")

    def of_rows(
        self, rows: Any, event_time: str, groups: Sequence[Features], identifier: str | None = None
    ) -> TrainingSet:
        """The training set of rows: a pandas DataFrame, or a sequence of mappings by column.

        `event_time` names the column of moments: datetimes with a time zone, texts such as
        2023-11-14T21:00:00Z, or seconds since 1970, all of one kind, to the millisecond. The others'
        values come back as texts. Raises TrainingSetError for rows that no table can hold and for groups
        that cannot be joined, QueryError for a query that fails.
        """
        file = entity_file(rows, event_time)
        tables = self._tables(groups, identifier)
        # A database that is there: the first group's.
        database = tables[0].database
        with self._table(database, file) as table:
            entities = EntityTable(database, table, file.columns, event_time, file.time_form, tables[0].key)
            return self._made(entities, tables)

    def of_group(self, feature_group_name: str, groups: Sequence[Features]) -> TrainingSet:
        """The training set of a feature group's records, each at its own event time, all features first.

        Raises as `of_rows`.
        """
        described = self._described(feature_group_name)
        table = _group_table(described, Features(feature_group_name))
        entities = EntityTable(
            table.database,
            table.table,
            tuple(each["FeatureName"] for each in described["FeatureDefinitions"]),
            table.event_time,
            table.time_form,
            table.identifier,
            is_offline_store=True,
        )
        return self._made(entities, self._tables(groups, table.identifier))

    def _made(self, entities: EntityTable, tables: Sequence[GroupTable]) -> TrainingSet:
        sql = point_in_time_sql(entities, tables)
        answer = self.athena.run(sql, entities.database)
        return TrainingSet(answer.uri, answer.query_execution_id, sql)

    @property
    def athena(self) -> Athena:
        """What runs its queries."""
        return Athena(self.aws.athena, self.output_uri)

    def _tables(self, groups: Sequence[Features], identifier: str | None) -> list[GroupTable]:
        if not groups:
            raise TrainingSetError("a training set needs at least one feature group")
        return [_group_table(self._described(g.feature_group_name), g, identifier) for g in groups]

    def _described(self, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.aws.sagemaker.describe_feature_group(FeatureGroupName=name)
        except ClientError as error:
            raise TrainingSetError(
                f"the feature group {name} cannot be read: {error_message(error)}"
            ) from error
        return found

    @contextmanager
    def _table(self, database: str, file: EntityFile) -> Iterator[str]:
        """A table of the file, for as long as it is asked; the file stays, beside what it was for."""
        place = urlparse(self.output_uri)
        prefix = f"{place.path.strip('/')}/entities".lstrip("/")
        folder = Bucket(self.aws.s3, place.netloc).put_bytes(file.body, "rows.csv", prefix)
        name = f"point_in_time_{uuid4().hex}"
        shown = ", ".join(f"`{column}` string" for column in file.columns)
        properties = ", ".join(f"'{key}' = '{value}'" for key, value in PROPERTIES.items())
        self.athena.run(
            f"CREATE EXTERNAL TABLE `{name}` ({shown}) ROW FORMAT SERDE '{_SERDE}' "
            f"WITH SERDEPROPERTIES ({properties}) LOCATION '{folder}'",
            database,
        )
        try:
            yield name
        finally:
            self.athena.run(f"DROP TABLE IF EXISTS `{name}`", database)


def _group_table(described: Mapping[str, Any], asked: Features, key: str | None = None) -> GroupTable:
    """What is joined of a described group. Raises TrainingSetError where it cannot be."""
    name = described["FeatureGroupName"]
    catalog = described.get("OfflineStoreConfig", {}).get("DataCatalogConfig")
    if not catalog:
        raise TrainingSetError(
            f"the feature group {name} has no table of an offline store; create one with OfflineStoreConfig"
        )
    types = {each["FeatureName"]: each["FeatureType"] for each in described["FeatureDefinitions"]}
    identifier, event_time = described["RecordIdentifierFeatureName"], described["EventTimeFeatureName"]
    if types[identifier] == "Fractional":
        raise TrainingSetError(
            f"the identifiers of {name} are Fractional, which no text tells in one way; use another group"
        )
    names = asked.names or tuple(each for each in types if each not in (identifier, event_time))
    for feature in names:
        if feature not in types:
            raise TrainingSetError(f"{name} has no feature '{feature}'; it has {', '.join(types)}")
    return GroupTable(
        catalog["Database"],
        catalog["TableName"],
        identifier,
        event_time,
        TimeForm.ISO_8601 if types[event_time] == "String" else TimeForm.SECONDS,
        names,
        asked.key or key or identifier,
        asked.prefix,
        asked.longest_age_seconds,
    )
