"""Queries of the offline store, by a real engine over an S3 that is a folder."""

import io
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from slipway.executors.query import QueryExecutor
from slipway.operations.queries import Queries
from slipway.resources.resource import Key, Owner
from slipway.staging.s3 import S3Clients, StoredObject

from tests.support.emulator_features import values
from tests.support.feature_plane import FeaturePlane
from tests.support.output_shapes import complaints
from tests.support.registry import refused

PLACE = {"OutputLocation": "s3://answers/athena/"}
DATABASE = {"Database": "sagemaker_featurestore"}


class Folder:
    """As much of S3 as queries need, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, *_: object) -> "Folder":
        return self

    def objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        files = (path for path in (self._folder / bucket).rglob("*") if path.is_file())
        keys = sorted(str(path.relative_to(self._folder / bucket)) for path in files)
        return [StoredObject(key, 1) for key in keys if key.startswith(prefix)]

    def each(self, transfer: Callable[[str], None], items: Iterable[str]) -> None:
        for item in items:
            transfer(item)

    def download(self, bucket: str, key: str, target: Path) -> None:
        shutil.copy(self._folder / bucket / key, target)

    def upload(self, source: Any, bucket: str, key: str) -> None:
        target = self._folder / bucket / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read())

    def read(self, uri: str) -> bytes:
        return (self._folder / uri.removeprefix("s3://")).read_bytes()


class QueryPlane(FeaturePlane):
    """A feature plane that is asked by SQL; queries run when they are told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.s3 = Folder(folder / "s3")
        self.asked: list[Key] = []
        self.queries = QueryExecutor(self.store, self.clock, cast(S3Clients, self.s3), folder / "queries")
        self.operations |= Queries(
            self.store, self.clock, self.asked.append, self.queries.stop, self._read
        ).operations

    def run(self) -> None:
        while self.asked:
            self.queries.carry_out(self.asked.pop(0))

    def _read(self, _owner: Owner, uri: str) -> bytes:
        return self.s3.read(uri)


@pytest.fixture
def plane(tmp_path: Path) -> QueryPlane:
    return QueryPlane(tmp_path)


@pytest.fixture
def athena(plane: QueryPlane) -> Any:
    return plane.client("athena")


def started(athena: Any, sql: str, **more: Any) -> dict[str, str]:
    answer = athena.start_query_execution(
        QueryString=sql, ResultConfiguration=PLACE, QueryExecutionContext=DATABASE, **more
    )
    return {"QueryExecutionId": answer["QueryExecutionId"]}


def told(athena: Any, query: dict[str, str]) -> Any:
    answer = athena.get_query_execution(**query)
    assert complaints("athena", "GetQueryExecution", answer) == []
    return answer["QueryExecution"]


def test_a_query_goes_from_queued_to_an_answer_in_s3(plane: QueryPlane, athena: Any) -> None:
    plane.create("people")
    query = started(athena, "SELECT count(*) AS n, max(age) AS oldest FROM people_1700000000")

    before = told(athena, query)["Status"]["State"]
    plane.clock.move(2)
    plane.run()

    after = told(athena, query)
    assert before == "QUEUED"
    assert after["Status"]["State"] == "SUCCEEDED"
    status = after["Status"]
    assert (status["CompletionDateTime"] - status["SubmissionDateTime"]).total_seconds() == 2
    location = after["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://answers/athena/{query['QueryExecutionId']}.csv"
    # What is null is empty (Athena user guide, query results).
    assert plane.s3.read(location) == b'"n","oldest"\n"0",\n'
    results = athena.get_query_results(**query)
    assert complaints("athena", "GetQueryResults", results) == []
    assert [row["Data"] for row in results["ResultSet"]["Rows"]] == [
        [{"VarCharValue": "n"}, {"VarCharValue": "oldest"}],
        [{"VarCharValue": "0"}, {}],
    ]
    columns = results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(each["Name"], each["Type"]) for each in columns] == [("n", "bigint"), ("oldest", "bigint")]
    # AWS CLI reference, get-query-results: what database drivers read of a column.
    assert {
        (each["Precision"], each["Scale"], each["Nullable"], each["CaseSensitive"]) for each in columns
    } == {(19, 0, "UNKNOWN", False)}


def test_results_come_in_pages(plane: QueryPlane, athena: Any) -> None:
    query = started(athena, "SELECT range AS n FROM range(5)")
    plane.run()

    pages = list(athena.get_paginator("get_query_results").paginate(**query, MaxResults=4))

    shown = [[row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]] for page in pages]
    assert shown == [["n", "0", "1", "2"], ["3", "4"]]


def test_a_query_that_fails_says_why(plane: QueryPlane, athena: Any) -> None:
    query = started(athena, "SELECT * FROM nobody")
    plane.run()

    status = told(athena, query)["Status"]
    assert status["State"] == "FAILED"
    assert "nobody" in status["StateChangeReason"]
    assert "FAILED" in refused(athena.get_query_results, **query)[1]


def test_a_stopped_query_stays_stopped_and_an_ended_one_as_it_is(plane: QueryPlane, athena: Any) -> None:
    stopped, ended = started(athena, "SELECT 1"), started(athena, "SELECT 2")

    athena.stop_query_execution(**stopped)
    plane.run()
    athena.stop_query_execution(**ended)

    assert told(athena, stopped)["Status"]["State"] == "CANCELLED"
    assert told(athena, ended)["Status"]["State"] == "SUCCEEDED"
    assert len(plane.s3.objects("answers", "")) == 1


