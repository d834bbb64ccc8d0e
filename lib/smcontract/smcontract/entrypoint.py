"""The outermost function of a job's container: signals, failures, exit code."""

import errno
import logging
import signal
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Literal

from smcontract.failure import ContractError, write_reason
from smcontract.root import ContainerRoot

log = logging.getLogger(__name__)

JobKind = Literal["training", "processing"]


class StopSignal:
    """Whether somebody asked this job to stop.

    SageMaker sends SIGTERM and waits 120 s; one page of the guide says SIGINT
    for processing, so both count.
    """

    def __init__(self) -> None:
        self.name: str | None = None

    @property
    def requested(self) -> bool:
        """True from the first signal on."""
        return self.name is not None

    def install(self) -> None:
        """Listen for SIGTERM and SIGINT from now on."""
        signal.signal(signal.SIGTERM, self._received)
        signal.signal(signal.SIGINT, self._received)

    def _received(self, number: int, _frame: FrameType | None) -> None:
        self.name = signal.Signals(number).name


def run_job(job: Callable[[StopSignal], None], root: ContainerRoot, kind: JobKind) -> int:
    """Run `job` and return the exit code its container must end with.

    A failure leaves its reason in output/failure (training) or output/message
    (processing) and on stderr; what the caller can mend is told without a
    traceback. Success leaves both files alone.
    """
    stop = StopSignal()
    stop.install()
    started = time.perf_counter()
    reason: str | None = None
    try:
        job(stop)
    except ContractError as error:
        reason = str(error)
    except SystemExit as exit_:
        # argparse has said on stderr what is wrong with the arguments.
        if exit_.code not in (None, 0):
            reason = f"The job ended itself with exit code {exit_.code}; its last log lines say why."
    except Exception as error:
        traceback.print_exc()
        reason = _reason(error)
    seconds = time.perf_counter() - started
    if reason is None:
        log.info("job.finished kind=%s seconds=%.3f", kind, seconds)
        return 0
    log.info("job.failed kind=%s seconds=%.3f", kind, seconds)
    write_reason(root.failure_file if kind == "training" else root.message_file, reason)
    # Last of all, so that whoever sees only the tail of the log sees the reason.
    print(f"{kind.capitalize()} failed: {reason}", file=sys.stderr, flush=True)
    return 1


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = f" while writing {error.filename}" if error.filename else ""
        return f"No space left on device{where}; give the job a larger volume (VolumeSizeInGB)."
    if isinstance(error, MemoryError):
        return "Out of memory; choose an instance type with more memory, or send less data."
    return f"{type(error).__name__}: {error}"
