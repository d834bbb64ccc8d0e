"""Which executions wait for which jobs."""

from collections.abc import Callable

from slipway.resources.lifecycle import TERMINAL_JOB
from slipway.resources.resource import Key, Kind, Resource


class JobWatch:
    """Wakes an execution when a job that it waits for has ended.

    Nothing here survives the process: whoever still waits says so again.
    """

    def __init__(self, wake: Callable[[Key], None]) -> None:
        self._wake = wake
        self._executions: dict[Key, Key] = {}

    def add(self, job: Key, execution: Key) -> None:
        """From now on `execution` waits for `job`, which need not exist yet."""
        self._executions[job] = execution

    def discard(self, job: Key) -> None:
        """Nobody waits for `job` any more."""
        self._executions.pop(job, None)

    def clear(self) -> None:
        """Nobody waits for anything."""
        self._executions.clear()

    def on_change(self, resource: Resource) -> None:
        """A resource has changed."""
        if resource.key.kind in (Kind.PROCESSING_JOB, Kind.TRAINING_JOB) and resource.status in TERMINAL_JOB:
            execution = self._executions.get(resource.key)
            if execution is not None:
                self._wake(execution)
