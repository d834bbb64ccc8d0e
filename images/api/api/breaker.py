"""A circuit breaker: an endpoint that keeps failing is left alone for a while."""

from collections.abc import Callable
from math import ceil

from api.errors import UnavailableError


class Breaker:
    """Opens after `failures` in a row; `seconds` later one request tries whether all is well again."""

    def __init__(self, name: str, failures: int, seconds: float, monotonic: Callable[[], float]) -> None:
        self._name = name
        self._limit = failures
        self._seconds = seconds
        self._monotonic = monotonic
        self._failures = 0
        self._closed_at = 0.0
        self._is_trying = False

    def enter(self) -> None:
        """Before each request. Raises UnavailableError while the circuit is open."""
        if self._failures < self._limit:
            return
        wait = self._closed_at - self._monotonic()
        if wait > 0 or self._is_trying:
            raise UnavailableError(
                f"{self._name} has failed {self._failures} times in a row and is left alone for a while",
                retry_after=max(1, ceil(wait)),
            )
        self._is_trying = True

    def succeeded(self) -> None:
        """After an answer, a refusal among them: whoever refuses is there."""
        self._failures = 0
        self._is_trying = False

    def failed(self) -> None:
        """After no answer, or one that says that the endpoint is broken."""
        self._failures += 1
        self._is_trying = False
        self._closed_at = self._monotonic() + self._seconds

    def left(self) -> None:
        """After a request that was given up before it came to anything."""
        self._is_trying = False
