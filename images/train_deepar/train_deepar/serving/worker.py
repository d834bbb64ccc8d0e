"""One serving process: an event loop on a listening socket until SIGTERM, then until all is answered."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import uvicorn
from smcontract.supervisor import BACKLOG, STOP_SIGNALS

from train_deepar.serving.answers import Answers
from train_deepar.serving.application import Application
from train_deepar.serving.meters import WorkerMeters
from train_deepar.serving.settings import Limits


class Server(uvicorn.Server):
    """uvicorn's, without its handlers: they raise a signal again at the end, which then kills the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs the server."""
        yield


def work(listener: socket.socket, answers: Answers, meters: WorkerMeters, limits: Limits) -> None:
    """Answer on `listener` until a stop signal."""
    asyncio.run(_work(listener, answers, meters, limits))


async def _work(listener: socket.socket, answers: Answers, meters: WorkerMeters, limits: Limits) -> None:
    # One forecast at a time: the model runs on one core, and this process is that core's.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="forecast") as thread:
        config = uvicorn.Config(
            Application(answers, meters, limits, thread),
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            http="h11",
            ws="none",
            backlog=BACKLOG,
            timeout_keep_alive=limits.idle_seconds,
            timeout_graceful_shutdown=limits.drain_seconds,
        )
        server = Server(config)

        def stop() -> None:
            server.should_exit = True

        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, stop)
        # Blocked since before the process was forked, so that none was lost.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        await server.serve([listener])
