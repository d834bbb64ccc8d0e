"""One invocation of a function, in a container that is there or is made for it, to its answer."""

import logging
import math
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import UTC, datetime
from typing import Any

from slipway.containers.engine import ContainerState, Engine, EngineError, EntrypointError
from slipway.errors import FunctionError
from slipway.executors.function_containers import FunctionContainers
from slipway.executors.function_log import Clerk
from slipway.executors.function_pool import FunctionInstance, FunctionPool
from slipway.executors.watch import Follower
from slipway.resources.function import LATEST, LiveFunction
from slipway.resources.function_invocation import (
    Ending,
    FunctionAnswer,
    FunctionInvocation,
    RuntimeAnswer,
    error_body,
)
from slipway.runtime.function_session import Turn

log = logging.getLogger(__name__)

# Developer guide, "Lambda execution environment lifecycle": initialising may take ten seconds, and
# what takes longer is begun again within the function's own time.
INIT_SECONDS = 10.0
# Lambda's quota of 6 MB, as its own texts write it.
LARGEST_ANSWER = 6_291_556
# How long an invocation waits for its own lines where the caller wants them.
TAIL_SECONDS = 2.0
# An exit code beyond it is a signal's number.
SIGNALLED = 128
# Go's names of signals, which Lambda's texts have.
SIGNALS = {
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGABRT: "aborted",
    signal.SIGTERM: "terminated",
    signal.SIGBUS: "bus error",
    signal.SIGILL: "illegal instruction",
    signal.SIGFPE: "floating point exception",
}
SIZE_ERROR = error_body(
    "Function.ResponseSizeTooLarge",
    f"Response payload size exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes).",
)


class FunctionInvoker:
    """Carries out invocations, each in the thread that asks for it."""

    def __init__(
        self, pool: FunctionPool, containers: FunctionContainers, engine: Engine, clerk: Clerk
    ) -> None:
        self._pool = pool
        self._containers = containers
        self._engine = engine
        self._clerk = clerk

    def invoke(
        self,
        function: LiveFunction,
        invocation: FunctionInvocation,
        reserved: int | None = None,
        with_log: bool = False,
    ) -> FunctionAnswer:
        """What the function answers, or Lambda in its place.

        Raises FunctionThrottled, and FunctionError where this machine fails it.
        """
        while True:
            instance = self._pool.acquire(function, reserved)
            answer = self._attempt(instance, invocation, with_log)
            if answer is not None:
                return answer

    def _attempt(
        self, instance: FunctionInstance, invocation: FunctionInvocation, with_log: bool
    ) -> FunctionAnswer | None:
        """An invocation in one container; None where that ended without having seen it."""
        report = _Report(instance, invocation, self._containers)
        turn = instance.session.begin(invocation, report.begin)
        try:
            self._started(instance)
            answer = self._awaited(turn, invocation)
        except EntrypointError as error:
            report.begin_if_not_begun()
            answer = RuntimeAnswer(Ending.ERROR, entrypoint_error(invocation.request_id, str(error)))
            self._pool.discard(instance)
        except EngineError as error:
            self._pool.discard(instance)
            raise FunctionError(f"The function's container cannot be run: {error}") from error
        except BaseException:
            self._pool.discard(instance)
            raise
        if answer is not None and answer.ending is Ending.NOT_BEGUN:
            self._pool.discard(instance)
            return None
        said = self._concluded(answer, instance, invocation)
        report.begin_if_not_begun()
        written = report.end(said.told)
        self._clerk.settle_later(instance.log, report.ended_at)
        if with_log:
            written.wait(TAIL_SECONDS)
        return FunctionAnswer(said.body, said.is_error, instance.log.tail() if with_log else b"")

    def _started(self, instance: FunctionInstance) -> None:
        if instance.container_id is not None:
            return
        instance.container_id = self._containers.start(instance.function, instance.identity)
        self._follow(instance, instance.container_id)

    def _follow(self, instance: FunctionInstance, container_id: str) -> None:
        """Have its lines written, and its end noticed."""

        def on_line(_host: str, moment: float, text: str) -> None:
            instance.log.line(moment, text)

        bell = threading.Event()
        follower = Follower(self._engine, instance.identity, container_id, on_line, bell)

        def notice() -> None:
            bell.wait()
            instance.final = follower.final
            instance.session.end()
            instance.log.finish()
            self._pool.discard(instance)

        threading.Thread(target=notice, name="function-end", daemon=True).start()

    @staticmethod
    def _awaited(turn: Turn, invocation: FunctionInvocation) -> RuntimeAnswer | None:
        """What became of an invocation; None where its time is over."""
        either: list[Future[Any]] = [turn.begun, turn.answer]
        wait(either, INIT_SECONDS + invocation.timeout_seconds, return_when=FIRST_COMPLETED)
        if not turn.begun.done() and not turn.answer.done():
            return None
        left = invocation.timeout_seconds
        if turn.begun.done():
            left -= time.monotonic() - turn.begun.result()
        wait([turn.answer], max(left, 0.0))
        return turn.answer.result() if turn.answer.done() else None

    def _concluded(
        self, answer: RuntimeAnswer | None, instance: FunctionInstance, invocation: FunctionInvocation
    ) -> "_Said":
        """What the caller is told, and what becomes of the container."""
        if answer is None:
            self._pool.discard(instance)
            return timed_out(invocation)
        if answer.ending in (Ending.RESULT, Ending.ERROR) and instance.container_id is not None:
            self._pool.release(instance)
        else:
            self._pool.discard(instance)
        if answer.ending is Ending.EXIT:
            return exited(invocation.request_id, instance.final)
        if answer.ending is Ending.TOO_LARGE:
            return _Said(SIZE_ERROR, is_error=True)
        return _Said(answer.body, is_error=answer.ending is not Ending.RESULT)


