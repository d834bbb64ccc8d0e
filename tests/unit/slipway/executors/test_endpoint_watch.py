"""Who is looked at when a container ends, and how soon again."""

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from slipway.containers.engine import Engine
from slipway.executors.endpoint_watch import EndpointWatch
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.store.store import Store

from tests.support.control_plane import MovableClock

OWNER = Owner("000000000000", "us-east-1")


class Endings:
    """An engine that tells of the endings that a test puts in; None breaks the connection."""

    def __init__(self) -> None:
        self.arns: queue.Queue[str] = queue.Queue()

    def endings(self) -> Iterator[str]:
        while True:
            yield self.arns.get()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "slipway.db", MovableClock(), lambda _before, _after: ())


def endpoint(store: Store, name: str, status: str) -> Key:
    key = Key(OWNER, Kind.ENDPOINT, name)
    store.create(Resource(key, 1.0, 1.0, status))
    return key


@pytest.fixture
def submitted() -> "queue.Queue[Key]":
    return queue.Queue()


@pytest.fixture
def engine() -> Endings:
    return Endings()


@pytest.fixture
def watch(store: Store, engine: Endings, submitted: "queue.Queue[Key]") -> Iterator[EndpointWatch]:
    watch = EndpointWatch(cast(Engine, engine), store, submitted.put)
    yield watch
    watch.close()


def test_what_serves_is_looked_at_first_of_all(
    store: Store, watch: EndpointWatch, submitted: "queue.Queue[Key]"
) -> None:
    serving = endpoint(store, "serving", "InService")
    endpoint(store, "failed", "Failed")

    watch.start()

    assert submitted.get(timeout=60) == serving
    assert submitted.empty()


@pytest.mark.parametrize("status", ["InService", "Updating", "RollingBack"])
def test_the_end_of_a_container_has_its_endpoint_looked_at(
    store: Store, engine: Endings, watch: EndpointWatch, submitted: "queue.Queue[Key]", status: str
) -> None:
    watch.start()
    key = endpoint(store, "Serving", status)
    endpoint(store, "other", "InService")

    engine.arns.put("arn:aws:sagemaker:us-east-1:000000000000:training-job/serving")
    engine.arns.put(key.arn)

    assert submitted.get(timeout=60) == key
    assert submitted.empty()


def test_what_is_in_trouble_has_its_turn_later(
    store: Store, engine: Endings, watch: EndpointWatch, submitted: "queue.Queue[Key]"
) -> None:
    watch.start()
    key = endpoint(store, "serving", "InService")
    other = endpoint(store, "other", "InService")
    watch.again(key)

    engine.arns.put(key.arn)
    engine.arns.put(other.arn)

    # The ending of what is waiting already changes nothing; its time comes by itself.
    assert [submitted.get(timeout=60), submitted.get(timeout=10)] == [other, key]
