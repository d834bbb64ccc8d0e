"""One invocation of a function, in a container that is there or is made for it, to its answer."""

import logging
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from slipway.containers.engine import Engine, EngineError, EntrypointError
from slipway.errors import FunctionError
from slipway.executors.function_containers import FunctionContainers
from slipway.executors.function_log import Clerk
from slipway.executors.function_pool import FunctionInstance, FunctionPool
from slipway.executors.function_report import Report
from slipway.executors.function_texts import (
    NOT_EXECUTED,
    SIZE_ERROR,
    Said,
    entrypoint_error,
    exited,
    timed_out,
)
from slipway.executors.watch import Follower
from slipway.resources.function import LiveFunction
from slipway.resources.function_invocation import (
    Ending,
    FunctionAnswer,
    FunctionInvocation,
    RuntimeAnswer,
)
from slipway.runtime.function_session import Turn

log = logging.getLogger(__name__)

# Developer guide, "Lambda execution environment lifecycle": initialising may take ten seconds, and
# what takes longer is begun again within the function's own time. A machine with other work takes
# longer to start a container than the cloud does, which is not the function's fault.
INIT_SECONDS = 30.0
# How long an invocation waits for its own lines where the caller wants them.
TAIL_SECONDS = 2.0
# How old the figure in REPORT may be: asking for it costs the engine more than a quick invocation.
MEASURE_SECONDS = 1.0


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
        report = Report(instance, invocation)

        def begun(moment: float) -> None:
            report.begin(moment)
            self._clerk.settle_later(instance.log, moment)

        turn = instance.session.begin(invocation, begun)
        try:
            answer = self._run(turn, instance)
        except BaseException:
            self._pool.discard(instance)
            raise
        if answer is not None and answer.ending is Ending.NOT_BEGUN:
            self._pool.discard(instance)
            return None
        if not instance.has_served:
            # While there is something to measure, and the start has cost far more.
            self._measure(instance)
        said = self._concluded(answer, instance, invocation)
        written = report.end(said.told)
        self._clerk.settle_later(instance.log, report.ended_at, lambda: self._measure(instance))
        if with_log:
            written.wait(TAIL_SECONDS)
        return FunctionAnswer(said.body, said.is_error, instance.log.tail() if with_log else b"")

    def _run(self, turn: Turn, instance: FunctionInstance) -> RuntimeAnswer | None:
        """What became of an invocation; None where its time is over. Raises FunctionError."""
        try:
            self._started(instance)
        except EntrypointError as error:
            words = entrypoint_error(turn.invocation.request_id, str(error))
            return RuntimeAnswer(Ending.ERROR, words)
        except EngineError as error:
            raise FunctionError(f"The function's container cannot be run: {error}") from error
        return self._awaited(turn)

    def _started(self, instance: FunctionInstance) -> None:
        if instance.container_id is not None:
            return
        instance.container_id = self._containers.start(
            instance.function, instance.identity, instance.log_stream
        )
        self._follow(instance, instance.container_id)

    def _measure(self, instance: FunctionInstance) -> None:
        """Know what a container has in use, as of now or of a moment ago."""
        now = time.monotonic()
        is_there = instance.container_id is not None and not instance.is_discarded
        if not is_there or now < instance.memory_at + MEASURE_SECONDS:
            return
        instance.memory_at = now
        try:
            instance.memory_megabytes = self._containers.memory_megabytes(str(instance.container_id))
        except EngineError:
            log.info("function.not_measured container=%s", instance.container_id)

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
    def _awaited(turn: Turn) -> RuntimeAnswer | None:
        """What became of an invocation that a container has, or will have once it asks."""
        limit = turn.invocation.timeout_seconds
        either: list[Future[Any]] = [turn.begun, turn.answer]
        wait(either, INIT_SECONDS + limit, return_when=FIRST_COMPLETED)
        if not turn.begun.done() and not turn.answer.done():
            return None
        if turn.begun.done():
            limit -= time.monotonic() - turn.begun.result()
        wait([turn.answer], max(limit, 0.0))
        return turn.answer.result() if turn.answer.done() else None

    def _concluded(
        self, answer: RuntimeAnswer | None, instance: FunctionInstance, invocation: FunctionInvocation
    ) -> Said:
        """What the caller is told, and what becomes of the container."""
        if answer is None:
            self._pool.discard(instance)
            return timed_out(invocation)
        if answer.ending in (Ending.RESULT, Ending.ERROR) and instance.container_id is not None:
            self._pool.release(instance)
        else:
            self._pool.discard(instance)
        if answer.ending is Ending.EXIT:
            final = instance.final
            if instance.session.ready_at is None and final is not None and final.exit_code in NOT_EXECUTED:
                words = f"exec of the entry point: exit status {final.exit_code}"
                return Said(entrypoint_error(invocation.request_id, words), is_error=True)
            return exited(invocation.request_id, final)
        if answer.ending is Ending.TOO_LARGE:
            return Said(SIZE_ERROR, is_error=True)
        return Said(answer.body, is_error=answer.ending is not Ending.RESULT)
