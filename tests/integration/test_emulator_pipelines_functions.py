"""Lambda steps that really call functions."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.emulator import Emulator
from tests.support.emulator_jobs import ROLE, Jobs
from tests.support.emulator_pipelines import Document, Pipelines, condition, get
from tests.support.function_callers import archive
from tests.support.localstack_calls import fresh

PROGRAM = """
def handler(event, context):
    return {"twice": 2 * event["number"], "name": "n" + str(event["number"])}
"""


@pytest.fixture(scope="module")
def pipelines(emulator: Emulator, preprocess_image: str) -> Pipelines:
    """Pipelines of the session's own emulator."""
    return Pipelines(Jobs(emulator, preprocess_image))


@pytest.fixture(scope="module")
def function(emulator: Emulator) -> Iterator[str]:
    """The ARN of a function that doubles a number."""
    functions: Any = emulator.client("lambda")
    made = functions.create_function(
        FunctionName=fresh("double"),
        Runtime="python3.13",
        Handler="app.handler",
        Role=ROLE,
        Code={"ZipFile": archive("app.py", PROGRAM)},
        Timeout=30,
    )
    wait = {"Delay": 1, "MaxAttempts": 60}
    functions.get_waiter("function_active_v2").wait(FunctionName=made["FunctionName"], WaiterConfig=wait)
    yield made["FunctionArn"]
    functions.delete_function(FunctionName=made["FunctionName"])


def step(function: str, number: object) -> Document:
    """A step that calls the function."""
    outputs = [
        {"OutputName": "twice", "OutputType": "Integer"},
        {"OutputName": "name", "OutputType": "String"},
    ]
    return {
        "Name": "Call",
        "Type": "Lambda",
        "FunctionArn": function,
        "Arguments": {"number": number},
        "OutputParameters": outputs,
    }


def test_what_a_function_returns_decides_and_reaches_a_container(pipelines: Pipelines, function: str) -> None:
    parameters: list[Document] = [{"Name": "Number", "Type": "Integer", "DefaultValue": 21}]
    environment = {"NAME": get("Steps.Call.OutputParameters['name']")}
    use = pipelines.processing("Use", "test $NAME = n21", arguments={"Environment": environment})
    decide = condition("Decide", get("Steps.Call.OutputParameters['twice']"), 42, [use])

    execution = pipelines.start(
        pipelines.create(step(function, get("Parameters.Number")), decide, parameters=parameters)
    )

    steps = execution.succeeded()
    assert list(steps) == ["Call", "Decide", "Use"]
    assert steps["Call"]["Metadata"]["Lambda"] == {
        "Arn": function,
        "OutputParameters": [{"Name": "twice", "Value": "42"}, {"Name": "name", "Value": "n21"}],
    }


def test_an_exception_in_a_function_is_the_reason(pipelines: Pipelines, function: str) -> None:
    execution = pipelines.run(step(function, None))

    reason = execution.steps()["Call"]["FailureReason"]
    assert execution.status == "Failed"
    assert reason.startswith(f"ClientError: the function {function} failed: ")
    assert "TypeError" in reason
