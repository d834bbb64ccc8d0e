"""The emulator behind LocalStack's port: unmodified clients ask one endpoint, and the emulator answers."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.support.emulator import Emulator
from tests.support.localstack import LocalStack
from tests.support.localstack_calls import fresh

JSON = {"Content-Type": "application/x-amz-json-1.1"}
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-west-1/sagemaker/aws4_request, "
    "SignedHeaders=host, Signature=0"
}
# What belongs to the program that answers and to the moment, not to the answer.
OF_THE_SERVER = {"date", "server", "x-amzn-requestid", "connection"}


def ask(url: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[HTTPResponse, bytes]:
    """One request as bytes, and its answer as bytes."""
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()


def told(answer: HTTPResponse) -> dict[str, str]:
    """The headers that belong to an answer."""
    named = {name.lower(): value for name, value in answer.getheaders()}
    return {name: value for name, value in named.items() if name not in OF_THE_SERVER}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("POST", "/", SIGNED | JSON | {"X-Amz-Target": "SageMaker.ListModels"}, b"{}"),
        ("POST", "/", JSON | {"X-Amz-Target": "SageMaker.ListModels"}, b'{"MaxResults": 0}'),
        ("POST", "/", SIGNED | JSON | {"X-Amz-Target": "SageMaker.YoungerThanLocalStack"}, b"{}"),
        ("POST", "/", SIGNED | JSON | {"X-Amz-Target": "SageMaker.ListModels"}, b"\xff no JSON"),
        ("POST", "/endpoints/no%20such/invocations", SIGNED | {"Content-Type": "text/csv"}, b"1,2\n"),
        ("POST", "/endpoints/none/async-invocations", {}, b""),
        ("GET", "/FeatureGroup/none?RecordIdentifierValueAsString=a%2Fb", SIGNED, b""),
        ("PUT", "/BatchPutMetrics", SIGNED | {"Content-Type": "application/json"}, b"{}"),
        ("GET", "/no/such/path", SIGNED, b""),
        ("GET", "/2015-03-31/functions/none", {}, b""),
        (
            "POST",
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Anone/invocations",
            {},
            b"",
        ),
        ("GET", "/schedules/none", {}, b""),
        ("GET", "/schedule-groups", {}, b""),
        ("GET", "/_slipway/health", {}, b""),
        ("GET", "/_slipway/none", {}, b""),
    ],
)
def test_an_answer_at_localstacks_port_is_the_emulators_own(
    emulator: Emulator, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    itself, expected = ask(emulator.endpoint_url, method, path, body, **headers)
    through, got = ask(emulator.localstack.endpoint_url, method, path, body, **headers)

    assert (through.status, told(through)) == (itself.status, told(itself))
    # The same but for the number of the request, where a text has it.
    assert without_ids(got) == without_ids(expected)


def without_ids(body: bytes) -> Any:
    document = json.loads(body)
    return {name: value for name, value in document.items() if "RequestId" not in name}


def test_the_four_clients_of_sagemaker_find_it_at_one_endpoint(emulator: Emulator) -> None:
    localstack = emulator.localstack
    calls: dict[str, Callable[[Any], object]] = {
        "sagemaker": lambda client: client.describe_model(ModelName="none"),
        "sagemaker-runtime": lambda client: client.invoke_endpoint(EndpointName="none", Body=b"1"),
        "sagemaker-featurestore-runtime": lambda client: client.get_record(
            FeatureGroupName="none", RecordIdentifierValueAsString="1"
        ),
        "sagemaker-metrics": lambda client: client.batch_put_metrics(
            TrialComponentName="none", MetricData=[{"MetricName": "m", "Timestamp": 0, "Value": 1.0}]
        ),
    }

    for service, call in calls.items():
        with pytest.raises(ClientError) as asked_itself:
            call(emulator.client(service))
        with pytest.raises(ClientError) as asked_through:
            call(localstack.client(service))

        # The emulator's own words, not LocalStack's about a service that is not there.
        assert asked_through.value.response["Error"] == asked_itself.value.response["Error"]
        assert "not currently supported by LocalStack" not in str(asked_through.value)


def test_the_other_services_are_still_localstacks(emulator: Emulator) -> None:
    bucket = fresh("endpoints")
    s3 = emulator.s3
    s3.create_bucket(Bucket=bucket)

    s3.put_object(Bucket=bucket, Key="e/invocations", Body=b"1")

    assert s3.get_object(Bucket=bucket, Key="e/invocations")["Body"].read() == b"1"


def test_a_body_as_large_as_aws_takes_is_not_refused_on_the_way(emulator: Emulator) -> None:
    # InvokeEndpoint's largest body (sagemaker-runtime's model, BodyBlob).
    body = b"\x00\xff" * (6_291_456 // 2)

    answers = [
        ask(url, "POST", "/endpoints/none/invocations", body)
        for url in (emulator.endpoint_url, emulator.localstack.endpoint_url)
    ]

    [(itself, expected), (through, got)] = answers
    assert (through.status, got) == (itself.status, expected)


def test_an_emulator_that_was_killed_is_an_error_that_says_so_and_is_found_again(
    emulator: Emulator,
) -> None:
    localstack, call = emulator.localstack, {"X-Amz-Target": "SageMaker.ListModels"}
    before, _ = ask(localstack.endpoint_url, "POST", "/", b"{}", **call)

    emulator.kill()
    refused, body = ask(localstack.endpoint_url, "POST", "/", b"{}", **call)
    emulator.restart()
    after, _ = ask(localstack.endpoint_url, "POST", "/", b"{}", **call)

    assert (refused.status, refused.getheader("x-amzn-errortype")) == (503, "ServiceUnavailable")
    assert "json" in refused.getheader("Content-Type", "")
    assert "http://emulator:4500" in json.loads(body)["message"]
    assert before.status == after.status


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("sagemaker", "list_models", {}),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"1"}),
        ("lambda", "list_functions", {}),
        ("lambda", "invoke", {"FunctionName": "f"}),
        ("scheduler", "list_schedules", {}),
        ("athena", "get_query_execution", {"QueryExecutionId": "q"}),
        ("glue", "get_databases", {}),
    ],
)
def test_without_an_emulator_the_error_names_the_variable_and_is_not_tried_again(
    localstack_alone: LocalStack, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(localstack_alone.client(service), operation)(**parameters)

    # 501, not 500: clients do not try again.
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert "SLIPWAY_EMULATOR_URL" in refused.value.response["Error"]["Message"]


def test_the_preflight_of_the_sdk_accepts_a_role_that_sagemaker_may_assume(localstack: LocalStack) -> None:
    from sagemaker.core.helper.iam_role_resolver import resolve_and_validate_role

    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = localstack.client("iam")
    role = iam.create_role(RoleName=fresh("role"), AssumeRolePolicyDocument=json.dumps(trust))["Role"]

    for role_type in ("training", "serving", "pipeline"):
        resolved = resolve_and_validate_role(role["Arn"], role_type, session_of(localstack))
        assert resolved == role["Arn"]


def session_of(localstack: LocalStack) -> Any:
    """As much of a SageMaker session as the preflight asks for."""

    class BotoSession:
        def client(self, service: str) -> Any:
            return localstack.client(service)

    class Session:
        boto_session = BotoSession()

    return Session()


def test_a_reset_at_localstacks_port_reaches_the_emulator(emulator: Emulator) -> None:
    # It is not allowed unless it is asked for, and it is the emulator that says so.
    answer, body = ask(emulator.localstack.endpoint_url, "POST", "/_slipway/reset")

    assert answer.status == 403
    assert "SLIPWAY_ALLOW_RESET" in json.loads(body)["Message"]


def test_a_page_of_a_stranger_may_not_ask(emulator: Emulator) -> None:
    headers = {"X-Amz-Target": "SageMaker.ListModels", "Origin": "https://example.com"}

    answer, _ = ask(emulator.localstack.endpoint_url, "POST", "/", b"{}", **headers)

    assert answer.status == 403


def test_the_log_has_a_line_for_a_call(emulator: Emulator) -> None:
    since = time.time()
    with pytest.raises(ClientError):
        emulator.localstack.client("sagemaker").describe_model(ModelName="none")

    lines = emulator.localstack.container.logs(since=int(since)).decode()

    assert "AWS sagemaker.DescribeModel => " in lines
