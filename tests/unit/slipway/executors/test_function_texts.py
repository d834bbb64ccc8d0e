"""How a runtime ended, in Lambda's words (Go's names of signals; Runtime.ExitError in recorded answers)."""

import json

import pytest
from slipway.containers.engine import ContainerState
from slipway.executors.function_texts import exited


def ended(exit_code: int, is_out_of_memory: bool = False) -> ContainerState:
    return ContainerState("id", "host", False, exit_code, is_out_of_memory, "", "", None, "")


@pytest.mark.parametrize(
    ("final", "words"),
    [
        (ended(0), "Runtime exited without providing a reason"),
        (ended(1), "Runtime exited with error: exit status 1"),
        (ended(137), "Runtime exited with error: signal: killed"),
        (ended(139), "Runtime exited with error: signal: segmentation fault"),
        (ended(134), "Runtime exited with error: signal: aborted"),
        (ended(255), "Runtime exited with error: exit status 255"),
        (ended(1, is_out_of_memory=True), "Runtime exited with error: signal: killed"),
        (None, "Runtime exited with error: signal: killed"),
    ],
)
def test_the_end_of_a_runtime_is_told(final: ContainerState | None, words: str) -> None:
    said = exited("id-1", final)

    expected = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: id-1 Error: {words}"}
    assert (said.is_error, json.loads(said.body)) == (True, expected)
    assert said.told == (f"RequestId: id-1 Error: {words}", "Runtime.ExitError")
