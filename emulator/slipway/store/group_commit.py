"""Writes of many callers at a time, in one transaction for all that wait."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from slipway.store.feature_records import Write

# A transaction, and so how long other writers wait.
MOST_WRITES = 100

log = logging.getLogger(__name__)

# Takes writes, all or none, at a moment (microseconds since 1970).
Put = Callable[[Sequence[Write], int], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    write: Write
    now_us: int
    is_written: Future[bool] = field(default_factory=Future)


class GroupCommit:
    """Puts what came while the transaction before was committed as one transaction.

    A commit costs as much as several writes, and a thread for each caller more than both: callers wait
    for a future and need none.
    """

    def __init__(self, put: Put) -> None:
        self._put = put
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._is_at_work = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="group-commit")

    def put(self, write: Write, now_us: int) -> Future[bool]:
        """True once the write survives this process; False where it was not written, nor will be."""
        waiting = _Waiting(write, now_us)
        with self._lock:
            self._waiting.append(waiting)
            begins, self._is_at_work = not self._is_at_work, True
        if begins:
            self._thread.submit(self._work)
        return waiting.is_written

    def close(self) -> None:
        """Write what waits, and nothing more."""
        self._thread.shutdown()

    def _work(self) -> None:
        while True:
            with self._lock:
                some, self._waiting = self._waiting[:MOST_WRITES], self._waiting[MOST_WRITES:]
                if not some:
                    self._is_at_work = False
                    return
            # Nobody waits for what was cancelled.
            self._commit([each for each in some if each.is_written.set_running_or_notify_cancel()])

    def _commit(self, some: Sequence[_Waiting]) -> None:
        if not some:
            return
        try:
            self._put([each.write for each in some], max(each.now_us for each in some))
        except Exception:
            # The outermost function of these writes: one that cannot be written takes no other along.
            if len(some) > 1:
                for each in some:
                    self._commit([each])
                return
            log.warning("group_commit.failed identifier=%s", some[0].write.identifier, exc_info=True)
            some[0].is_written.set_result(False)
            return
        for each in some:
            each.is_written.set_result(True)
