"""One process for each core, forked with the model loaded, and another for each that dies."""

import gc
import logging
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable

log = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
BACKLOG = 2048
# With that many deaths the fault is not the worker's, and whoever runs the
# container should know.
MOST_DEATHS = 5


def listeners(port: int, count: int) -> list[socket.socket]:
    """`count` sockets on `port`, among which the kernel spreads the callers.

    A socket outlives the worker that accepts on it, so the callers who wait at
    one whose worker died are its successor's. Raises OSError for a port that is taken.
    """
    made: list[socket.socket] = []
    for _ in range(count):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("0.0.0.0", port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
        made.append(listener)
    return made


class Supervisor:
    """Keeps a worker on each socket until a stop signal; it never answers itself."""

    def __init__(self, sockets: list[socket.socket], work: Callable[[int, socket.socket], None]) -> None:
        """`work` is called in each new process with its number and its socket."""
        self._sockets = sockets
        self._work = work
        self._workers: dict[int, int] = {}
        self._deaths = 0
        self._is_stopping = False

    def run(self) -> int:
        """The exit code, once every worker has ended."""
        watched = (*STOP_SIGNALS, signal.SIGCHLD)
        # Blocked signals wait to be fetched: none is lost, at no point of time. The command has
        # blocked them before there was a thread that could take them.
        signal.pthread_sigmask(signal.SIG_BLOCK, watched)
        # What is there now is shared by all; a collection would write to each page.
        gc.collect()
        gc.freeze()
        for number in range(len(self._sockets)):
            self._start(number)
        while self._workers:
            received = signal.sigwait(watched)
            if received in STOP_SIGNALS:
                self._stop()
            else:
                self._reap()
        return 1 if self._deaths >= MOST_DEATHS else 0

    def _start(self, number: int) -> None:
        process = os.fork()
        if process:
            self._workers[process] = number
            return
        code = 1
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGCHLD,))
            for other, listener in enumerate(self._sockets):
                if other != number:
                    listener.close()
            self._work(number, self._sockets[number])
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            # Nothing of the supervisor's own is undone in a copy of it.
            os._exit(code)

    def _stop(self) -> None:
        if self._is_stopping:
            return
        self._is_stopping = True
        # The workers hold theirs; the last to close one turns new callers away.
        for listener in self._sockets:
            listener.close()
        for process in self._workers:
            os.kill(process, signal.SIGTERM)

    def _reap(self) -> None:
        # One SIGCHLD may stand for several children.
        while self._workers:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            number = self._workers.pop(process, None)
            if number is None or self._is_stopping:
                continue
            self._deaths += 1
            log.error("worker.died number=%d status=%d", number, os.waitstatus_to_exitcode(status))
            if self._deaths < MOST_DEATHS:
                self._start(number)
            else:
                print(f"Serving failed: {self._deaths} workers have died.", file=sys.stderr, flush=True)
                self._stop()
