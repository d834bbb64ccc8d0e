import pytest
from api.breaker import Breaker
from api.errors import UnavailableError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker("it", failures=2, seconds=10, monotonic=clock)
    for _ in range(2):
        breaker.enter()
        breaker.failed()
    return breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker("it", failures=2, seconds=10, monotonic=Clock())
    for outcome in (breaker.failed, breaker.succeeded, breaker.failed):
        breaker.enter()
        outcome()

    breaker.enter()
    breaker.failed()

    with pytest.raises(UnavailableError) as refused:
        breaker.enter()
    assert refused.value.retry_after == 10


def test_one_request_tries_and_opens_it_for_all_or_closes_it_again() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10.0

    breaker.enter()
    with pytest.raises(UnavailableError):
        breaker.enter()
    breaker.failed()
    with pytest.raises(UnavailableError):
        breaker.enter()
    clock.now = 20.0
    breaker.enter()
    breaker.succeeded()

    breaker.enter()
    breaker.enter()


def test_a_trial_that_was_given_up_leaves_room_for_the_next() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 10.0
    breaker.enter()

    breaker.left()

    breaker.enter()
