"""What takes its time, done aside: whoever needs its outcome comes back when it is there."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from slipway.resources.resource import Key


class PendingError(Exception):
    """The outcome is not there yet; whoever asked is woken when it is."""


class Errands:
    """Runs each piece of work once for whoever it is for, a few at a time, and keeps how it went.

    Nothing here survives the process: work whose end nobody has seen is done again.
    """

    def __init__(self, name: str, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._futures: dict[Key, dict[str, Future[object]]] = {}

    def outcome(self, owner: Key, name: str, work: Callable[[], object], done: Callable[[], None]) -> object:
        """What `work` returned; raises what it raised.

        The first time it is begun, and `done` follows it. Raises PendingError
        then, and while it is under way.
        """
        with self._lock:
            future = self._futures.get(owner, {}).get(name)
            if future is None:
                self._begin(owner, name, work, done)
        if future is None or not future.done():
            raise PendingError(name)
        return future.result()

    def forget(self, owner: Key) -> None:
        """Keep nothing more for `owner`; what has not begun never does."""
        with self._lock:
            futures = self._futures.pop(owner, {})
        for future in futures.values():
            future.cancel()

    def forget_all(self) -> None:
        """Keep nothing for anybody."""
        for owner in list(self._futures):
            self.forget(owner)

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, owner: Key, name: str, work: Callable[[], object], done: Callable[[], None]) -> None:
        future: Future[object] = Future()
        self._futures.setdefault(owner, {})[name] = future
        # A pool that was closed takes nothing: the next process does it.
        with suppress(RuntimeError):
            self._pool.submit(_run, future, work, done)


def _run(future: Future[object], work: Callable[[], object], done: Callable[[], None]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except Exception as error:
        # The outermost function of this thread: whoever asks for the outcome gets it.
        future.set_exception(error)
    done()
