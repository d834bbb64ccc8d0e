"""Lambda's own lines in a function's log."""

import math
import threading
import time

from slipway.executors.function_pool import FunctionInstance
from slipway.resources.function import LATEST
from slipway.resources.function_invocation import FunctionInvocation


class Report:
    """Lambda's own lines about one invocation: START, END, REPORT."""

    def __init__(self, instance: FunctionInstance, invocation: FunctionInvocation) -> None:
        self._instance = instance
        self._invocation = invocation
        self._is_first = not instance.has_served
        self._begun_at: float | None = None
        self._init_seconds = 0.0
        self.ended_at = 0.0

    def begin(self, moment: float) -> None:
        """The runtime is handed the invocation now."""
        self._begun_at = moment
        self._init_seconds = time.monotonic() - self._instance.made_at
        start = f"START RequestId: {self._invocation.request_id} Version: {LATEST}"
        self._instance.log.mark(moment, lambda: [start], is_begin=True)

    def end(self, told: tuple[str, ...]) -> threading.Event:
        """The invocation has ended; `told` are lines before the end's own. The event: all is written."""
        if self._begun_at is None:
            # It never began; Lambda tells both all the same.
            self.begin(time.time())
        self.ended_at = now = time.time()
        return self._instance.log.mark(now, lambda: [*told, *self._end_lines(now)])

    def _end_lines(self, now: float) -> list[str]:
        request_id = self._invocation.request_id
        milliseconds = 1000 * (now - (self._begun_at or now))
        parts = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {milliseconds:.2f} ms",
            f"Billed Duration: {math.ceil(milliseconds)} ms",
            f"Memory Size: {self._instance.function.memory_megabytes} MB",
        ]
        if self._instance.memory_megabytes is not None:
            parts.append(f"Max Memory Used: {self._instance.memory_megabytes} MB")
        if self._is_first:
            parts.append(f"Init Duration: {1000 * self._init_seconds:.2f} ms")
        return [f"END RequestId: {request_id}", "\t".join(parts) + "\t"]
