"""The store keeps what it acknowledged, changes state and event together, and lets nobody jump a status."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.store.query import Query
from slipway.store.store import (
    AlreadyExistsError,
    Event,
    IllegalTransitionError,
    MissingError,
    Store,
)

from scripts.commands import ROOT
from tests.support.containers import wait_until
from tests.support.control_plane import MovableClock, change_told
from tests.support.rows import OWNER, job, job_key


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def store(tmp_path: Path, clock: MovableClock) -> Store:
    return Store(tmp_path / "slipway.db", clock, change_told)


def again(tmp_path: Path, clock: MovableClock) -> Store:
    """The same file, as the next process finds it."""
    return Store(tmp_path / "slipway.db", clock, change_told)


def to(status: str) -> Callable[[Resource], Resource]:
    return lambda resource: resource.in_status(status)


def told(store: Store) -> list[tuple[str, object, object]]:
    """The changes that the outbox has: whose, from which status, to which."""
    return [
        (event.resource_arn.rpartition("/")[2], event.detail["before"], event.detail["after"])
        for event in store.pending_events(1_000_000)
    ]


def test_what_was_created_is_read_back_as_it_was(store: Store, tmp_path: Path, clock: MovableClock) -> None:
    created = store.create(replace(job("one", 5.5, Nested={"a": [1, None]}), internal={"container": "x"}))

    assert again(tmp_path, clock).get(job_key("one")) == created


def test_a_name_is_taken_whatever_its_case_and_found_likewise(store: Store) -> None:
    # Two names that differ in case alone would have one ARN.
    first = store.create(job("Job-One"))

    with pytest.raises(AlreadyExistsError) as refused:
        store.create(job("job-one"))

    assert refused.value.existing == first
    found = store.get(job_key("JOB-ONE"))
    assert found is not None
    assert found.name == "Job-One"


def test_of_two_clients_that_create_one_name_one_succeeds(store: Store) -> None:
    barrier = threading.Barrier(8)

    def create(number: int) -> bool:
        barrier.wait()
        try:
            store.create(job("one", number))
        except AlreadyExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(create, range(8)))

    assert sorted(outcomes) == [False] * 7 + [True]
    assert told(store) == [("one", None, "InProgress")]


def test_a_transition_stamps_status_and_time_where_the_document_has_them(
    store: Store, clock: MovableClock
) -> None:
    store.create(job("one", 5.0, LastModifiedTime=5.0))
    clock.seconds = 7.0

    after = store.transition(job_key("one"), to("Completed"))

    assert after.document == {"ProcessingJobStatus": "Completed", "LastModifiedTime": 7.0}
    assert (after.status, after.created_at, after.modified_at) == ("Completed", 5.0, 7.0)
    assert store.get(job_key("one")) == after


def test_what_no_client_sees_changes_no_time(store: Store, clock: MovableClock) -> None:
    store.create(job("one", 5.0))
    clock.seconds = 7.0

    after = store.transition(job_key("one"), lambda one: one.with_internal({"container": "x"}))

    assert (after.modified_at, after.internal) == (5.0, {"container": "x"})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Completed", "InProgress"),
        ("Failed", "Completed"),
        ("Stopped", "Stopping"),
        ("Stopping", "InProgress"),
    ],
)
def test_a_status_that_may_not_follow_is_refused_and_nothing_is_written(
    store: Store, before: str, after: str
) -> None:
    created = store.create(job("one", status=before))

    with pytest.raises(IllegalTransitionError, match=f"cannot go from {before} to {after}"):
        store.transition(job_key("one"), lambda one: one.with_document({"x": 1}).in_status(after))

    assert store.get(job_key("one")) == created
    assert told(store) == [("one", None, before)]


def test_there_is_no_transition_of_what_is_not_there(store: Store) -> None:
    with pytest.raises(MissingError):
        store.transition(job_key("none"), to("Completed"))
    with pytest.raises(MissingError):
        store.delete(job_key("none"))


def test_state_and_event_are_written_together_or_neither(tmp_path: Path, clock: MovableClock) -> None:
    def events_of(before: Resource | None, after: Resource) -> tuple[Event, ...]:
        if after.status == "Failed":
            raise OSError("no event can be made")
        return change_told(before, after)

    store = Store(tmp_path / "slipway.db", clock, events_of)
    created = store.create(job("one"))

    with pytest.raises(OSError, match="no event"):
        store.transition(job_key("one"), to("Failed"))

    assert store.get(job_key("one")) == created
    assert told(store) == [("one", None, "InProgress")]
    store.transition(job_key("one"), to("Completed"))
    assert told(store)[1:] == [("one", "InProgress", "Completed")]


def test_several_calls_are_one_where_they_must_be(store: Store) -> None:
    def fails_after_writing() -> None:
        with store.all_or_nothing():
            store.create(job("one"), [{"Key": "a", "Value": "b"}])
            store.next_number("versions")
            store.claim_token(OWNER, "Create", "token", "print", "one")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_after_writing()

    assert store.get(job_key("one")) is None
    assert store.tags(job_key("one").arn) == []
    assert store.token(OWNER, "Create", "token") is None
    assert store.next_number("versions") == 1
    assert told(store) == []


def test_concurrent_transitions_of_one_row_lose_no_change(store: Store) -> None:
    store.create(job("one", Count=0))

    def count_up(one: Resource) -> Resource:
        return one.with_document({"Count": one.document["Count"] + 1})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: store.transition(job_key("one"), count_up), range(200)))

    one = store.get(job_key("one"))
    assert one is not None
    assert one.document["Count"] == 200
    assert len(told(store)) == 201


def test_1000_reads_go_on_beside_one_writer_and_see_whole_states_only(store: Store) -> None:
    store.create(job("one", First=0, Second=0))
    is_done = threading.Event()

    def count_up(one: Resource) -> Resource:
        return one.with_document({name: one.document[name] + 1 for name in ("First", "Second")})

    def write() -> None:
        while not is_done.is_set():
            store.transition(job_key("one"), count_up)

    def read(_: int) -> tuple[int, int]:
        one = store.get(job_key("one"))
        assert one is not None
        return one.document["First"], one.document["Second"]

    writer = threading.Thread(target=write)
    writer.start()
    with ThreadPoolExecutor(32) as threads:
        pairs = list(threads.map(read, range(1000)))
        # However busy the machine is, the writer has its turn beside readers.
        pairs.append(wait_until(lambda: pair if (pair := read(0)) > pairs[0] else None, "the writer's turn"))
    is_done.set()
    writer.join()

    assert all(first == second for first, second in pairs)


WRITING = """
import sys
from pathlib import Path
from slipway.store.store import Store
from tests.support.control_plane import MovableClock, change_told
from tests.support.rows import job, job_key

