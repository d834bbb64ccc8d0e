"""Lambda steps: what goes to a function, what comes of its answer, and how long it is waited for."""

import json
import threading
from collections.abc import Callable

import pytest
from slipway.errors import FunctionNotFound
from slipway.resources.document import Document
from slipway.resources.resource import Key

from tests.support.emulator_pipelines import condition, get
from tests.support.pipeline_ticks import Ticking

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"


def function(name: str = "Call", outputs: dict[str, str] | None = None, **arguments: object) -> Document:
    """A step that calls the function."""
    declared = [{"OutputName": output, "OutputType": kind} for output, kind in (outputs or {}).items()]
    return {
        "Name": name,
        "Type": "Lambda",
        "FunctionArn": ARN,
        "Arguments": arguments,
        "OutputParameters": declared,
    }


def answering(value: object) -> Callable[[bytes], Document]:
    """A function that returns a value."""
    return lambda _payload: {"StatusCode": 200, "Payload": json.dumps(value).encode()}


def begun(ticking: Ticking, *steps: Document, **members: object) -> Key:
    """An execution whose function has answered."""
    execution = ticking.start(*steps, **members)
    ticking.tick(execution)
    ticking.tick_when_woken(execution)
    return execution


def test_a_function_gets_the_arguments_and_its_answer_is_the_outputs(ticking: Ticking) -> None:
    seen: list[Document] = []

    def double(payload: bytes) -> Document:
        seen.append(json.loads(payload))
        answer = {"twice": seen[0]["number"] * 2, "text": "a", "flag": True, "unasked": {"deep": 1}}
        return {"StatusCode": 200, "Payload": json.dumps(answer).encode()}

    ticking.functions[ARN] = double
    call = function(
        outputs={"twice": "Integer", "text": "String", "flag": "Boolean"}, number=get("Parameters.Number")
    )
    use = condition("Use", get("Steps.Call.OutputParameters['twice']"), 42)
    parameters = [{"Name": "Number", "Type": "Integer", "DefaultValue": 21}]

    execution = begun(ticking, call, use, parameters=parameters)

    steps = ticking.steps(execution)
    assert seen == [{"number": 21}]
    assert steps["Call"].document["Metadata"]["Lambda"] == {
        "Arn": ARN,
        "OutputParameters": [
            {"Name": "twice", "Value": "42"},
            {"Name": "text", "Value": "a"},
            {"Name": "flag", "Value": "true"},
        ],
    }
    assert steps["Use"].document["Metadata"] == {"Condition": {"Outcome": "True"}}
    assert ticking.row(execution).status == "Succeeded"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"other": 1}, "lacks the declared output count"),
        ({"count": "many"}, "output 'count' of step 'Call' is declared Integer, and is 'many'"),
        ({"count": [1]}, "texts, numbers and booleans"),
        ("no object", "must return an object with its outputs"),
    ],
)
def test_an_answer_without_what_was_declared_fails_the_step(
    ticking: Ticking, answer: object, words: str
) -> None:
    ticking.functions[ARN] = answering(answer)

    execution = begun(ticking, function(outputs={"count": "Integer"}))

    assert ticking.row(execution).status == "Failed"
    assert words in ticking.steps(execution)["Call"].document["FailureReason"]


def test_an_exception_in_a_function_fails_the_step_in_its_words(ticking: Ticking) -> None:
    error = {"errorType": "KeyError", "errorMessage": "'x'"}
    ticking.functions[ARN] = lambda _: {
        "StatusCode": 200,
        "FunctionError": "Unhandled",
        "Payload": json.dumps(error).encode(),
    }

    execution = begun(ticking, function())

    reason = ticking.steps(execution)["Call"].document["FailureReason"]
    assert reason == f"ClientError: the function {ARN} failed: {json.dumps(error)}"


def test_a_function_that_does_not_exist_fails_the_step(ticking: Ticking) -> None:
    def missing(_payload: bytes) -> Document:
        raise FunctionNotFound("Function not found")

    ticking.functions[ARN] = missing

    execution = begun(ticking, function())

    reason = ticking.steps(execution)["Call"].document["FailureReason"]
    assert reason == "ClientError: Failed to invoke lambda:Invoke. Error Details: Function not found"


@pytest.fixture
def slow(ticking: Ticking) -> threading.Event:
    """Ends the function, once it is set."""
    end = threading.Event()

    def wait(_payload: bytes) -> Document:
        assert end.wait(30)
        return {"StatusCode": 200, "Payload": b"{}"}

    ticking.functions[ARN] = wait
    return end


def test_a_stop_waits_for_a_function(ticking: Ticking, slow: threading.Event) -> None:
    execution = ticking.start(function())
    ticking.tick(execution)

    ticking.client.stop_pipeline_execution(PipelineExecutionArn=execution.arn)
    meanwhile = ticking.tick(execution)
    slow.set()

    # API reference, StopPipelineExecution.
    assert meanwhile == "Stopping"
    assert ticking.tick_when_woken(execution) == "Stopped"
    assert ticking.statuses(execution) == {"Call": "Succeeded"}


def test_a_function_is_waited_for_ten_minutes_and_makes_a_stop_a_failure(
    ticking: Ticking, slow: threading.Event
) -> None:
    execution = ticking.start(function())
    ticking.tick(execution)
    ticking.client.stop_pipeline_execution(PipelineExecutionArn=execution.arn)

    ticking.real_clock.move(599)
    nearly = ticking.tick(execution)
    asked = ticking.timer.asked[-1]
    ticking.real_clock.move(1)

    assert (nearly, asked) == ("Stopping", (1, execution))
    assert ticking.tick(execution) == "Failed"
    assert "600 seconds" in ticking.steps(execution)["Call"].document["FailureReason"]
    slow.set()


def test_a_function_whose_answer_a_dead_process_waited_for_is_called_again(ticking: Ticking) -> None:
    ticking.functions[ARN] = answering({})
    execution = ticking.start(function())
    ticking.tick(execution)

    ticking.restart()
    ticking.tick(execution)
    ticking.tick_when_woken(execution)

    assert ticking.tick(execution) == "Succeeded"
    assert ticking.calls.count("Invoke") == 2
