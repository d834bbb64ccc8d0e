"""Filling a group: what is missing is written, what is put off is tried again, what is another's is refused.

The runtime is a small one of the tests' own, for none that is at hand puts
anything off; tests/integration fills a real one.
"""

import signal
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from preprocess import feature_records
from preprocess.combinations import Combinations
from preprocess.feature_records import Filled, fill
from preprocess.schema import CategoricalFeature, Category
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

GROUP = "g"
COUNT = 250
COMBINATIONS = Combinations(
    (CategoricalFeature("n", False, tuple(Category(f"v{n}", f"n_{n}") for n in range(COUNT))),)
)

# What a call is answered instead; None for what it is answered otherwise.
Refusal = Callable[[list[Any]], dict[str, Any] | None]


class Runtime:
    """Records by key; `refuse` may answer a call in its own way."""

    def __init__(self) -> None:
        self.records: dict[str, list[dict[str, str]]] = {}
        self.hidden: set[str] = set()
        self.refuse: Refusal = lambda _: None
        self.largest_write = self.largest_read = 0

    def batch_get_record(self, Identifiers: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        (asked,) = Identifiers
        assert asked["FeatureGroupName"] == GROUP
        keys, names = asked["RecordIdentifiersValueAsString"], asked["FeatureNames"]
        self.largest_read = max(self.largest_read, len(keys))
        if (refusal := self.refuse(Identifiers)) is not None:
            return refusal
        found = [
            {
                "FeatureGroupName": GROUP,
                "RecordIdentifierValueAsString": key,
                "Record": [each for each in self.records[key] if each["FeatureName"] in names],
            }
            for key in keys
            if key in self.records and key not in self.hidden
        ]
        return {"Records": found, "Errors": [], "UnprocessedIdentifiers": []}

    def batch_write_record(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.largest_write = max(self.largest_write, len(Entries))
        if (refusal := self.refuse(Entries)) is not None:
            return refusal
        for entry in Entries:
            assert entry["FeatureGroupName"] == GROUP
            self.put(entry)
        return {"Errors": [], "UnprocessedEntries": []}

    def put(self, entry: dict[str, Any]) -> None:
        self.records[values(entry["Record"])["combination"]] = entry["Record"]


def values(record: list[dict[str, str]]) -> dict[str, str]:
    return {each["FeatureName"]: each["ValueAsString"] for each in record}


def once(
    answer: Callable[[list[Any]], dict[str, Any] | None],
) -> Callable[[list[Any]], dict[str, Any] | None]:
    """`answer` until it has answered, then nothing."""
    given: list[object] = []

    def answered(asked: list[Any]) -> dict[str, Any] | None:
        found = None if given else answer(asked)
        if found is not None:
            given.append(found)
        return found

    return answered


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_records, "CALM_SECONDS", 0.05)
    monkeypatch.setattr(feature_records, "_PAUSE_SECONDS", 0.001)


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


def test_an_empty_group_is_filled_in_batches_that_aws_allows(runtime: Runtime) -> None:
    filled = fill(runtime, GROUP, COMBINATIONS, StopSignal())

    assert filled == Filled(written=COUNT, already_there=0)
    assert {key: values(record) for key, record in runtime.records.items()} == {
        f"v{n}": {"combination": f"v{n}", "event_time": "1577836800"}
        | {f"n_{m}": "1" if m == n else "0" for m in range(COUNT)}
        for n in range(COUNT)
    }
    # API reference: BatchGetRecord takes 100 identifiers, BatchWriteRecord 25 entries.
    assert (runtime.largest_read, runtime.largest_write) == (100, 25)


def test_every_record_is_written_again_where_that_is_asked_for(runtime: Runtime) -> None:
    fill(runtime, GROUP, COMBINATIONS, StopSignal())
    written: list[str] = []
    put = runtime.put

    def counted(entry: dict[str, Any]) -> None:
        written.append(values(entry["Record"])["combination"])
        put(entry)

    runtime.put = counted  # type: ignore[method-assign]

    filled = fill(runtime, GROUP, COMBINATIONS, StopSignal(), is_again=True)

    assert filled == Filled(written=COUNT, already_there=0)
    assert sorted(written) == sorted(f"v{n}" for n in range(COUNT))


def test_only_what_is_missing_is_written(runtime: Runtime) -> None:
    fill(runtime, GROUP, COMBINATIONS, StopSignal())
    there = dict(runtime.records)
    for n in (3, 99, 249):
        del runtime.records[f"v{n}"]

    filled = fill(runtime, GROUP, COMBINATIONS, StopSignal())

    assert filled == Filled(written=3, already_there=COUNT - 3)
    assert runtime.records == there


@pytest.mark.parametrize("code", ["InternalFailure", "ServiceUnavailable", "ThrottlingException"])
def test_what_is_put_off_is_written_later(runtime: Runtime, code: str) -> None:
    def puts_off(entries: list[Any]) -> dict[str, Any] | None:
        if "Record" not in entries[0]:
            return None
        for entry in entries[2:]:
            runtime.put(entry)
        error = {"Entry": entries[0], "ErrorCode": code, "ErrorMessage": "later"}
        return {"Errors": [error], "UnprocessedEntries": entries[1:2]}

    runtime.refuse = once(puts_off)

    assert fill(runtime, GROUP, COMBINATIONS, StopSignal()).written == COUNT
    assert len(runtime.records) == COUNT


def test_what_is_not_read_at_once_is_read_later(runtime: Runtime) -> None:
    fill(runtime, GROUP, COMBINATIONS, StopSignal())

    def puts_off(asked: list[Any]) -> dict[str, Any]:
        first, second, *_ = asked[0]["RecordIdentifiersValueAsString"]
        error = {"FeatureGroupName": GROUP, "RecordIdentifierValueAsString": first}
        error |= {"ErrorCode": "InternalFailure", "ErrorMessage": "later"}
        left = [asked[0] | {"RecordIdentifiersValueAsString": asked[0]["RecordIdentifiersValueAsString"][1:]}]
        assert second in left[0]["RecordIdentifiersValueAsString"]
        return {"Records": [], "Errors": [error], "UnprocessedIdentifiers": left}

    runtime.refuse = once(puts_off)

    assert fill(runtime, GROUP, COMBINATIONS, StopSignal()) == Filled(written=0, already_there=COUNT)


def test_what_is_put_off_for_too_long_ends_the_job(runtime: Runtime) -> None:
    runtime.refuse = lambda asked: (
        {"Errors": [], "UnprocessedEntries": asked} if "Record" in asked[0] else None
    )

    with pytest.raises(ContractError, match=r"writing records of feature group g.*start the job again"):
        fill(runtime, GROUP, COMBINATIONS, StopSignal())


def test_a_record_that_is_refused_is_named(runtime: Runtime) -> None:
    runtime.refuse = lambda asked: (
        {
            "Errors": [{"Entry": asked[0], "ErrorCode": "ValidationError", "ErrorMessage": "no"}],
            "UnprocessedEntries": [],
        }
        if "Record" in asked[0]
        else None
    )

    with pytest.raises(ContractError, match=r"feature group g, record 'v\d+': ValidationError: no"):
        fill(runtime, GROUP, COMBINATIONS, StopSignal())


def test_a_record_of_another_value_is_refused_by_key_and_column(runtime: Runtime) -> None:
    fill(runtime, GROUP, COMBINATIONS, StopSignal())
    entry = next(each for each in runtime.records["v7"] if each["FeatureName"] == "n_9")
    entry["ValueAsString"] = "1"

    with pytest.raises(ContractError, match=r"record 'v7', column 'n_9': it is '1' and must be '0'"):
        fill(runtime, GROUP, COMBINATIONS, StopSignal())


def test_a_record_that_a_later_deletion_hides_is_named(runtime: Runtime) -> None:
    runtime.hidden.add("v7")

    with pytest.raises(ContractError, match="the record 'v7' was written and is not there"):
        fill(runtime, GROUP, COMBINATIONS, StopSignal())


def test_a_refused_call_is_told_with_its_name(runtime: Runtime) -> None:
    def refuse(asked: list[Any]) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "AccessForbidden", "Message": "not you"}}, "BatchGetRecord")

    runtime.refuse = refuse

    with pytest.raises(ContractError, match="BatchGetRecord answered AccessForbidden: not you"):
        fill(runtime, GROUP, COMBINATIONS, StopSignal())


def test_nobody_goes_on_where_one_has_failed(runtime: Runtime) -> None:
    filling = feature_records._Filling(runtime, GROUP, COMBINATIONS, StopSignal(), is_again=False)
    runtime.hidden.add("v7")
    with pytest.raises(ContractError):
        filling.work()
    written = len(runtime.records)

    filling.work()

    assert len(runtime.records) == written < COUNT


def test_a_job_that_is_told_to_stop_says_how_much_is_there(runtime: Runtime) -> None:
    stop = StopSignal()

    def stops(asked: list[Any]) -> dict[str, Any] | None:
        if len(runtime.records) >= 50:
            stop.name = signal.SIGTERM.name
        return None

    runtime.refuse = stops

    with pytest.raises(ContractError, match=r"stopped by SIGTERM when \d+ of 250 records were there"):
        fill(runtime, GROUP, COMBINATIONS, stop)
    assert len(runtime.records) < COUNT
