"""The catalog of tables, as Glue shows it and as Athena does: databases, tables, and no partitions."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from slipway.errors import (
    CatalogEntityNotFound,
    CatalogInputError,
    QueryMetadataError,
    QueryRequestError,
    ValidationException,
)
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import read_token, write_token
from slipway.protocol.service_model import ATHENA, GLUE
from slipway.resources.catalog_table import CATALOG, DEFAULT_DATABASE, table_key
from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Kind, Owner, Resource
from slipway.store.query import Position
from slipway.store.store import MissingError, Store

# API reference, GetTables.
MOST_SHOWN = 100


class Catalog:
    """Databases are those that have tables, and `default`; tables are of offline stores and of statements."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (GLUE, "GetDatabase"): self.get_database,
            (GLUE, "GetDatabases"): self.get_databases,
            (GLUE, "GetTable"): self.get_table,
            (GLUE, "GetTables"): self.get_tables,
            (GLUE, "GetPartitions"): self.get_partitions,
            (GLUE, "DeleteTable"): self.delete_table,
            (ATHENA, "ListDataCatalogs"): self.list_catalogs,
            (ATHENA, "GetDatabase"): self.get_athena_database,
            (ATHENA, "ListDatabases"): self.list_athena_databases,
            (ATHENA, "GetTableMetadata"): self.get_table_metadata,
            (ATHENA, "ListTableMetadata"): self.list_table_metadata,
        }

    # -- Glue ----------------------------------------------------------------

    def get_database(self, call: Call) -> Document:
        """GetDatabase."""
        return {"Database": _shown_database(call.owner, self._database(call.owner, call.parameters["Name"]))}

    def get_databases(self, call: Call) -> Document:
        """GetDatabases."""
        shown = [_shown_database(call.owner, name) for name in self._databases(call.owner)]
        return _page(call, "DatabaseList", shown)

    def get_table(self, call: Call) -> Document:
        """GetTable."""
        parameters = call.parameters
        return {"Table": self._table(call.owner, parameters["DatabaseName"], parameters["Name"]).document}

    def get_tables(self, call: Call) -> Document:
        """GetTables; `Expression` is a regular expression that a whole name fits."""
        return _page(call, "TableList", [table.document for table in self._tables(call)])

    def get_partitions(self, call: Call) -> Document:
        """GetPartitions: none, for no table here is partitioned."""
        self._table(call.owner, call.parameters["DatabaseName"], call.parameters["TableName"])
        return {"Partitions": []}

    def delete_table(self, call: Call) -> Document:
        """DeleteTable: the table alone, its files stay."""
        database, name = call.parameters["DatabaseName"], call.parameters["Name"]
        try:
            self._store.delete(table_key(call.owner, database, name))
        except MissingError:
            raise _no_table(name) from None
        return {}

    # -- Athena --------------------------------------------------------------

    def list_catalogs(self, call: Call) -> Document:
        """ListDataCatalogs: Glue's."""
        return _page(call, "DataCatalogsSummary", [{"CatalogName": CATALOG, "Type": "GLUE"}])

    def get_athena_database(self, call: Call) -> Document:
        """GetDatabase of Athena."""
        with _in_athenas_words(call):
            return {"Database": {"Name": self._database(call.owner, call.parameters["DatabaseName"])}}

    def list_athena_databases(self, call: Call) -> Document:
        """ListDatabases."""
        with _in_athenas_words(call):
            return _page(call, "DatabaseList", [{"Name": name} for name in self._databases(call.owner)])

    def get_table_metadata(self, call: Call) -> Document:
        """GetTableMetadata."""
        parameters = call.parameters
        with _in_athenas_words(call):
            table = self._table(call.owner, parameters["DatabaseName"], parameters["TableName"])
        return {"TableMetadata": _metadata(table)}

    def list_table_metadata(self, call: Call) -> Document:
        """ListTableMetadata; `Expression` as of GetTables."""
        with _in_athenas_words(call):
            return _page(call, "TableMetadataList", [_metadata(table) for table in self._tables(call)])

    # -- what there is -------------------------------------------------------

    def _databases(self, owner: Owner) -> list[str]:
        tables = self._store.in_statuses(Kind.CATALOG_TABLE, [""])
        with_tables = {table.document["DatabaseName"] for table in tables if table.key.owner == owner}
        return sorted(with_tables | {DEFAULT_DATABASE})

    def _database(self, owner: Owner, name: str) -> str:
        if name.lower() not in self._databases(owner):
            raise CatalogEntityNotFound(f"Database {name} not found.")
        return name.lower()

    def _table(self, owner: Owner, database: str, name: str) -> Resource:
        table = self._store.get(table_key(owner, self._database(owner, database), name))
        if table is None:
            raise _no_table(name)
        return table

    def _tables(self, call: Call) -> list[Resource]:
        """The tables of the database that a call names, by name, those that its Expression fits."""
        database = self._database(call.owner, call.parameters["DatabaseName"])
        expression = call.parameters.get("Expression") or ".*"
        try:
            wanted = re.compile(expression, re.IGNORECASE)
        except re.error as error:
            raise CatalogInputError(f"Expression '{expression}' is no regular expression: {error}") from None
        found = self._store.children(call.owner, Kind.CATALOG_TABLE, database)
        return sorted(
            (table for table in found if wanted.fullmatch(table.document["Name"])),
            key=lambda table: str(table.document["Name"]),
        )


@contextmanager
def _in_athenas_words(call: Call) -> Iterator[None]:
    """What the catalog refuses, as Athena passes it on; it knows one catalog by its name."""
    catalog = call.parameters["CatalogName"]
    if catalog.lower() != CATALOG.lower():
        raise QueryMetadataError(f"Data catalog {catalog} was not found; there is {CATALOG} alone.")
    try:
        yield
    except CatalogInputError as error:
        raise QueryRequestError(str(error)) from None
    except CatalogEntityNotFound as error:
        raise QueryMetadataError(f"{error.code}: {error}") from None


def _page(call: Call, member: str, everything: Sequence[Document]) -> Document:
    try:
        position = read_token(call.operation, call.parameters)
    except ValidationException as error:
        raise (CatalogInputError if call.service == GLUE else QueryRequestError)(str(error)) from None
    start = position.sequence if position else 0
    end = start + call.parameters.get("MaxResults", MOST_SHOWN)
    after = Position(0, end) if end < len(everything) else None
    token = write_token(call.operation, call.parameters, after)
    return without_empty({member: list(everything[start:end]), "NextToken": token})


def _shown_database(owner: Owner, name: str) -> Document:
    return {"Name": name, "CatalogId": owner.account_id}


def _metadata(table: Resource) -> Document:
    document = table.document
    descriptor = document["StorageDescriptor"]
    parameters = {
        **document["Parameters"],
        "location": descriptor["Location"],
        "inputformat": descriptor["InputFormat"],
        "outputformat": descriptor["OutputFormat"],
        "serde.serialization.lib": descriptor["SerdeInfo"]["SerializationLibrary"],
    }
    return {
        "Name": document["Name"],
        "CreateTime": document["CreateTime"],
        "TableType": document["TableType"],
        "Columns": descriptor["Columns"],
        "PartitionKeys": document["PartitionKeys"],
        "Parameters": parameters,
    }


def _no_table(name: str) -> CatalogEntityNotFound:
    return CatalogEntityNotFound(f"Table {name} not found.")
