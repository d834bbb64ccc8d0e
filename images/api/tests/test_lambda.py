"""The function's handler, with events as API Gateway sends them."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api import lambda_handler

from tests.conftest import DOCUMENT, KEY, RECORD, SECRET
from tests.upstream import PACKAGE, Upstream


@pytest.fixture
def function(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws_environ: dict[str, str], upstream: Upstream
) -> Iterator[None]:
    file = tmp_path / "people.json"
    file.write_text(json.dumps(DOCUMENT))
    variables = {
        "API_PROJECTS": str(file),
        "API_KEYS": json.dumps({"keys": [KEY.model_dump(exclude_none=True)]}),
    }
    for name, value in (aws_environ | variables).items():
        monkeypatch.setenv(name, value)
    for cached in (lambda_handler._adapter, lambda_handler._service):
        cached.cache_clear()
    yield
    loop = asyncio.get_event_loop()
    loop.run_until_complete(lambda_handler._service().close())
    loop.close()
    asyncio.set_event_loop(None)


def event(body: object) -> dict[str, Any]:
    """Version 2.0 (page "Create AWS Lambda proxy integrations for HTTP APIs")."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/v1/people/predictions",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "x-api-key": SECRET, "host": "api.example"},
        "requestContext": {
            "http": {
                "method": "POST", "path": "/v1/people/predictions", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1", "userAgent": "tests",
            }
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }  # fmt: skip


def test_requests_of_api_gateway_are_answered(function: None, upstream: Upstream) -> None:
    answers = [lambda_handler.handler(event({"records": [RECORD]}), None) for _ in range(2)]

    assert [answer["statusCode"] for answer in answers] == [200, 200]
    assert json.loads(answers[1]["body"])["model"]["model_package_arn"] == PACKAGE
    # One environment, one set of connections and one look at the model.
    assert len([each for each in upstream.asked if "x-amz-target" in each.headers]) == 3


def test_a_problem_is_text_and_no_base64(function: None) -> None:
    answer = lambda_handler.handler(event({"records": []}), None)

    assert (answer["statusCode"], answer["isBase64Encoded"]) == (400, False)
    assert json.loads(answer["body"])["title"] == "Bad request"
