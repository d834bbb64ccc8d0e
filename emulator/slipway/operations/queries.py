"""Athena, as far as the offline store is asked by it."""

import re
import uuid
from collections.abc import Callable, Iterator

from slipway.clock import Clock
from slipway.errors import QueryRequestError
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import read_token, write_token
from slipway.protocol.service_model import ATHENA
from slipway.resources.catalog_statement import is_about_tables
from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.store.query import Position
from slipway.store.store import Store

MOST_ROWS = 1000
FIELD = re.compile(r'("(?:[^"]|"")*")?(,|\r?\n)')
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
# Athena's names of types; the engine has others (Athena user guide, "Data types").
TYPES = {"BIGINT": "bigint", "DOUBLE": "double", "VARCHAR": "varchar", "BOOLEAN": "boolean"}
OTHERS = {"TIMESTAMP": "timestamp", "INTEGER": "integer", "HUGEINT": "decimal", "DATE": "date"}

# As the CLI's reference shows them of GetQueryResults (varchar, bigint, integer); others are Java's.
PRECISIONS = {"varchar": 2**31 - 1, "bigint": 19, "integer": 10, "double": 17, "timestamp": 3}

# An object of S3: owner and address.
ReadObject = Callable[[Owner, str], bytes]


class Queries:
    """StartQueryExecution and what becomes of it."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        submit: Callable[[Key], None],
        stop: Callable[[Key], None],
        read_object: ReadObject,
    ) -> None:
        self._store = store
        self._clock = clock
        self._submit = submit
        self._stop = stop
        self._read_object = read_object

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (ATHENA, "StartQueryExecution"): self.start,
            (ATHENA, "GetQueryExecution"): self.get,
            (ATHENA, "GetQueryResults"): self.results,
            (ATHENA, "StopQueryExecution"): self.stop,
        }

    def start(self, call: Call) -> Document:
        """StartQueryExecution; the same ClientRequestToken is the same query."""
        parameters = call.parameters
        location = parameters.get("ResultConfiguration", {}).get("OutputLocation", "")
        if not location.startswith("s3://"):
            raise QueryRequestError(
                "No output location provided; name a place in S3 as ResultConfiguration.OutputLocation."
            )
        if "ExecutionParameters" in parameters:
            raise QueryRequestError("ExecutionParameters are not implemented here; write them in the query.")
        identity, now = str(uuid.uuid4()), self._clock.now()
        token = parameters.get("ClientRequestToken")
        with self._store.all_or_nothing():
            if token is not None:
                _, identity = self._store.claim_token(call.owner, call.operation, token, "", identity)
            key = Key(call.owner, Kind.QUERY_EXECUTION, identity)
            if self._store.get(key) is None:
                self._store.create(Resource(key, now, now, "QUEUED", _document(identity, parameters, now)))
        self._submit(key)
        return {"QueryExecutionId": identity}

    def get(self, call: Call) -> Document:
        """GetQueryExecution."""
        return {"QueryExecution": self._query(call).document}

    def results(self, call: Call) -> Document:
        """GetQueryResults: names first, then rows; the CSV file in S3, read again."""
        query = self._query(call)
        if query.status != "SUCCEEDED":
            raise QueryRequestError(f"Query has not yet finished. Current state: {query.status}")
        position = read_token(call.operation, call.parameters)
        start = position.sequence if position else 0
        limit = call.parameters.get("MaxResults", MOST_ROWS)
        location = query.document["ResultConfiguration"]["OutputLocation"]
        # The file of a statement about tables is empty.
        rows = list(rows_of(self._read_object(call.owner, location).decode()))
        after = Position(0, start + limit) if start + limit < len(rows) else None
        columns = [_column(name, its_type) for name, its_type in query.internal["columns"]]
        shown = [
            {"Data": [{} if text is None else {"VarCharValue": text} for text in row]}
            for row in rows[start : start + limit]
        ]
        return without_empty(
            {
                "UpdateCount": 0,
                "ResultSet": {"Rows": shown, "ResultSetMetadata": {"ColumnInfo": columns}},
                "NextToken": write_token(call.operation, call.parameters, after),
            }
        )

    def stop(self, call: Call) -> Document:
        """StopQueryExecution; one that has ended stays as it is."""
        query, now = self._query(call), self._clock.now()

        def stopped(present: Resource) -> Resource:
            if present.status in ENDED:
                return present
            status = {**present.document["Status"], "State": "CANCELLED", "CompletionDateTime": now}
            return present.in_status("CANCELLED").with_document({"Status": status})

        self._store.transition(query.key, stopped)
        self._stop(query.key)
        return {}

    def _query(self, call: Call) -> Resource:
        identity = call.parameters["QueryExecutionId"]
        query = self._store.get(Key(call.owner, Kind.QUERY_EXECUTION, identity))
        if query is None:
            raise QueryRequestError(f"QueryExecution {identity} was not found")
        return query


def _column(name: str, engines_type: str) -> Document:
    its_type = (TYPES | OTHERS).get(engines_type, engines_type.lower())
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": its_type,
        "Precision": PRECISIONS.get(its_type, 0),
        "Scale": 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": its_type == "varchar",
    }


def rows_of(text: str) -> Iterator[list[str | None]]:
    """The rows of a CSV file in which all is quoted but null."""
    row: list[str | None] = []
    for field in FIELD.finditer(text):
        value = field[1]
        row.append(None if value is None else value[1:-1].replace('""', '"'))
        if field[2] != ",":
            yield row
            row = []


def _document(identity: str, parameters: Document, now: float) -> Document:
    place = parameters["ResultConfiguration"]
    is_ddl = is_about_tables(parameters["QueryString"])
    location = f"{place['OutputLocation'].rstrip('/')}/{identity}.{'txt' if is_ddl else 'csv'}"
    return {
        "QueryExecutionId": identity,
        "Query": parameters["QueryString"],
        "StatementType": "DDL" if is_ddl else "DML",
        "ResultConfiguration": {**place, "OutputLocation": location},
        "QueryExecutionContext": parameters.get("QueryExecutionContext", {}),
        "Status": {"State": "QUEUED", "SubmissionDateTime": now},
        "WorkGroup": parameters.get("WorkGroup", "primary"),
    }
