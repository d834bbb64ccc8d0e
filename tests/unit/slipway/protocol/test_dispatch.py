"""Whatever comes in, the answer is one that a client of AWS can read: JSON, with a code."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.errors import ConflictException
from slipway.protocol.call import Call, HttpAnswer, HttpRequest
from slipway.protocol.dispatch import Dispatcher
from slipway.protocol.service_model import RUNTIME, SAGEMAKER, ServiceModels
from slipway.resources.document import Document

MODELS = ServiceModels()
SCOPE = "123456789012/20240501/eu-west-1/sagemaker/aws4_request"
SIGNED = {"authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE}"}


def told(call: Call) -> Document:
    return {
        "ModelName": call.parameters["ModelName"],
        "ModelArn": f"{call.owner.account_id} {call.request_id}",
    }


def broken(_call: Call) -> Document:
    raise RuntimeError("a fault with secrets in it")


def conflict(_call: Call) -> Document:
    raise ConflictException("somebody was faster")


DISPATCHER = Dispatcher(
    MODELS,
    {
        (SAGEMAKER, "DescribeModel"): told,
        (SAGEMAKER, "DeleteModel"): broken,
        (SAGEMAKER, "CreateModel"): conflict,
        (RUNTIME, "InvokeEndpoint"): broken,
    },
)


def asked(target: str, document: dict[str, Any] | None = None) -> HttpAnswer:
    headers = {"x-amz-target": target, **SIGNED}
    return DISPATCHER.answer(HttpRequest("POST", "/", "", headers, json.dumps(document or {}).encode()))


def error_of(answer: HttpAnswer) -> tuple[int, str, str]:
    body = json.loads(answer.body)
    return answer.status, answer.headers["x-amzn-errortype"], body.get("message") or body["Message"]


def test_an_operation_is_carried_out_for_who_signed() -> None:
    answer = asked("SageMaker.DescribeModel", {"ModelName": "churn"})

    body = json.loads(answer.body)
    assert answer.status == 200
    assert body == {"ModelName": "churn", "ModelArn": f"123456789012 {answer.headers['x-amzn-requestid']}"}


def test_what_aws_has_and_we_do_not_is_said_by_name() -> None:
    status, code, message = error_of(asked("SageMaker.CreateApp"))

    assert (status, code) == (501, "NotImplemented")
    assert "sagemaker CreateApp is not implemented" in message
    assert "docs/parity.md" in message


@pytest.mark.parametrize("target", ["SageMaker.NoSuchThing", "DynamoDB_20120810.GetItem", "", "SageMaker"])
def test_an_unknown_target_is_an_unknown_operation(target: str) -> None:
    status, code, _message = error_of(asked(target))

    assert (status, code) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("OPTIONS", "/endpoints/x/invocations"),
        ("PUT", "//"),
    ],
)
def test_a_path_of_no_operation_is_an_unknown_operation(method: str, path: str) -> None:
    status, code, _message = error_of(DISPATCHER.answer(HttpRequest(method, path)))

    assert (status, code) == (400, "UnknownOperationException")


def test_a_refusal_keeps_its_code() -> None:
    answer = asked("SageMaker.CreateModel", {"ModelName": "churn"})

    assert error_of(answer) == (400, "ConflictException", "somebody was faster")


@pytest.mark.parametrize(
    "request_that_fails",
    [
        HttpRequest("POST", "/", "", {"x-amz-target": "SageMaker.DeleteModel"}, b'{"ModelName": "churn"}'),
        HttpRequest("POST", "/endpoints/churn/invocations", "", SIGNED, b"1"),
    ],
    ids=["json", "rest"],
)
def test_a_fault_of_ours_tells_where_to_look_and_nothing_of_the_inside(
    request_that_fails: HttpRequest, caplog: pytest.LogCaptureFixture
) -> None:
    answer = DISPATCHER.answer(request_that_fails)

    status, code, message = error_of(answer)
    assert (status, code) == (500, "InternalFailure")
    assert "secrets" not in message
    assert answer.headers["x-amzn-requestid"] in message
    assert answer.headers["x-amzn-requestid"] in caplog.text
    assert "a fault with secrets in it" in caplog.text


def test_the_runtimes_call_a_broken_constraint_validation_error() -> None:
    answer = DISPATCHER.answer(
        HttpRequest("POST", "/endpoints/churn/invocations", "", {"x-amzn-sagemaker-inference-id": " "}, b"1")
    )

    status, code, message = error_of(answer)
    assert (status, code) == (400, "ValidationError")
    assert message.startswith("1 validation error detected: Value ' ' at 'inferenceId' failed to satisfy")


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"]),
    path=st.text().map(lambda text: f"/{text}"),
    query=st.text(),
    headers=st.dictionaries(
        st.sampled_from(["x-amz-target", "authorization", "content-type", "accept"]), st.text(), max_size=4
    ),
    body=st.binary(),
)
def test_nothing_that_can_come_in_gets_a_page_or_a_fault(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    answer = DISPATCHER.answer(HttpRequest(method, path, query, headers, body))

    assert answer.status in (400, 501)
    assert "json" in answer.headers["content-type"]
    assert isinstance(json.loads(answer.body), dict)


@pytest.mark.parametrize(
    ("query", "operation"),
    [
        ("find=LayerVersion&Arn=any", "GetLayerVersionByArn"),
        ("", "ListLayers"),
        ("find=Another", "ListLayers"),
    ],
)
def test_operations_at_one_path_are_told_apart_by_their_query(query: str, operation: str) -> None:
    found = MODELS.match("GET", "/2018-10-31/layers", query)

    assert found is not None
    assert found[0].operation.name == operation
