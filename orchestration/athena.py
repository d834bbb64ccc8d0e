"""Statements for Athena, or for what answers in its place."""

import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from orchestration.clients import error_message
from orchestration.errors import QueryError

POLL_SECONDS = 0.2
QUERY_SECONDS = 1800.0  # Athena's own limit for a statement (service quotas, DML query timeout)


@dataclass(frozen=True, slots=True)
class Answer:
    """A statement that succeeded, and where its answer is: a CSV file in S3, its columns' names first."""

    query_execution_id: str
    uri: str


@dataclass(frozen=True, slots=True)
class Athena:
    """Runs statements one after the other; answers go below `output_uri`."""

    client: Any
    output_uri: str

    def run(self, sql: str, database: str) -> Answer:
        """Run a statement. Raises QueryError, with Athena's own reason where it does not succeed."""
        try:
            started = self.client.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Catalog": "AwsDataCatalog", "Database": database},
                ResultConfiguration={"OutputLocation": self.output_uri},
            )
        except ClientError as error:
            raise QueryError(f"the statement was not started: {error_message(error)}") from error
        identity = str(started["QueryExecutionId"])
        deadline = time.monotonic() + QUERY_SECONDS
        while (found := self._execution(identity))["Status"]["State"] in ("QUEUED", "RUNNING"):
            if time.monotonic() > deadline:
                self.client.stop_query_execution(QueryExecutionId=identity)
                raise QueryError(f"the query {identity} was stopped after {QUERY_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
        status = found["Status"]
        if status["State"] != "SUCCEEDED":
            reason = status.get("StateChangeReason", "no reason is given")
            raise QueryError(f"the query {identity} is {status['State']}: {reason}")
        return Answer(identity, str(found["ResultConfiguration"]["OutputLocation"]))

    def _execution(self, identity: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_query_execution(QueryExecutionId=identity)["QueryExecution"]
        return found
