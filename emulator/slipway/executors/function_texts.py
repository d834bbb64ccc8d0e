"""What Lambda answers of a function that did not answer itself."""

import signal
from datetime import UTC, datetime

from slipway.containers.engine import ContainerState
from slipway.resources.function_invocation import FunctionInvocation, error_body

# Lambda's quota of 6 MB, as its own texts write it.
LARGEST_ANSWER = 6_291_556
# What the container's init ends with where it cannot execute the program.
NOT_EXECUTED = (126, 127)
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


class Said:
    """What Invoke answers, and what the log tells of it beside."""

    def __init__(self, body: bytes, is_error: bool, told: tuple[str, ...] = ()) -> None:
        self.body = body
        self.is_error = is_error
        self.told = told


def timed_out(invocation: FunctionInvocation) -> Said:
    """What is told of an invocation that took too long (recorded from python3.12's, November 2025)."""
    text = f"Task timed out after {invocation.timeout_seconds:.2f} seconds"
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3]
    body = error_body("Sandbox.Timedout", f"RequestId: {invocation.request_id} Error: {text}")
    return Said(body, is_error=True, told=(f"{moment}Z {invocation.request_id} {text}",))


def exited(request_id: str, final: ContainerState | None) -> Said:
    """What is told of a runtime that ended instead of answering."""
    message = f"RequestId: {request_id} Error: {exit_text(final)}"
    body = error_body("Runtime.ExitError", message)
    return Said(body, is_error=True, told=(message, "Runtime.ExitError"))


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
