import logging

import pytest
from localstack.aws.api import RequestContext
from localstack.aws.chain import HandlerChain
from localstack.http import Request, Response
from slipway_localstack.emulator import Answer
from slipway_localstack.forwarding import Forwarder, log_answer, target_of
from werkzeug.datastructures import Headers

Asked = tuple[str, str, list[tuple[str, str]], bytes]


def signed_for(service: str, access_key: str = "test") -> dict[str, str]:
    scope = f"{access_key}/20260101/us-east-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("/a%2Fb?x=%20", "/a%2Fb?x=%20"),
        ("//a", "//a"),
        ("http://localhost:4566/a%2Fb?x=1", "/a%2Fb?x=1"),
    ],
)
def test_a_target_is_path_and_query_as_they_came(uri: str, target: str) -> None:
    assert target_of(uri) == target


def passed(request: Request, answer: Answer) -> tuple[list[Asked], Response, list[str]]:
    """What the emulator was asked, the response, and which of LocalStack's own handlers ran."""
    asked: list[Asked] = []
    ran: list[str] = []

    def ask(method: str, target: str, headers: object, body: bytes) -> Answer:
        asked.append((method, target, list(headers), body))  # type: ignore[call-overload]
        return answer

    chain = HandlerChain(
        [Forwarder(ask), lambda *_: ran.append("parser")], [lambda *_: ran.append("response")]
    )
    response = Response()
    chain.handle(RequestContext(request), response)
    return asked, response, ran


def test_the_emulators_answer_is_the_response_and_localstack_adds_nothing() -> None:
    headers = Headers([*signed_for("sagemaker").items(), ("X-Twice", "1"), ("X-Twice", "2")])
    request = Request(
        "POST", "/endpoints/a/b/invocations", headers, b"\x00\xff", raw_path="/endpoints/a%2Fb/invocations"
    )
    answer = Answer(201, [("content-type", "text/csv"), ("x-own", "1"), ("x-own", "2")], b"0.9\n")

    asked, response, ran = passed(request, answer)

    [(method, target, arrived, body)] = asked
    assert (method, target, body) == ("POST", "/endpoints/a%2Fb/invocations", b"\x00\xff")
    assert set(headers.items()) <= set(arrived)
    assert (response.status_code, response.data) == (201, b"0.9\n")
    assert response.headers.to_wsgi_list() == [*answer.headers, ("Content-Length", "4")]
    assert ran == []


def test_a_function_that_another_service_calls_is_called_in_its_owners_name() -> None:
    path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A111122223333%3Afunction%3Af/invocations"
    request = Request("POST", path, signed_for("lambda", "__internal_call__"), b"{}", raw_path=path)

    asked, _, _ = passed(request, Answer(202, [], b""))

    [(_, target, arrived, _)] = asked
    assert target == path
    assert "Credential=111122223333/20260101/us-east-1/lambda/" in dict(arrived)["Authorization"]


def test_a_browser_that_may_ask_may_read() -> None:
    origin = {"Origin": "https://localhost"}
    request = Request("GET", "/_slipway/health", origin, raw_path="/_slipway/health")

    _, response, _ = passed(request, Answer(200, [("content-type", "application/json")], b"{}"))

    assert response.headers["Access-Control-Allow-Origin"] == "https://localhost"


def test_the_rest_of_the_chain_gets_every_other_request() -> None:
    request = Request("GET", "/bucket/key", raw_path="/bucket/key")

    asked, response, ran = passed(request, Answer(500, [], b""))

    assert asked == []
    assert response.status_code == 200
    assert ran == ["parser", "response"]


@pytest.mark.parametrize(
    ("request_line", "answer", "line"),
    [
        (("POST", "/", "SageMaker.ListModels"), Answer(200, [], b""), "AWS sagemaker.ListModels => 200"),
        (
            ("POST", "/", "SageMaker.ListModels"),
            Answer(400, [("x-amzn-errortype", "ValidationException")], b""),
            "AWS sagemaker.ListModels => 400 (ValidationException)",
        ),
        (
            ("POST", "/", "AmazonAthena.StopQueryExecution"),
            Answer(200, [], b""),
            "AWS athena.StopQueryExecution => 200",
        ),
        (
            ("POST", "/endpoints/e/invocations", None),
            Answer(200, [], b""),
            "POST /endpoints/e/invocations => 200",
        ),
    ],
)
def test_a_call_is_a_line_in_the_log(
    request_line: tuple[str, str, str | None],
    answer: Answer,
    line: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        log_answer(*request_line, answer)

    assert caplog.messages == [line]


def test_a_health_check_is_no_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log_answer("GET", "/_slipway/health", None, Answer(200, [], b""))

    assert caplog.messages == []
