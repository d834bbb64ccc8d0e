"""Running other programs, and failing in words that a person can use."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".state"
LOGS = ROOT / "build" / "logs"


class SetupError(Exception):
    """Why a verb cannot go on; the message ends with the way out."""


def capture(command: Sequence[str], timeout_seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run `command` and return what it said; a missing program counts as exit code 127."""
    try:
        return subprocess.run(
            command, check=False, capture_output=True, text=True, errors="replace", timeout=timeout_seconds
        )
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, 127, stdout="", stderr=str(error))
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(
            command, 124, stdout="", stderr=f"no answer within {timeout_seconds:.0f} s"
        )


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
        except FileNotFoundError as error:
            log.write(f"{error}\n".encode())
            return 127


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
