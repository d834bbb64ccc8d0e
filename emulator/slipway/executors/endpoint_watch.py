"""Containers of endpoints that end while they should serve are started again, sooner or later."""

import logging
import threading
import time
from collections.abc import Callable

from slipway.containers.engine import Engine, EngineError
from slipway.resources.resource import Key, Kind
from slipway.store.store import Store

log = logging.getLogger(__name__)

# In these somebody must look after the containers that serve.
SERVING = frozenset({"InService", "UpdateRollbackFailed"})
# What ends while somebody is at work is looked at once they are done: they may go back to it.
CHANGING = frozenset({"Updating", "SystemUpdating", "RollingBack"})
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
RECONNECT_SECONDS = 1.0


class EndpointWatch:
    """Has an endpoint looked at when one of its containers ends, and later again where that did not help."""

    def __init__(self, engine: Engine, store: Store, submit: Callable[[Key], None]) -> None:
        self._engine = engine
        self._store = store
        self._submit = submit
        self._delays: dict[Key, float] = {}
        self._due: dict[Key, float] = {}
        self._changed = threading.Condition()
        self._is_closed = False

    def start(self) -> None:
        """Look at every endpoint that serves, and begin to listen."""
        self.look_at_all()
        for run in (self._listen, self._remind):
            threading.Thread(target=run, name="endpoint-watch", daemon=True).start()

    def close(self) -> None:
        """Stop."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def look_at_all(self) -> None:
        """Have every endpoint that serves looked at."""
        for endpoint in self._store.in_statuses(Kind.ENDPOINT, SERVING):
            self._submit(endpoint.key)

    def again(self, key: Key) -> None:
        """Have an endpoint looked at later, each time in a row after twice as long."""
        with self._changed:
            delay = self._delays.get(key, FIRST_DELAY_SECONDS)
            self._delays[key] = min(delay * 2, LONGEST_DELAY_SECONDS)
            self._due[key] = time.monotonic() + delay
            self._changed.notify_all()

    def settled(self, key: Key) -> None:
        """Forget that an endpoint was in trouble."""
        with self._changed:
            self._delays.pop(key, None)
            self._due.pop(key, None)

    def _listen(self) -> None:
        while not self._is_closed:
            try:
                for resource_arn in self._engine.endings():
                    self._look_at(resource_arn)
            except EngineError as error:
                log.warning("endpoint_watch.disconnected error=%s", error)
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed, RECONNECT_SECONDS)
            # Nobody said what ended meanwhile.
            self.look_at_all()

    def _look_at(self, resource_arn: str) -> None:
        if f":{Kind.ENDPOINT.value}/" not in resource_arn:
            return
        for endpoint in self._store.in_statuses(Kind.ENDPOINT, SERVING | CHANGING):
            # An endpoint that was looked at and is in trouble has its turn later.
            if endpoint.arn == resource_arn and endpoint.key not in self._due:
                self._submit(endpoint.key)

    def _remind(self) -> None:
        while not self._is_closed:
            with self._changed:
                soonest = min(self._due.values(), default=None)
                wait = None if soonest is None else max(soonest - time.monotonic(), 0)
                self._changed.wait(wait)
                due = [key for key, moment in self._due.items() if moment <= time.monotonic()]
                for key in due:
                    del self._due[key]
            for key in due:
                self._submit(key)
