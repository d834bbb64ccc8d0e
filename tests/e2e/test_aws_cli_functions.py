"""The AWS CLI's `lambda` and `scheduler`, at LocalStack's port."""

import base64
import json
from collections.abc import Iterator

import pytest

from tests.support.aws_cli import ROLE, AwsCli
from tests.support.function_callers import archive
from tests.support.localstack_calls import fresh

PROGRAM = """
def handler(event, context):
    print("asked for", event["n"])
    return {"doubled": 2 * event["n"], "name": context.function_name}
"""
ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def function(aws: AwsCli) -> Iterator[str]:
    """A function of an archive."""
    name = fresh("cli-function")
    (aws.folder / f"{name}.zip").write_bytes(archive("app.py", PROGRAM))
    aws(
        *("lambda", "create-function", "--zip-file", f"fileb://{name}.zip"),
        function_name=name,
        runtime="python3.13",
        handler="app.handler",
        role=ROLE,
    )
    aws("lambda", "wait", "function-active-v2", function_name=name)
    yield name
    aws("lambda", "delete-function", function_name=name)


def test_a_function_is_invoked_and_its_answer_is_a_file(aws: AwsCli, function: str) -> None:
    told = aws(
        *("lambda", "invoke", "--log-type", "Tail", f"{function}.json"),
        function_name=function,
        payload='{"n": 21}',
    )

    assert (told["StatusCode"], told["ExecutedVersion"]) == (200, "$LATEST")
    assert json.loads((aws.folder / f"{function}.json").read_text("utf-8")) == {
        "doubled": 42,
        "name": function,
    }
    assert "asked for 21" in base64.b64decode(told["LogResult"]).decode()


def test_a_function_that_fails_says_how(aws: AwsCli, function: str) -> None:
    told = aws("lambda", "invoke", f"{function}-error.json", function_name=function, payload="{}")

    # Developer guide, "Lambda function errors in Python".
    assert (told["StatusCode"], told["FunctionError"]) == (200, "Unhandled")
    error = json.loads((aws.folder / f"{function}-error.json").read_text("utf-8"))
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'n'")


def test_a_function_is_listed_and_a_missing_one_is_refused_in_awss_words(aws: AwsCli, function: str) -> None:
    listed = [each["FunctionName"] for each in aws("lambda", "list-functions")["Functions"]]
    missing = aws.refused("lambda", "get-function", function_name="none")

    assert function in listed
    assert missing.exit_code == 255
    assert missing.message == (
        "An error occurred (ResourceNotFoundException) when calling the GetFunction operation: "
        f"Function not found: arn:aws:lambda:us-east-1:{ACCOUNT}:function:none"
    )


def test_a_schedule_is_created_read_changed_and_deleted(aws: AwsCli, function: str) -> None:
    name = fresh("cli-schedule")
    target = {"Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}", "RoleArn": ROLE}
    schedule = {
        "name": name,
        "flexible_time_window": {"Mode": "OFF"},
        "target": target,
        "schedule_expression_timezone": "Europe/Berlin",
    }

    created = aws("scheduler", "create-schedule", schedule_expression="cron(0 7 * * ? *)", **schedule)
    aws("scheduler", "update-schedule", schedule_expression="rate(1 day)", state="DISABLED", **schedule)
    read = aws("scheduler", "get-schedule", name=name)
    listed = aws("scheduler", "list-schedules", name_prefix=name)["Schedules"]
    aws("scheduler", "delete-schedule", name=name)

    arn = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/{name}"
    assert created == {"ScheduleArn": arn}
    assert (read["Arn"], read["ScheduleExpression"], read["State"]) == (arn, "rate(1 day)", "DISABLED")
    assert [(each["Name"], each["State"]) for each in listed] == [(name, "DISABLED")]
    assert "ResourceNotFoundException" in aws.refused("scheduler", "get-schedule", name=name).message
