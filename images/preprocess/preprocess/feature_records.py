"""The records of a feature group: what is missing is written, what is there is compared."""

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

from preprocess.aws import CONNECTIONS, refuse_to_go_on, told_by_aws, wait_for
from preprocess.group_records import EVENT_TIME, GroupRecord, GroupRecords

log = logging.getLogger(__name__)

MOST_READ = 100  # API reference, BatchGetRecord: the identifiers of one group in one call
MOST_WRITTEN = 25  # API reference, BatchWriteRecord
# A fixed moment, 2020-01-01T00:00:00Z: a record that is written again is the same record.
MOMENT = "1577836800"
# What is not answered at once for so long is not slow, it is not there.
CALM_SECONDS = 60.0
_PAUSE_SECONDS = 0.5
_SHOWN_EVERY = 10_000
# Told of one record of a batch: later, again (API reference, the runtime's common errors).
_PASSING = ("InternalFailure", "ServiceUnavailable", "ThrottlingException")

Feature = dict[str, str]


@dataclass(frozen=True, slots=True)
class Filled:
    """How many records were written, and how many were there before."""

    written: int
    already_there: int


def fill(runtime: Any, group: str, records: GroupRecords, stop: StopSignal, is_again: bool = False) -> Filled:
    """Write whatever combination the group lacks, or every one (`is_again`), and see that it is there.

    Raises ContractError for a record that is there and is another, and once
    the job was told to stop.
    """
    filling = _Filling(runtime, group, records, stop, is_again)
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="ingest") as pool:
        for worker in [pool.submit(filling.work) for _ in range(CONNECTIONS)]:
            worker.result()
    return Filled(filling.written, filling.already_there)


class _Filling:
    """Work that is shared by threads: each takes the next batch until there is none."""

    def __init__(
        self, runtime: Any, group: str, records: GroupRecords, stop: StopSignal, is_again: bool = False
    ) -> None:
        self.written = 0
        self.already_there = 0
        self._runtime = runtime
        self._group = group
        self._total = len(records)
        self._names = tuple(records.feature_types)
        self._key_name = records.key_name
        self._batches = _batches(records, MOST_READ)
        self._stop = stop
        self._is_again = is_again
        self._failed = threading.Event()
        self._lock = threading.Lock()

    def work(self) -> None:
        """Take batches, until there are none, one has failed, or the job is told to stop."""
        try:
            while (batch := self._next()) is not None:
                self._fill(batch)
        except BaseException:
            self._failed.set()
            raise

    def _next(self) -> list[GroupRecord] | None:
        with self._lock:
            refuse_to_go_on(self._stop, f"when {self._done:,} of {self._total:,} records were there")
            return None if self._failed.is_set() else next(self._batches, None)

    @property
    def _done(self) -> int:
        return self.written + self.already_there

    def _fill(self, batch: Sequence[GroupRecord]) -> None:
        present = self._read([each.key for each in batch], (self._key_name, *self._names))
        for each in batch:
            if each.key in present:
                self._compare(each, present[each.key])
        missing = [each for each in batch if self._is_again or each.key not in present]
        for part in _batches(missing, MOST_WRITTEN):
            self._write(part)
        self._confirm([each.key for each in missing])
        with self._lock:
            before = self._done
            self.written += len(missing)
            self.already_there += len(batch) - len(missing)
            if before // _SHOWN_EVERY != self._done // _SHOWN_EVERY or self._done == self._total:
                log.info("ingest.records done=%d of=%d", self._done, self._total)

    def _compare(self, wanted: GroupRecord, record: Sequence[Feature]) -> None:
        values = {each["FeatureName"]: each.get("ValueAsString", "") for each in record}
        for name, value in zip(self._names, wanted.columns, strict=True):
            if values.get(name) != value:
                raise ContractError(
                    f"feature group {self._group}, record '{wanted.key}', column '{name}': "
                    f"it is '{values.get(name, '')}' and must be '{value}'; somebody else wrote it. "
                    "Delete the group, and start the job again."
                )

    def _read(self, keys: Sequence[str], names: Sequence[str]) -> dict[str, list[Feature]]:
        """The records that are there, by their keys."""
        found: dict[str, list[Feature]] = {}
        left = list(keys)

        def read() -> bool | None:
            nonlocal left
            asked = {"FeatureGroupName": self._group, "RecordIdentifiersValueAsString": left}
            answer = self._runtime.batch_get_record(Identifiers=[asked | {"FeatureNames": list(names)}])
            found.update(
                {each["RecordIdentifierValueAsString"]: each["Record"] for each in answer["Records"]}
            )
            left = [
                key
                for each in answer["UnprocessedIdentifiers"]
                for key in each["RecordIdentifiersValueAsString"]
            ]
            for each in answer["Errors"]:
                left.append(self._passing(each["RecordIdentifierValueAsString"], each))
            return None if left else True

        self._insist(read, f"reading records of feature group {self._group}")
        return found

    def _write(self, batch: Sequence[GroupRecord]) -> None:
        left = [{"FeatureGroupName": self._group, "Record": self._record(each)} for each in batch]

        def write() -> bool | None:
            nonlocal left
            answer = self._runtime.batch_write_record(Entries=left)
            left = list(answer["UnprocessedEntries"])
            for each in answer["Errors"]:
                self._passing(self._key_of(each["Entry"]), each)
                left.append(each["Entry"])
            return None if left else True

        self._insist(write, f"writing records of feature group {self._group}")

    def _confirm(self, keys: Sequence[str]) -> None:
        """See that all of them are there now; on AWS that may take a moment."""
        left = list(keys)

        def seen() -> bool | None:
            nonlocal left
            if left:
                found = self._read(left, (self._key_name,))
                left = [key for key in left if key not in found]
            return None if left else True

        if wait_for(seen, self._stop, CALM_SECONDS, _PAUSE_SECONDS) is None:
            raise ContractError(
                f"feature group {self._group}: the record '{left[0]}' was written and is not there; a later "
                "deletion hides it. Delete the group, and start the job again."
            )

    def _insist(self, call: Any, what: str) -> None:
        """Call until nothing is left to do. Raises ContractError after a minute of that."""
        with told_by_aws(what):
            if wait_for(call, self._stop, CALM_SECONDS, _PAUSE_SECONDS) is None:
                raise ContractError(
                    f"{what}: the feature store has put some off for {CALM_SECONDS:.0f} s; "
                    "start the job again, it goes on from here."
                )

    def _passing(self, key: str, error: dict[str, Any]) -> str:
        """The key, where the error will pass; raises ContractError where it will not."""
        if error["ErrorCode"] not in _PASSING:
            raise ContractError(
                f"feature group {self._group}, record '{key}': {error['ErrorCode']}: {error['ErrorMessage']}"
            )
        return key

    def _record(self, record: GroupRecord) -> list[Feature]:
        values = {self._key_name: record.key, EVENT_TIME: MOMENT}
        values |= zip(self._names, record.columns, strict=True)
        return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]

    def _key_of(self, entry: dict[str, Any]) -> str:
        values = {each["FeatureName"]: each["ValueAsString"] for each in entry["Record"]}
        return str(values.get(self._key_name, ""))


def _batches(items: Iterable[GroupRecord], size: int) -> Iterator[list[GroupRecord]]:
    """`items`, some at a time; taken from one iterator, so that no more are made than are used."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
