"""The image's runtime, asked as Lambda asks it."""

import re
from pathlib import Path

import pytest

from tests.runtime_api import END_SECONDS, REQUEST_ID, runtime

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
ANSWERED = f"invocation/{REQUEST_ID}/response"
FAILED = f"invocation/{REQUEST_ID}/error"


def test_a_handler_in_the_working_folder_answers_every_event(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return event['n'] + 1\n")

    with runtime(["app.handler"], tmp_path, [{"n": 1}, {"n": 41}]) as (told, _):
        assert [told.next(), told.next()] == [(ANSWERED, 2), (ANSWERED, 42)]


def test_the_handler_that_comes_with_the_image_answers_as_the_readme_says(tmp_path: Path) -> None:
    environment = {
        "AWS_LAMBDA_FUNCTION_NAME": "greet",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_REGION": "eu-west-1",
    }

    with runtime(["lambda_python.echo.handler"], tmp_path, [{"city": "Lisbon"}], **environment) as (told, _):
        what, answer = told.next()

    assert what == ANSWERED
    [example] = re.findall(r"^```json\n(.*)\n```$", README, re.MULTILINE)
    assert str(answer).replace("'", '"').replace(REQUEST_ID, "…") == example


def test_boto3_is_there(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import boto3\n\ndef handler(event, context):\n"
        "    return boto3.client('s3', region_name='eu-west-1').meta.region_name\n"
    )

    with runtime(["app.handler"], tmp_path, [{}]) as (told, _):
        assert told.next() == (ANSWERED, "eu-west-1")


def test_an_exception_is_told_with_its_type_and_the_runtime_goes_on(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return 1 // event\n")

    with runtime(["app.handler"], tmp_path, [0, 1]) as (told, _):
        what, error = told.next()
        after = told.next()

    assert what == FAILED
    assert error["errorType"] == "ZeroDivisionError"
    assert after == (ANSWERED, 1)


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("missing.handler", "Runtime.ImportModuleError"),
        ("app.missing", "Runtime.HandlerNotFound"),
        ("app", "Runtime.MalformedHandlerName"),
    ],
)
def test_a_handler_that_is_not_there_is_told_and_ends_the_container(
    tmp_path: Path, handler: str, error_type: str
) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return None\n")

    with runtime([handler], tmp_path, [{}]) as (told, process):
        what, error = told.next()
        exit_code = process.wait(END_SECONDS)

    assert (what, error["errorType"], exit_code) == ("init/error", error_type, 1)
    assert f"`{error_type}`, and the container ends with exit code 1" in README
