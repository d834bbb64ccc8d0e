"""Running other programs, and failing in words that a person can use."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".state"
LOGS = ROOT / "build" / "logs"

CANNOT_START = 127
TIMED_OUT = 124


class SetupError(Exception):
    """Why a verb cannot go on; the message ends with the way out."""


def capture(command: Sequence[str], timeout_seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run `command` and return what it said.

    As in a shell, exit code 127 is a program that cannot be started, and 124
    one that gave no answer in time.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, CANNOT_START, stdout="", stderr=str(error))
    with process:
        try:
            stdout, stderr = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            _kill_session(process)
            return subprocess.CompletedProcess(
                command, TIMED_OUT, stdout="", stderr=f"no answer within {timeout_seconds:g} s"
            )
        except BaseException:
            _kill_session(process)
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _kill_session(process: subprocess.Popen[str]) -> None:
    """Kill `process` and what it started: docker's plugins are its children, and would go on."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def logged(command: Sequence[str], log_file: Path, env: dict[str, str] | None = None) -> int:
    """Run `command` with all it prints appended to `log_file`; return its exit code."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        log.write(("$ " + " ".join(command) + "\n").encode())
        log.flush()
        try:
            return subprocess.run(
                command, check=False, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env
            ).returncode
        except OSError as error:
            log.write(f"{error}\n".encode())
            return CANNOT_START


def tail(log_file: Path, lines: int = 15) -> str:
    """The last lines of a log, indented for quoting."""
    if not log_file.exists():
        return ""
    text = log_file.read_text(encoding="utf-8", errors="replace")
    return "\n".join("    " + line for line in text.splitlines()[-lines:])


def relative(path: Path) -> str:
    """`path` as a person in the project's folder would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def say(text: str) -> None:
    """One line for the person who waits."""
    print(text, flush=True)


def timed_step(label: str, step: Callable[[], str]) -> str:
    """Do `step` and print one line with its label, its outcome and its time."""
    started = time.perf_counter()
    if sys.stdout.isatty():
        print(f"  {label:<12} …", end="\r", flush=True)
    outcome = step()
    seconds = time.perf_counter() - started
    duration = f"  {seconds:.0f} s" if seconds >= 1 else ""
    say(f"  {label:<12} {outcome}{duration}")
    return outcome


def wait_until(condition: Callable[[], bool], timeout_seconds: float, interval_seconds: float = 0.2) -> bool:
    """Whether `condition` came true before the deadline."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(interval_seconds)
    return condition()


def run_main(main: Callable[[], int]) -> None:
    """Exit with what `main` returns; a SetupError becomes one readable paragraph."""
    try:
        code = main()
    except SetupError as error:
        print(f"\nslipway: {error}", file=sys.stderr, flush=True)
        code = 1
    except KeyboardInterrupt:
        print("\nslipway: interrupted", file=sys.stderr, flush=True)
        code = 130
    sys.exit(code)