store = Store(Path(sys.argv[1]), MovableClock(), change_told)
for number in range(1_000_000):
    name = f"job-{number}"
    store.create(job(name), [{"Key": "number", "Value": str(number)}])
    store.transition(job_key(name), lambda one: one.in_status("Completed"))
    assert store.next_number("jobs") == number + 1
    print(number, flush=True)
"""


def test_kill_9_of_a_process_that_writes_loses_nothing_that_was_acknowledged(
    tmp_path: Path, clock: MovableClock
) -> None:
    file = tmp_path / "slipway.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITING, str(file)],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'emulator'}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    for acknowledged in writer.stdout:
        if int(acknowledged) == 100:
            break
    writer.kill()
    last = int(([acknowledged, *writer.stdout.read().split()])[-1])
    writer.stdout.close()
    assert writer.wait() == -9

    store = Store(file, clock, change_told)

    for number in range(last + 1):
        one = store.get(job_key(f"job-{number}"))
        assert one is not None
        assert one.status == "Completed"
        assert store.tags(one.arn) == [{"Key": "number", "Value": str(number)}]
    completed = [name for name, _before, after in told(store) if after == "Completed"]
    assert completed[: last + 1] == [f"job-{number}" for number in range(last + 1)]
    # What was under way is there as a whole or not at all, and the store goes on.
    rows = {row.name for row in store.in_statuses(Kind.PROCESSING_JOB, ["InProgress", "Completed"])}
    assert rows == {name for name, _before, _after in told(store)}
    assert store.next_number("jobs") in (last + 2, last + 3)


def test_events_wait_in_their_order_until_they_are_forgotten(
    store: Store, tmp_path: Path, clock: MovableClock
) -> None:
    for name in ("one", "two", "three"):
        store.create(job(name))
    first, second = store.pending_events(2)

    store.forget_events([first.id])

    assert (first.owner, first.detail_type, first.time) == (OWNER, "change", clock.seconds)
    assert [event.id for event in again(tmp_path, clock).pending_events(1)] == [second.id]
    assert [name for name, _before, _after in told(store)] == ["two", "three"]


def test_a_number_is_never_given_twice(store: Store, tmp_path: Path, clock: MovableClock) -> None:
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda _: store.next_number("versions"), range(100)))

    assert sorted(numbers) == list(range(1, 101))
    assert again(tmp_path, clock).next_number("versions") == 101
    assert store.next_number("other") == 1


def test_a_token_stands_for_what_it_was_claimed_for_first(store: Store) -> None:
    other = Owner("210987654321", "eu-west-1")

    assert store.claim_token(OWNER, "Create", "token", "print-1", "one") == ("print-1", "one")
    assert store.claim_token(OWNER, "Create", "token", "print-2", "two") == ("print-1", "one")
    assert store.claim_token(OWNER, "Update", "token", "print-2", "two") == ("print-2", "two")
    assert store.claim_token(other, "Create", "token", "print-2", "two") == ("print-2", "two")
    assert store.token(OWNER, "Create", "token") == ("print-1", "one")


def test_tags_keep_their_order_take_new_values_and_go_with_their_resource(store: Store) -> None:
    arn = store.create(job("one"), [{"Key": "b", "Value": "1"}, {"Key": "a", "Value": "2"}]).arn

    store.add_tags(arn, [{"Key": "b", "Value": "3"}, {"Key": "c", "Value": "4"}])
    store.remove_tags(arn, ["a", "not there"])

    assert store.tags(arn) == [{"Key": "b", "Value": "3"}, {"Key": "c", "Value": "4"}]
    store.delete(job_key("one"))
    assert store.tags(arn) == []


def test_reset_forgets_everything(store: Store) -> None:
    arn = store.create(job("one"), [{"Key": "b", "Value": "1"}]).arn
    store.next_number("versions")
    store.claim_token(OWNER, "Create", "token", "print", "one")

    store.reset()

    assert store.get(Key(OWNER, Kind.PROCESSING_JOB, "one")) is None
    assert store.page(OWNER, Kind.PROCESSING_JOB, Query()).resources == ()
    assert (store.tags(arn), told(store), store.token(OWNER, "Create", "token")) == ([], [], None)
    assert store.next_number("versions") == 1


def test_who_waits_for_a_change_is_woken_by_one(store: Store) -> None:
    waiting = threading.Thread(target=store.wait_for_change, args=(60.0,))
    waiting.start()

    # Changes until one comes after the thread has begun to wait.
    number = 0
    while waiting.is_alive():
        store.create(job(f"job-{number}"))
        number += 1
        waiting.join(0.01)

    assert number
