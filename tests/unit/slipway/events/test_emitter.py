import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from slipway.clock import SystemClock
from slipway.events.emitter import Emitter
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.store.store import Event, Store

HERE, THERE = Owner("000000000000", "us-east-1"), Owner("111122223333", "eu-west-1")
WAIT_SECONDS = 60


class Bus:
    """EventBridge of every owner, as a client of botocore shows it; it may be away, or refuse."""

    def __init__(self) -> None:
        self.taken: list[tuple[Owner, dict[str, Any]]] = []
        self.calls: list[int] = []
        self.failures: list[Exception] = []
        self.refused: set[str] = set()
        self.is_rejected_singly = True
        self.changed = threading.Condition()

    def of(self, service: str, owner: Owner) -> "_Client":
        assert service == "events"
        return _Client(self, owner)

    def wait_for(self, count: int) -> list[str]:
        """The names of what was told, once there are so many."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.taken) >= count, WAIT_SECONDS), self.taken
            return [json.loads(entry["Detail"])["name"] for _, entry in self.taken]


class _Client:
    def __init__(self, bus: Bus, owner: Owner) -> None:
        self._bus = bus
        self._owner = owner

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        bus = self._bus
        with bus.changed:
            bus.calls.append(len(Entries))
            if bus.failures:
                raise bus.failures.pop(0)
            results = [self._take(entry) for entry in Entries]
            bus.changed.notify_all()
        return {"Entries": results}

    def _take(self, entry: dict[str, Any]) -> dict[str, str]:
        if json.loads(entry["Detail"])["name"] in self._bus.refused:
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "no"}
        self._bus.taken.append((self._owner, entry))
        return {"EventId": "1"}


def refusal(status: int) -> ClientError:
    answer = {"Error": {"Code": "any"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutEvents")


def change(_before: Resource | None, after: Resource) -> tuple[Event, ...]:
    return (Event("change", {"name": after.name, **after.document}),)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "slipway.db", SystemClock(), change)


@contextmanager
def emitting(store: Store, bus: Bus) -> Iterator[None]:
    emitter = Emitter(store, bus)  # type: ignore[arg-type]  # the clients of one service
    emitter.start()
    try:
        yield
    finally:
        emitter.close()


def create(store: Store, name: str, owner: Owner = HERE, **document: Any) -> None:
    tags = [{"Key": "team", "Value": "blue"}]
    store.create(Resource(Key(owner, Kind.MODEL, name), 1.0, 1.0, "", document), tags)


def told_all(store: Store) -> None:
    """Wait until the outbox is empty."""
    for _ in range(WAIT_SECONDS * 100):
        if not store.pending_events(1):
            return
        threading.Event().wait(0.01)
    raise AssertionError(store.pending_events(10))


def test_what_was_recorded_before_the_start_is_told_first_and_then_all_in_order(store: Store) -> None:
    bus = Bus()
    names = [f"m{number:03}" for number in range(250)]
    for name in names[:25]:
        create(store, name)

    with emitting(store, bus):
        for name in names[25:]:
            create(store, name)
        assert bus.wait_for(len(names)) == names
        told_all(store)

    # PutEvents takes ten entries (API reference).
    assert max(bus.calls) == 10


def test_each_owner_is_told_on_its_own_bus(store: Store) -> None:
    bus = Bus()
    for name, owner in (("a", HERE), ("b", THERE), ("c", HERE)):
        create(store, name, owner)

    with emitting(store, bus):
        assert bus.wait_for(3) == ["a", "b", "c"]

    assert [owner for owner, _ in bus.taken] == [HERE, THERE, HERE]


def test_an_event_has_source_time_resource_and_tags(store: Store) -> None:
    bus = Bus()
    create(store, "m", Tags={})

    with emitting(store, bus):
        bus.wait_for(1)

    [(_, entry)] = bus.taken
    assert entry["Source"] == "aws.sagemaker"
    assert entry["DetailType"] == "change"
    assert entry["Resources"] == ["arn:aws:sagemaker:us-east-1:000000000000:model/m"]
    assert entry["Time"] == pytest.approx(SystemClock().now(), abs=WAIT_SECONDS)
    assert json.loads(entry["Detail"])["Tags"] == {"team": "blue"}


def test_a_detail_without_tags_gets_none(store: Store) -> None:
    bus = Bus()
    create(store, "m")

    with emitting(store, bus):
        bus.wait_for(1)

    assert "Tags" not in json.loads(bus.taken[0][1]["Detail"])


@pytest.mark.parametrize(
    "failure", [EndpointConnectionError(endpoint_url="http://localhost:1"), refusal(503), refusal(500)]
)
def test_while_nobody_takes_them_they_wait_and_keep_their_order(store: Store, failure: Exception) -> None:
    bus = Bus()
    bus.failures = [failure] * 3
    create(store, "a")

    with emitting(store, bus):
        create(store, "b")
        assert bus.wait_for(2) == ["a", "b"]
        told_all(store)


def test_one_that_is_refused_keeps_the_others_from_nothing(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    bus = Bus()
    bus.refused = {"b"}
    for name in ("a", "b", "c"):
        create(store, name)

    with emitting(store, bus):
        assert bus.wait_for(2) == ["a", "c"]
        told_all(store)

    assert "model/b" in caplog.text
    assert "MalformedDetail" in caplog.text


def test_after_a_call_that_is_refused_each_is_told_alone(store: Store) -> None:
    bus = Bus()
    bus.failures = [refusal(400)]
    for name in ("a", "b", "c"):
        create(store, name)

    with emitting(store, bus):
        assert bus.wait_for(3) == ["a", "b", "c"]

    assert bus.calls == [3, 1, 1, 1]


def test_a_failure_of_our_own_is_logged_and_does_not_end_it(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    bus = Bus()
    bus.failures = [RuntimeError("a bug")]
    create(store, "a")

    with emitting(store, bus):
        assert bus.wait_for(1) == ["a"]

    assert "a bug" in caplog.text
