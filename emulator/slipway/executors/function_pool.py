"""Which containers of functions there are, which of them are free, and which have to go."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from slipway.containers.engine import ContainerState, EngineError
from slipway.errors import FunctionThrottled
from slipway.executors.function_containers import FunctionContainers, stream_name
from slipway.executors.function_log import FunctionLog
from slipway.resources.function import LiveFunction
from slipway.resources.resource import Key
from slipway.runtime.function_session import FunctionSession

log = logging.getLogger(__name__)

# How long an invocation waits for room on this machine before it is told that there is none.
ROOM_SECONDS = 10.0
# Containers that are removed at a time.
REMOVERS = 4

# Function, stream, seconds since 1970, text.
OnFunctionLine = Callable[[LiveFunction, str, float, str], None]


@dataclass(slots=True, eq=False)
class FunctionInstance:
    """One container of a function, from the decision to have it to its end."""

    function: LiveFunction
    log: FunctionLog
    identity: str
    log_stream: str
    session: FunctionSession = field(default_factory=FunctionSession)
    made_at: float = field(default_factory=time.monotonic)
    container_id: str | None = None
    # How it ended; None while it runs, and where somebody removed it.
    final: ContainerState | None = None
    is_busy: bool = True
    has_served: bool = False
    idle_since: float = 0.0
    is_discarded: bool = False
    # What it had in use when that was asked last, and when it was (time.monotonic).
    memory_megabytes: int | None = None
    memory_at: float = 0.0

    @property
    def is_free(self) -> bool:
        """Whether it may have another invocation."""
        return not (self.is_busy or self.is_discarded)


class FunctionPool:
    """Warm containers are taken up again, the last one first; there are never more than `most`."""

    def __init__(
        self, containers: FunctionContainers, most: int, idle_seconds: float, on_line: OnFunctionLine
    ) -> None:
        self._containers = containers
        self._most = most
        self._idle_seconds = idle_seconds
        self._on_line = on_line
        self._instances: dict[str, FunctionInstance] = {}
        self._changed = threading.Condition()
        self._is_closed = False
        self._removers = ThreadPoolExecutor(REMOVERS, thread_name_prefix="function-remove")
        self._thread = threading.Thread(target=self._expire, name="function-idle", daemon=True)

    def start(self) -> None:
        """Begin to remove what is idle for too long."""
        self._thread.start()

    def close(self) -> None:
        """Remove all of them."""
        with self._changed:
            self._is_closed = True
            everything = list(self._instances.values())
            self._changed.notify_all()
        for instance in everything:
            self.discard(instance)
        self._removers.shutdown(wait=True)

    def session_of(self, identity: str) -> FunctionSession | None:
        """The session of the container that was given this host name."""
        instance = self._instances.get(identity)
        return None if instance is None else instance.session

    def acquire(self, function: LiveFunction, reserved: int | None) -> FunctionInstance:
        """A container for one invocation; without `container_id` it is still to be started.

        `reserved` is how many invocations of the function may run at a time. Raises FunctionThrottled.
        """
        deadline = time.monotonic() + ROOM_SECONDS
        with self._changed:
            while True:
                found = self._found(function, reserved)
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise FunctionThrottled(
                        f"Rate Exceeded. {self._most} containers of functions are at work, and this machine "
                        "is to have no more; SLIPWAY_MAX_FUNCTION_CONTAINERS on the emulator allows others.",
                        "ConcurrentInvocationLimitExceeded",
                    )
                self._changed.wait(left)

    def release(self, instance: FunctionInstance) -> None:
        """An invocation has ended well enough for its container to have another."""
        with self._changed:
            instance.is_busy = False
            instance.has_served = True
            instance.idle_since = time.monotonic()
            if not instance.is_discarded:
                self._changed.notify_all()
                return
        self._remove_soon(instance)

    def discard(self, instance: FunctionInstance) -> None:
        """Remove a container, whatever it does; nobody waits for it."""
        with self._changed:
            if self._instances.pop(instance.identity, None) is None:
                return
            instance.is_discarded = True
            self._changed.notify_all()
        self._remove_soon(instance)

    def retire(self, key: Key, but: str | None = None) -> None:
        """Have no container of a function, except of the revision `but`; those at work end their work."""
        with self._changed:
            old = [
                each
                for each in self._instances.values()
                if each.function.key == key and each.function.revision != but
            ]
            idle = self._taken_out(old)
        for instance in idle:
            self._remove_soon(instance)

    def functions(self) -> set[Key]:
        """The functions that have containers."""
        with self._changed:
            return {each.function.key for each in self._instances.values()}

    # -- inside, with the lock ----------------------------------------------------

    def _found(self, function: LiveFunction, reserved: int | None) -> FunctionInstance | None:
        ours = [each for each in self._instances.values() if each.function.key == function.key]
        if reserved is not None and sum(each.is_busy for each in ours) >= reserved:
            raise FunctionThrottled("Rate Exceeded.", "ReservedFunctionConcurrentInvocationLimitExceeded")
        warm = [each for each in ours if each.is_free and each.function.revision == function.revision]
        if warm:
            instance = max(warm, key=lambda each: each.idle_since)
            instance.is_busy = True
            return instance
        if len(self._instances) >= self._most:
            idle = [each for each in self._instances.values() if not each.is_busy]
            if not idle:
                return None
            for instance in self._taken_out([min(idle, key=lambda each: each.idle_since)]):
                self._remove_soon(instance)
        instance = self._new(function)
        self._instances[instance.identity] = instance
        return instance

    def _new(self, function: LiveFunction) -> FunctionInstance:
        identity = uuid.uuid4().hex
        stream = stream_name(identity)

        def on_line(moment: float, text: str) -> None:
            self._on_line(function, stream, moment, text)

        return FunctionInstance(function, FunctionLog(on_line), identity, stream)

    def _taken_out(self, instances: Iterable[FunctionInstance]) -> list[FunctionInstance]:
        """Have nobody take these up any more; those of them that are idle."""
        idle = []
        for instance in instances:
            instance.is_discarded = True
            if not instance.is_busy:
                del self._instances[instance.identity]
                idle.append(instance)
        return idle

    # -- inside, without it -------------------------------------------------------

    def _remove_soon(self, instance: FunctionInstance) -> None:
        with self._changed:
            self._instances.pop(instance.identity, None)
            self._changed.notify_all()
        # A pool that was closed has removed everything already.
        with suppress(RuntimeError):
            self._removers.submit(self._remove, instance)

    def _remove(self, instance: FunctionInstance) -> None:
        try:
            self._containers.remove(instance.function, instance.identity, instance.container_id)
        except EngineError as error:
            # The next start removes it.
            log.warning("function.not_removed arn=%s words=%s", instance.function.arn, error)
        instance.session.end()

    def _expire(self) -> None:
        while True:
            with self._changed:
                if self._is_closed:
                    return
                now = time.monotonic()
                idle = [each for each in self._instances.values() if not each.is_busy]
                expired = [each for each in idle if each.idle_since + self._idle_seconds <= now]
                if not expired:
                    first = min((each.idle_since + self._idle_seconds - now for each in idle), default=None)
                    self._changed.wait(first)
                    continue
                expired = self._taken_out(expired)
            for instance in expired:
                log.info("function.idle arn=%s", instance.function.arn)
                self._remove_soon(instance)