def test_a_query_that_a_killed_process_began_is_begun_again(plane: QueryPlane, athena: Any) -> None:
    query = started(athena, "SELECT 1")
    [key] = plane.asked
    plane.store.transition(key, lambda row: row.in_status("RUNNING"))

    plane.run()

    assert told(athena, query)["Status"]["State"] == "SUCCEEDED"


def test_the_same_token_is_the_same_query(athena: Any) -> None:
    token = "t" * 32

    assert started(athena, "SELECT 1", ClientRequestToken=token) == started(
        athena, "SELECT 1", ClientRequestToken=token
    )


def test_what_cannot_be_asked_is_an_invalid_request(plane: QueryPlane, athena: Any) -> None:
    query = started(athena, "SELECT 1")
    other = plane.client("athena", account="999999999999")

    for call, parameters, complaint in (
        (athena.start_query_execution, {"QueryString": "SELECT 1"}, "OutputLocation"),
        (athena.start_query_execution, {"ResultConfiguration": PLACE}, "queryString"),
        (athena.get_query_results, query, "QUEUED"),
        (other.get_query_execution, query, "was not found"),
    ):
        code, text = refused(call, **parameters)
        assert code == "InvalidRequestException"
        assert complaint in text


def test_another_accounts_tables_are_nobodys_here(plane: QueryPlane) -> None:
    plane.create("people")
    plane.client("sagemaker-featurestore-runtime").put_record(
        FeatureGroupName="people", Record=values(id="a", at="2023-11-14T21:00:00Z")
    )
    other = plane.client("athena", account="999999999999")

    query = started(other, "SELECT * FROM people_1700000000")
    plane.run()

    assert told(other, query)["Status"]["State"] == "FAILED"


CREATE = (
    "CREATE EXTERNAL TABLE rows (id STRING, n INT) "
    "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' LOCATION 's3://answers/rows'"
)


def state(plane: QueryPlane, athena: Any, sql: str) -> tuple[str, str]:
    """How a statement ended, and why."""
    query = started(athena, sql)
    plane.run()
    status = told(athena, query)["Status"]
    return status["State"], status.get("StateChangeReason", "")


def test_a_table_of_a_file_is_made_asked_and_dropped(plane: QueryPlane, athena: Any) -> None:
    plane.create("people")
    plane.s3.upload(io.BytesIO(b"a,7\nb,8\n"), "answers", "rows/part.csv")
    plane.s3.upload(io.BytesIO(b"c,9\n"), "answers", "rows-of-others/part.csv")

    create = started(athena, CREATE)
    plane.run()
    told_of_it = told(athena, create)
    question = started(athena, "SELECT sum(n) AS n FROM rows")
    plane.run()

    assert (told_of_it["Status"]["State"], told_of_it["StatementType"]) == ("SUCCEEDED", "DDL")
    assert told_of_it["ResultConfiguration"]["OutputLocation"].endswith(f"{create['QueryExecutionId']}.txt")
    assert athena.get_query_results(**create)["ResultSet"]["Rows"] == []
    assert athena.get_query_results(**question)["ResultSet"]["Rows"][1]["Data"] == [{"VarCharValue": "15"}]
    assert "already exists" in state(plane, athena, CREATE)[1]
    assert state(plane, athena, CREATE.replace("TABLE", "TABLE IF NOT EXISTS"))[0] == "SUCCEEDED"
    assert state(plane, athena, "DROP TABLE rows")[0] == "SUCCEEDED"
    assert "Table not found" in state(plane, athena, "DROP TABLE rows")[1]
    assert state(plane, athena, "DROP TABLE IF EXISTS rows")[0] == "SUCCEEDED"
    assert state(plane, athena, "SELECT * FROM rows")[0] == "FAILED"


def test_a_table_needs_a_database_and_a_statement_must_be_known(plane: QueryPlane, athena: Any) -> None:
    assert "Database does not exist: sagemaker_featurestore" in state(plane, athena, CREATE)[1]
    assert state(plane, athena, CREATE.replace("rows (", "default.rows ("))[0] == "SUCCEEDED"
    assert "implemented here" in state(plane, athena, "SHOW TABLES")[1]


@pytest.mark.parametrize("sql", [CREATE, "DROP TABLE rows"])
def test_a_statement_that_a_killed_process_carried_out_succeeds_after_it(
    plane: QueryPlane, athena: Any, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    plane.create("people")
    if sql != CREATE:
        assert state(plane, athena, CREATE)[0] == "SUCCEEDED"
    query = started(athena, sql)
    [key] = plane.asked
    with monkeypatch.context() as killed:
        killed.setattr(plane.s3, "upload", _die)
        with pytest.raises(KeyboardInterrupt):
            plane.run()
    assert told(athena, query)["Status"]["State"] == "RUNNING"

    plane.queries.carry_out(key)

    assert told(athena, query)["Status"]["State"] == "SUCCEEDED"


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_table_of_a_deleted_group_is_still_asked(plane: QueryPlane, athena: Any) -> None:
    plane.create("people")
    plane.client().delete_feature_group(FeatureGroupName="people")

    assert state(plane, athena, "SELECT * FROM people_1700000000")[0] == "SUCCEEDED"