class _Said:
    """What Invoke answers, and what the log tells of it beside."""

    def __init__(self, body: bytes, is_error: bool, told: tuple[str, ...] = ()) -> None:
        self.body = body
        self.is_error = is_error
        self.told = told


class _Report:
    """Lambda's own lines about one invocation: START, END, REPORT."""

    def __init__(
        self, instance: FunctionInstance, invocation: FunctionInvocation, containers: FunctionContainers
    ) -> None:
        self._instance = instance
        self._invocation = invocation
        self._containers = containers
        self._is_first = not instance.has_served
        self._begun_at: float | None = None
        self._init_seconds = 0.0
        self.ended_at = 0.0

    def begin(self, moment: float) -> None:
        """The runtime is handed the invocation now."""
        self._begun_at = moment
        self._init_seconds = time.monotonic() - self._instance.made_at
        start = f"START RequestId: {self._invocation.request_id} Version: {LATEST}"
        self._instance.log.mark(moment, lambda: [start])

    def begin_if_not_begun(self) -> None:
        """It never was."""
        if self._begun_at is None:
            self.begin(time.time())

    def end(self, told: tuple[str, ...]) -> threading.Event:
        """The invocation has ended; `told` are lines before the end's own. The event: all is written."""
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
        used = self._memory()
        if used is not None:
            parts.append(f"Max Memory Used: {used} MB")
        if self._is_first:
            parts.append(f"Init Duration: {1000 * self._init_seconds:.2f} ms")
        return [f"END RequestId: {request_id}", "\t".join(parts) + "\t"]

    def _memory(self) -> int | None:
        container_id = self._instance.container_id
        if container_id is None or self._instance.is_discarded:
            return None
        try:
            return self._containers.memory_megabytes(container_id)
        except EngineError:
            return None


def timed_out(invocation: FunctionInvocation) -> _Said:
    """What is told of an invocation that took too long (recorded from python3.12's, November 2025)."""
    text = f"Task timed out after {invocation.timeout_seconds:.2f} seconds"
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3]
    body = error_body("Sandbox.Timedout", f"RequestId: {invocation.request_id} Error: {text}")
    return _Said(body, is_error=True, told=(f"{moment}Z {invocation.request_id} {text}",))


def exited(request_id: str, final: ContainerState | None) -> _Said:
    """What is told of a runtime that ended instead of answering."""
    message = f"RequestId: {request_id} Error: {exit_text(final)}"
    body = error_body("Runtime.ExitError", message)
    return _Said(body, is_error=True, told=(message, "Runtime.ExitError"))


def exit_text(final: ContainerState | None) -> str:
    """How a program ended, in Lambda's words; one that was removed was killed."""
    code = SIGNALLED + signal.SIGKILL if final is None or final.is_out_of_memory else final.exit_code
    if not code:
        return "Runtime exited without providing a reason"
    name = SIGNALS.get(signal.Signals(code - SIGNALLED)) if is_signal(code) else None
    return f"Runtime exited with error: {f'signal: {name}' if name else f'exit status {code}'}"


def is_signal(code: int) -> bool:
    """Whether an exit code says that a signal ended the program."""
    return code - SIGNALLED in {each.value for each in signal.Signals}


def entrypoint_error(request_id: str, words: str) -> bytes:
    """What is told of an image that has no such program; `words` are the engine's."""
    return error_body("Runtime.InvalidEntrypoint", f"RequestId: {request_id} Error: {words}")
