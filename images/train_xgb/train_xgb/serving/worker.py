"""One serving process: an event loop on a listening socket until SIGTERM, then until all is answered."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import uvloop
from smcontract.supervisor import BACKLOG, STOP_SIGNALS

from train_xgb.serving.answers import Answers
from train_xgb.serving.connection import Connection, Shared
from train_xgb.serving.meters import WorkerMeters
from train_xgb.serving.settings import Limits

log = logging.getLogger(__name__)


def work(
    listener: socket.socket,
    answers: Answers,
    meters: WorkerMeters,
    limits: Limits,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Answer on `listener` until a stop signal; `ready` is called once connections are taken."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(listener, answers, meters, limits, ready))


async def _work(
    listener: socket.socket,
    answers: Answers,
    meters: WorkerMeters,
    limits: Limits,
    ready: Callable[[], None],
) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopping.set)
    # Blocked since before the process was forked, so that none was lost.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="long") as thread:
        shared = Shared(answers, meters, limits, loop, thread)
        shared.tick()
        # The event loop listens once more, and would shorten the queue.
        server = await loop.create_server(partial(Connection, shared), sock=listener, backlog=BACKLOG)
        ready()
        while not stopping.is_set():
            try:
                await asyncio.wait_for(stopping.wait(), timeout=1)
            except TimeoutError:
                shared.tick()
        await _drain(listener, server, shared)


async def _drain(listener: socket.socket, server: asyncio.Server, shared: Shared) -> None:
    """Take no more callers, answer those who are there, and part with who takes too long."""
    loop = shared.loop
    shared.is_draining = True
    while (waiting := _accepted(listener)) is not None:
        await loop.connect_accepted_socket(partial(Connection, shared), waiting)
    server.close()
    deadline = loop.time() + shared.limits.drain_seconds
    # Some turns of the loop for what has come and is not read.
    for _ in range(3):
        await asyncio.sleep(0)
    for connection in tuple(shared.connections):
        connection.drain()
    while shared.connections and loop.time() < deadline:
        await asyncio.sleep(0.02)
        shared.tick()
    if shared.connections:
        log.warning("drain.aborted connections=%d", len(shared.connections))
    for connection in tuple(shared.connections):
        connection.abort()


def _accepted(listener: socket.socket) -> socket.socket | None:
    """A caller whom the kernel has let in and nobody has greeted; None where there is none."""
    try:
        connection, _ = listener.accept()
    except OSError:
        return None
    connection.setblocking(False)
    return connection
