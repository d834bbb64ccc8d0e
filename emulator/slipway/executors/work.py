"""Resources at work: a bounded pool for each kind, fed by keys, resumed from the rows after a restart."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from slipway.resources.lifecycle import unfinished
from slipway.resources.resource import Key, Kind
from slipway.store.store import MissingError, Store

log = logging.getLogger(__name__)


class Work:
    """Carries out what the rows of one kind say, a few at a time.

    `carry_out` is called with a key, in a thread of the pool, and must bring
    the resource to a status in which nobody is at work; it is called again
    with the same key after a restart and must go on from what the row says.
    """

    def __init__(
        self,
        kind: Kind,
        store: Store,
        carry_out: Callable[[Key], None],
        workers: int,
        fail: Callable[[Key, str], None],
    ) -> None:
        self.kind = kind
        self._store = store
        self._carry_out = carry_out
        self._fail = fail
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=kind.value)
        self._at_work: set[Key] = set()
        # Submitted while at work: what changed meanwhile may have come too late to be seen.
        self._again: set[Key] = set()
        self._lock = threading.Lock()

    def submit(self, key: Key) -> None:
        """Have the resource worked on; one that is at work already is looked at once more afterwards."""
        with self._lock:
            if key in self._at_work:
                self._again.add(key)
                return
            self._at_work.add(key)
        self._pool.submit(self._run, key)

    def resume(self) -> int:
        """Take up everything that was unfinished; returns how many resources."""
        found = self._store.in_statuses(self.kind, unfinished(self.kind))
        for resource in found:
            self.submit(resource.key)
        return len(found)

    def close(self) -> None:
        """Start nothing more; what runs in containers goes on without us."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, key: Key) -> None:
        try:
            self._carry_out(key)
        except MissingError:
            log.info("work.gone arn=%s", key.arn)
        except Exception as error:
            # The outermost function of this thread: a failure here is the resource's, never silence.
            log.exception("work.failed arn=%s", key.arn)
            self._fail(key, f"InternalServerError: {type(error).__name__}: {error}")
        finally:
            with self._lock:
                self._at_work.discard(key)
                is_wanted_again = key in self._again
                self._again.discard(key)
            if is_wanted_again:
                self._resubmit(key)

    def _resubmit(self, key: Key) -> None:
        # A pool that was closed meanwhile takes nothing; the rows say the rest after the next start.
        with suppress(RuntimeError):
            self.submit(key)
