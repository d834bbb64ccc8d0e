import logging
from urllib.parse import quote

import pytest
from localstack.aws.api import RequestContext
from localstack.aws.chain import HandlerChain
from localstack.http import Request, Response
from slipway_localstack.emulator import Answer
from slipway_localstack.forwarding import Forwarder, is_the_emulators, log_answer, target_of
from werkzeug.datastructures import Headers

Asked = tuple[str, str, list[tuple[str, str]], bytes]


SCOPE = "test/20260101/us-east-1/{}/aws4_request"


def signed_for(service: str) -> dict[str, str]:
    return {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE.format(service)}, "
        "SignedHeaders=host, Signature=0"
    }


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        # SageMaker's four services sign alike (signingName in botocore's models).
        ("POST", "/", signed_for("sagemaker") | {"X-Amz-Target": "SageMaker.YoungerThanLocalStack"}),
        ("POST", "/endpoints/e/invocations", signed_for("sagemaker")),
        ("PUT", "/FeatureGroup/g", signed_for("sagemaker")),
        ("PUT", "/BatchPutMetrics", signed_for("sagemaker")),
        # Nobody signed: curl.
        ("POST", "/", {"X-Amz-Target": "SageMaker.ListModels"}),
        ("POST", "/endpoints/e/invocations", {}),
        ("POST", "/endpoints/e/async-invocations", {}),
        ("POST", "/endpoints/e/invocations-response-stream", {}),
        ("GET", "/2015-03-31/functions/", {}),
        ("GET", "/2015-03-31/functions", {"Host": "localhost:4566"}),
        ("POST", "/2015-03-31/functions/f/invocations?Qualifier=live", {}),
        ("GET", "/2021-10-31/functions/f/url", {}),
        ("GET", "/schedules?MaxResults=1", {}),
        ("POST", "/schedules/hourly", {}),
        ("GET", "/schedule-groups/default", {"Host": "127.0.0.1:4566"}),
        # Signed, whatever the path: tags are at one path in several services.
        ("GET", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Af", signed_for("lambda")),
        ("GET", "/tags/arn%3Aaws%3Ascheduler%3Ag", signed_for("scheduler")),
        ("GET", f"/schedules/s?X-Amz-Credential={quote(SCOPE.format('scheduler'), safe='')}", {}),
        ("GET", "/_slipway/health", {}),
        ("POST", "/_slipway/reset", signed_for("s3")),
    ],
)
def test_what_is_of_its_services_is_the_emulators(method: str, target: str, headers: dict[str, str]) -> None:
    assert is_the_emulators(method, target, Headers(headers))


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("POST", "/", signed_for("events") | {"X-Amz-Target": "AWSEvents.PutEvents"}),
        # Objects of a bucket that is called endpoints.
        ("PUT", "/endpoints/e/invocations", {}),
        ("POST", "/endpoints/e/invocations", signed_for("s3")),
        ("POST", "/endpoints/e/f/invocations", {}),
        # Objects of buckets with such names: signed, presigned by either version, or deeper than a schedule.
        ("GET", "/schedules/2026.csv", signed_for("s3")),
        ("GET", "/schedules/2026.csv", {"Authorization": "AWS test:c2lnbmVk"}),
        ("GET", "/schedules/2026.csv?AWSAccessKeyId=test&Signature=c2lnbmVk&Expires=1", {}),
        ("GET", f"/schedules/2026.csv?X-Amz-Credential={quote(SCOPE.format('s3'), safe='')}", {}),
        ("GET", "/schedules/2026/01.csv", {}),
        # Paths of others: of a bucket, of a REST API, of a function's URL.
        ("GET", "/schedules/a", {"Host": "bucket.s3.localhost.localstack.cloud:4566"}),
        ("GET", "/schedules/a", {"Host": "a1b2c3.execute-api.localhost.localstack.cloud:4566"}),
        ("POST", "/endpoints/e/invocations", {"Host": "a1.lambda-url.us-east-1.localhost:4566"}),
        ("GET", "/2015-03-31/layers", {}),
        ("GET", "/schedules-of-mine", {}),
        ("GET", "/_localstack/health", {}),
        ("GET", "/_slipway", {}),
        ("POST", "/", {}),
        ("POST", "/", {"X-Amz-Target": "SageMakerOther.List"}),
        ("POST", "/", {"Authorization": "Bearer sagemaker"}),
    ],
)
def test_everything_else_stays_localstacks(method: str, target: str, headers: dict[str, str]) -> None:
    assert not is_the_emulators(method, target, Headers(headers))


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
