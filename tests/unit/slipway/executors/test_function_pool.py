"""Which container has an invocation, which is made for it, and which has to go: without Docker."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import cast

import pytest
from slipway.errors import FunctionThrottled
from slipway.executors import function_pool
from slipway.executors.function_containers import FunctionContainers
from slipway.executors.function_pool import FunctionPool
from slipway.resources.function import Code, LiveFunction
from slipway.resources.resource import Key, Kind, Owner

from tests.support.containers import wait_until


def live(name: str, revision: str = "1") -> LiveFunction:
    key = Key(Owner("000000000000", "us-east-1"), Kind.FUNCTION, name)
    return LiveFunction(key, 0.0, {"RevisionId": revision}, Code("digest"))


class Containers:
    """Those that were removed."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    def remove(self, _function: LiveFunction, identity: str, _container_id: str | None) -> None:
        self.removed.append(identity)


@pytest.fixture
def containers() -> Containers:
    return Containers()


@pytest.fixture
def pool(containers: Containers) -> Iterator[FunctionPool]:
    made = pool_of(containers)
    yield made
    made.close()


def pool_of(containers: Containers, most: int = 2, idle_seconds: float = 300.0) -> FunctionPool:
    made = FunctionPool(
        cast(FunctionContainers, containers),
        most,
        idle_seconds,
        lambda _function, _stream, _time, _text: None,
    )
    made.start()
    return made


def wait_for_removal(containers: Containers, *identities: str) -> None:
    wait_until(
        lambda: True if sorted(containers.removed) == sorted(identities) else None, "containers to be removed"
    )


def test_a_warm_container_is_taken_up_again_and_the_last_one_first(pool: FunctionPool) -> None:
    first, second = pool.acquire(live("a"), None), pool.acquire(live("a"), None)
    pool.release(first)
    pool.release(second)

    assert pool.acquire(live("a"), None) is second
    assert pool.acquire(live("a"), None) is first


def test_another_function_or_another_revision_has_a_container_of_its_own(
    pool: FunctionPool, containers: Containers
) -> None:
    first = pool.acquire(live("a"), None)
    pool.release(first)

    other = pool.acquire(live("b"), None)
    pool.release(other)
    newer = pool.acquire(live("a", revision="2"), None)

    assert len({first.identity, other.identity, newer.identity}) == 3
    # There is room for two: the one that was idle for the longest makes it.
    wait_for_removal(containers, first.identity)


def test_where_all_are_at_work_an_invocation_waits_for_room(pool: FunctionPool) -> None:
    first = pool.acquire(live("a"), None)
    pool.acquire(live("b"), None)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(pool.acquire, live("a"), None)
        assert not waiting.done()
        pool.release(first)

        assert waiting.result(5) is first


def test_where_no_room_is_made_in_time_it_is_told_that_there_is_none(
    pool: FunctionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function_pool, "ROOM_SECONDS", 0.0)
    pool.acquire(live("a"), None)
    pool.acquire(live("a"), None)

    with pytest.raises(FunctionThrottled, match="SLIPWAY_MAX_FUNCTION_CONTAINERS") as refused:
        pool.acquire(live("a"), None)

    assert refused.value.members["Reason"] == "ConcurrentInvocationLimitExceeded"


def test_what_exceeds_reserved_concurrency_does_not_wait(pool: FunctionPool) -> None:
    busy = pool.acquire(live("a"), 1)

    with pytest.raises(FunctionThrottled) as refused:
        pool.acquire(live("a"), 1)

    assert refused.value.members["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    pool.release(busy)
    assert pool.acquire(live("a"), 1) is busy


def test_older_revisions_go_at_once_where_idle_and_after_their_work_where_not(
    pool: FunctionPool, containers: Containers
) -> None:
    idle, busy = pool.acquire(live("a"), None), pool.acquire(live("a"), None)
    pool.release(idle)

    pool.retire(live("a").key, but="2")
    wait_for_removal(containers, idle.identity)
    pool.release(busy)
    wait_for_removal(containers, idle.identity, busy.identity)


def test_the_revision_that_runs_is_not_retired(pool: FunctionPool) -> None:
    warm = pool.acquire(live("a"), None)
    pool.release(warm)

    pool.retire(warm.function.key, but=warm.function.revision)

    assert pool.acquire(live("a"), None) is warm


def test_a_container_that_is_idle_for_too_long_goes(containers: Containers) -> None:
    pool = pool_of(containers, idle_seconds=0.05)
    busy, idle = pool.acquire(live("a"), None), pool.acquire(live("a"), None)

    pool.release(idle)
    wait_for_removal(containers, idle.identity)

    assert pool.session_of(busy.identity) is busy.session
    assert pool.session_of(idle.identity) is None
    pool.close()


def test_a_discarded_container_makes_room_and_its_session_ends(
    pool: FunctionPool, containers: Containers
) -> None:
    instance = pool.acquire(live("a"), None)
    question = instance.session.next()

    pool.discard(instance)
    wait_for_removal(containers, instance.identity)
    wait_until(lambda: question.cancelled() or None, "the session to end")

    assert pool.acquire(live("a"), None) is not instance
    assert pool.functions() == {live("a").key}


def test_closing_removes_all_of_them(containers: Containers) -> None:
    pool = pool_of(containers)
    instances = [pool.acquire(live(name), None) for name in ("a", "b")]

    pool.close()

    assert sorted(containers.removed) == sorted(each.identity for each in instances)


def test_two_invocations_at_once_never_have_the_same_container(containers: Containers) -> None:
    pool = pool_of(containers, most=8)
    barrier = threading.Barrier(8)

    def acquire(_number: int) -> str:
        barrier.wait(60)
        return pool.acquire(replace(live("a")), None).identity

    with ThreadPoolExecutor(8) as threads:
        identities = set(threads.map(acquire, range(8)))

    assert len(identities) == 8
    pool.close()
