"""The localstack image: every service it promises answers, and what it lacks says so."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.support.containers import wait_until
from tests.support.localstack import LocalStack
from tests.support.localstack_calls import (
    CALLS,
    bucket_in,
    finished_execution,
    fresh,
    queue_in,
    received,
)

MEGABYTE = 1_000_000
# S3's smallest part, but for the last (Amazon S3 quotas).
PART_BYTES = 5 * 1024 * 1024
POLL = {"Delay": 1, "MaxAttempts": 60}
# What test_localstack_targets.py is about.
OF_THE_EMULATOR = {"lambda", "scheduler"}


def test_the_calls_below_are_of_the_services_that_the_image_promises(localstack: LocalStack) -> None:
    [promised] = [
        value.removeprefix("SERVICES=")
        for value in localstack.container.attrs["Config"]["Env"]
        if value.startswith("SERVICES=")
    ]

    assert sorted({*CALLS, *OF_THE_EMULATOR}) == promised.split(",")


@pytest.mark.parametrize("service", CALLS)
def test_a_service_does_what_it_is_for(localstack: LocalStack, service: str) -> None:
    CALLS[service](localstack)


def test_objects_of_20_megabytes_come_back_with_their_bytes(localstack: LocalStack) -> None:
    s3, bucket, body = localstack.client("s3"), bucket_in(localstack), os.urandom(20 * MEGABYTE)

    put = s3.put_object(Bucket=bucket, Key="model.tar.gz", Body=body)
    got = s3.get_object(Bucket=bucket, Key="model.tar.gz")["Body"].read()

    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert hashlib.sha256(got).digest() == hashlib.sha256(body).digest()


def test_an_object_put_in_parts_is_their_concatenation(localstack: LocalStack) -> None:
    s3, target = localstack.client("s3"), {"Bucket": bucket_in(localstack), "Key": "rows.csv"}
    bodies = [os.urandom(PART_BYTES), os.urandom(PART_BYTES), b"the rest"]

    upload = target | {"UploadId": s3.create_multipart_upload(**target)["UploadId"]}
    etags = [
        s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
        for number, body in enumerate(bodies, start=1)
    ]
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
    completed = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    assert s3.get_object(**target)["Body"].read() == b"".join(bodies)
    # S3 marks an object of several parts by their number after a dash.
    assert completed["ETag"].endswith('-3"')


def test_listing_goes_by_prefix_and_page(localstack: LocalStack) -> None:
    s3, bucket = localstack.client("s3"), bucket_in(localstack)
    keys = [f"train/{number:02}.csv" for number in range(5)]
    for key in [*keys, "validation/00.csv"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")

    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="train/", PaginationConfig={"PageSize": 2}
    )

    assert [[item["Key"] for item in page["Contents"]] for page in pages] == [keys[:2], keys[2:4], keys[4:]]


def test_a_new_object_becomes_an_event_in_a_queue(localstack: LocalStack) -> None:
    events, bucket = localstack.client("events"), bucket_in(localstack)
    queue_url, queue_arn = queue_in(localstack)
    localstack.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": "raw/"}]}},
    }
    rule = fresh("new-data")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    assert events.put_targets(Rule=rule, Targets=[{"Id": "q", "Arn": queue_arn}])["FailedEntryCount"] == 0

    for key in ("elsewhere.csv", "raw/bank.csv"):
        localstack.client("s3").put_object(Bucket=bucket, Key=key, Body=b"age,job\n")

    event = json.loads(received(localstack, queue_url))
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["detail"]["bucket"]["name"] == bucket
    assert (event["detail"]["object"]["key"], event["detail"]["object"]["size"]) == ("raw/bank.csv", 8)


@pytest.fixture
def stack(localstack: LocalStack) -> Iterator[str]:
    """The name of a stack that is deleted at the end."""
    name = fresh("stack")
    yield name
    localstack.client("cloudformation").delete_stack(StackName=name)


def create(localstack: LocalStack, stack: str, resources: dict[str, Any]) -> dict[str, Any]:
    """A stack that is created and has the ARN or name of each resource as an output."""
    cloudformation = localstack.client("cloudformation")
    outputs = {name: {"Value": {"Ref": name}} for name in resources}
    template = json.dumps({"Resources": resources, "Outputs": outputs})
    cloudformation.create_stack(StackName=stack, TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=POLL)
    [described] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def test_a_stack_creates_its_resources_and_takes_them_away(localstack: LocalStack, stack: str) -> None:
    cloudformation, s3, sqs = map(localstack.client, ("cloudformation", "s3", "sqs"))

    made = create(localstack, stack, {"B": {"Type": "AWS::S3::Bucket"}, "Q": {"Type": "AWS::SQS::Queue"}})

    s3.head_bucket(Bucket=made["B"])
    sqs.send_message(QueueUrl=made["Q"], MessageBody="x")

    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=POLL)

    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=made["B"])
    with pytest.raises(ClientError, match="NonExistentQueue"):
        sqs.send_message(QueueUrl=made["Q"], MessageBody="x")


def test_a_resource_type_that_is_not_there_fails_the_stack_and_is_named(
    localstack: LocalStack, stack: str
) -> None:
    cloudformation = localstack.client("cloudformation")
    endpoint = {"Type": "AWS::SageMaker::Endpoint", "Properties": {"EndpointConfigName": "any"}}

    with pytest.raises(WaiterError, match="terminal failure"):
        create(localstack, stack, {"Q": {"Type": "AWS::SQS::Queue"}, "E": endpoint})

    [described] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    assert described["StackStatus"] == "CREATE_FAILED"
    assert "AWS::SageMaker::Endpoint" in described["StackStatusReason"]


def test_a_state_machine_that_needs_java_fails_at_once_and_says_why(localstack: LocalStack) -> None:
    state = {"Type": "Pass", "Output": "{% $states.input.n + 1 %}", "End": True}
    definition = {"QueryLanguage": "JSONata", "StartAt": "Add", "States": {"Add": state}}

    execution = finished_execution(localstack, json.dumps(definition), '{"n": 1}')

    assert execution["status"] == "FAILED"
    assert "not part of this image, and the image downloads nothing" in execution["cause"]


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("ecr", "describe_repositories"),
        ("codepipeline", "list_pipelines"),
        ("codebuild", "list_projects"),
        ("dynamodb", "list_tables"),
    ],
)
def test_a_service_that_is_not_there_is_an_aws_error_that_names_it(
    localstack: LocalStack, service: str, operation: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(localstack.client(service), operation)()

    # 501, not 500: clients do not try again.
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert refused.value.response["Error"]["Code"] == "InternalFailure"
    assert service in refused.value.response["Error"]["Message"]


def test_the_refusal_is_json_and_no_page(localstack: LocalStack) -> None:
    headers = {
        "X-Amz-Target": "CodeBuild_20161006.ListProjects",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/codebuild/aws4_request",
    }
    with closing(HTTPConnection(urlsplit(localstack.endpoint_url).netloc, timeout=20)) as connection:
        connection.request("POST", "/", b"{}", headers)
        answer = connection.getresponse()
        body = json.loads(answer.read())

    assert answer.status == 501
    assert "json" in answer.getheader("Content-Type", "")
    assert body["__type"] == "InternalFailure"


def test_the_log_tells_a_call_in_a_line_and_no_more(localstack: LocalStack) -> None:
    name = fresh("secret")
    log_before = localstack.container.logs().decode()
    localstack.client("secretsmanager").create_secret(Name=name, SecretString="sesame")
    with pytest.raises(ClientError):
        localstack.client("codebuild").list_projects()

    def lines() -> list[str] | None:
        new = localstack.container.logs().decode().removeprefix(log_before).splitlines()
        return new if "codebuild.ListProjects" in "".join(new) else None

    told = [re.sub(r"^.* : ", "", line) for line in wait_until(lines, "the calls to be logged")]
    assert told == [
        "AWS secretsmanager.CreateSecret => 200",
        "Sorry, the ListProjects operation on the codebuild service "
        "is not currently supported by LocalStack.",
        "AWS codebuild.ListProjects => 501 (InternalFailure)",
    ]
