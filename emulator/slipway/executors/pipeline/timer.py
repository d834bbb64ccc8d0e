"""Who is to be looked at later, all in one thread."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable

from slipway.resources.resource import Key

# As long as one wait may last; what is due later is looked at again.
LONGEST_WAIT_SECONDS = 3600.0


class Timer:
    """Rings for keys once their moment has come, by the time that really passes.

    A key has one moment, its earliest; after it has rung it may get another.
    Nothing here survives the process: whoever waits says so again.
    """

    def __init__(self, name: str, ring: Callable[[Key], None]) -> None:
        self._ring = ring
        self._due: list[tuple[float, int, Key]] = []
        self._moments: dict[Key, float] = {}
        # Moments that are equal are told apart by these; keys have no order.
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Ring no more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def after(self, seconds: float, key: Key) -> None:
        """Ring for `key` in `seconds`, or before that where it was asked for."""
        moment = time.monotonic() + seconds
        with self._changed:
            if self._moments.get(key, moment) < moment:
                return
            self._moments[key] = moment
            heapq.heappush(self._due, (moment, next(self._numbers), key))
            self._changed.notify()

    def _run(self) -> None:
        while (key := self._next()) is not None:
            self._ring(key)

    def _next(self) -> Key | None:
        with self._changed:
            while not self._is_closed:
                pause = self._due[0][0] - time.monotonic() if self._due else LONGEST_WAIT_SECONDS
                if pause > 0:
                    self._changed.wait(min(pause, LONGEST_WAIT_SECONDS))
                    continue
                moment, _, key = heapq.heappop(self._due)
                # One that was asked for earlier still has rung already.
                if self._moments.get(key) == moment:
                    del self._moments[key]
                    return key
        return None
