"""The query of the offline store, and its answer."""

import signal
from typing import Any

import pytest
from preprocess import offline_store
from preprocess.offline_store import OfflineStore, columns_by_key, newest_records
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

GROUP = {
    "FeatureGroupName": "g",
    "OfflineStoreConfig": {
        "S3StorageConfig": {"S3Uri": "s3://bucket/store"},
        "DataCatalogConfig": {"Catalog": "c", "Database": "d", "TableName": "t"},
    },
}


def test_the_query_names_the_columns_and_the_table() -> None:
    query = newest_records("sagemaker_featurestore", "g_1", ("job_admin", "job-b"))

    assert query.startswith('SELECT "combination", "job_admin", "job-b" FROM (')
    assert 'FROM "sagemaker_featurestore"."g_1")' in query


def test_an_answer_is_read_whatever_its_keys() -> None:
    answer = '"combination","a","b"\n"x,""y"", z","1","0"\n"",,"1"\n"é\u2028\n;","0","1"\n'

    assert columns_by_key(answer.encode()) == {'x,"y", z': "1,0", "": ",1", "é\u2028\n;": "0,1"}


def test_an_answer_without_rows_is_no_record() -> None:
    assert columns_by_key(b'"combination","a"\n') == {}


class Athena:
    """Answers GetQueryExecution with a state; what was stopped."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.stopped: list[str] = []
        self.places: list[str] = []

    def start_query_execution(self, ResultConfiguration: dict[str, str], **_: Any) -> dict[str, str]:  # noqa: N803
        self.places.append(ResultConfiguration["OutputLocation"])
        return {"QueryExecutionId": "q"}

    def get_query_execution(self, QueryExecutionId: str) -> dict[str, Any]:  # noqa: N803
        assert QueryExecutionId == "q"
        return {"QueryExecution": {"Status": {"State": self.state, "StateChangeReason": "no such table"}}}

    def stop_query_execution(self, QueryExecutionId: str) -> None:  # noqa: N803
        self.stopped.append(QueryExecutionId)


def test_a_query_that_fails_is_told_in_athena_s_words() -> None:
    athena = Athena("FAILED")

    with pytest.raises(ContractError, match="query q of feature group g ended FAILED: no such table"):
        OfflineStore(athena, None, GROUP, None, StopSignal()).columns(("a",), 1, 60)
    assert athena.places == ["s3://bucket/store/queries"]
    assert athena.stopped == []


def test_a_query_is_stopped_with_the_job_that_asked_it() -> None:
    athena, stop = Athena("RUNNING"), StopSignal()
    stop.name = signal.SIGTERM.name

    with pytest.raises(ContractError, match="stopped by SIGTERM"):
        OfflineStore(athena, None, GROUP, "s3://elsewhere", stop).columns(("a",), 1, 60)
    assert athena.places == ["s3://elsewhere"]
    assert athena.stopped == ["q"]


def test_a_query_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    athena = Athena("QUEUED")
    monkeypatch.setattr(offline_store, "QUERY_SECONDS", 0)

    with pytest.raises(ContractError, match="query q has no answer after 0 s"):
        OfflineStore(athena, None, GROUP, None, StopSignal()).columns(("a",), 1, 60)
    assert athena.stopped == ["q"]
