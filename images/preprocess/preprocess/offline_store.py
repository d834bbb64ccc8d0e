"""The newest record of every key, as SQL reads them from a feature group's offline store."""

import io
import logging
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

from preprocess.aws import told_by_aws, wait_for
from preprocess.combinations import KEY, SEPARATOR
from preprocess.group_records import EVENT_TIME

log = logging.getLogger(__name__)

QUERY_SECONDS = 600
_LOOK_SECONDS = 0.5
# Between two queries of a store that lags behind.
_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class StoredColumns:
    """The encoded columns of each key, joined by commas, and the query that read them."""

    by_key: dict[str, str]
    query_execution_id: str


@dataclass(frozen=True, slots=True)
class OfflineStore:
    """The table of a group, and the services that read it."""

    athena: Any
    s3: Any
    group: dict[str, Any]
    results_uri: str | None
    stop: StopSignal

    def columns(self, names: tuple[str, ...], expected: int, seconds: float) -> StoredColumns:
        """What the store has of `names`, once it has `expected` records.

        Raises ContractError where it has fewer after `seconds`: on AWS an
        offline store is up to 15 minutes behind the online one.
        """
        found = 0

        def everything() -> StoredColumns | None:
            nonlocal found
            stored = self._ask(names)
            found = len(stored.by_key)
            if found < expected:
                log.info("features.offline_store_lags records=%d of=%d", found, expected)
                return None
            return stored

        stored = wait_for(everything, self.stop, seconds, _PAUSE_SECONDS)
        if stored is None:
            raise ContractError(
                f"the offline store of feature group {self._name} has {found:,} of {expected:,} records "
                f"after {seconds:g} s; start the job again later or with a larger --wait-seconds, "
                "or delete the group and ingest it again."
            )
        return stored

    @property
    def _name(self) -> str:
        return str(self.group["FeatureGroupName"])

    def _ask(self, names: tuple[str, ...]) -> StoredColumns:
        catalog = self.group["OfflineStoreConfig"]["DataCatalogConfig"]
        with told_by_aws(f"the offline store of feature group {self._name}"):
            identity = self.athena.start_query_execution(
                QueryString=newest_records(catalog["Database"], catalog["TableName"], names),
                QueryExecutionContext={"Catalog": catalog["Catalog"], "Database": catalog["Database"]},
                ResultConfiguration={"OutputLocation": self._results_uri},
            )["QueryExecutionId"]
            answer_uri = self._answered(identity)
            bucket, _, key = answer_uri.removeprefix("s3://").partition("/")
            content = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return StoredColumns(columns_by_key(content), identity)

    @property
    def _results_uri(self) -> str:
        place = self.group["OfflineStoreConfig"]["S3StorageConfig"]["S3Uri"].rstrip("/")
        return self.results_uri or f"{place}/queries"

    def _answered(self, identity: str) -> str:
        """Where the answer of a query is. Raises ContractError where there will be none."""

        def ended() -> dict[str, Any] | None:
            execution: dict[str, Any] = self.athena.get_query_execution(QueryExecutionId=identity)[
                "QueryExecution"
            ]
            return None if execution["Status"]["State"] in ("QUEUED", "RUNNING") else execution

        execution = None
        try:
            execution = wait_for(ended, self.stop, QUERY_SECONDS, _LOOK_SECONDS)
        finally:
            if execution is None:
                self.athena.stop_query_execution(QueryExecutionId=identity)
        if execution is None:
            raise ContractError(
                f"query {identity} has no answer after {QUERY_SECONDS} s; start the job again."
            )
        status = execution["Status"]
        if status["State"] != "SUCCEEDED":
            reason = status.get("StateChangeReason", "Athena gave no reason")
            raise ContractError(
                f"query {identity} of feature group {self._name} ended {status['State']}: {reason}"
            )
        return str(execution["ResultConfiguration"]["OutputLocation"])


def newest_records(database: str, table: str, names: tuple[str, ...]) -> str:
    """The query: of each key the newest record that was not deleted.

    Newest as the developer guide has it ("Query offline store"): by event
    time, then by the moment of the call, then by that of the writing.
    """
    # No name has a quote in it: features and groups have letters, digits, - and _.
    columns = ", ".join(f'"{name}"' for name in (KEY, *names))
    newest_first = f'"{EVENT_TIME}" DESC, "api_invocation_time" DESC, "write_time" DESC'
    return (
        f'SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY "{KEY}" ORDER BY {newest_first}) '
        f'AS place_of_record FROM "{database}"."{table}") WHERE place_of_record = 1 AND NOT is_deleted'
    )


def columns_by_key(content: bytes) -> dict[str, str]:
    """An answer of the query, CSV with a header, as columns by key; an empty cell stays an empty text."""
    header = content[: content.index(b"\n")].count(b",") + 1
    names = [str(place) for place in range(header)]
    table = pa_csv.read_csv(
        io.BytesIO(content),
        pa_csv.ReadOptions(column_names=names, skip_rows=1, use_threads=False),
        pa_csv.ParseOptions(newlines_in_values=True),
        pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    ).combine_chunks()
    keys, *columns = table.columns
    joined = pc.binary_join_element_wise(*columns, SEPARATOR)
    return dict(zip(keys.to_pylist(), joined.to_pylist(), strict=True))
