"""What targets are called with, and which are refused."""

import json
from typing import Any

import pytest
from slipway.errors import NotServedHere, ValidationException
from slipway.resources.resource import Owner
from slipway.schedules.targets import Occasion, Request, check_target, is_beside_us, request_of

OWNER = Owner("123456789012", "eu-west-1")
ARN = "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/s"
# The values that "Adding context attributes" (User Guide) shows, but for the ARN.
OCCASION = Occasion(
    ARN, OWNER, "2022-03-22T18:59:43Z", "2022-03-22T19:00:00Z", "d32c5kddcf5bb8c3", 1, "f" * 64
)
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:news"
BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/default"
PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/bank"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:hello"
ON_BUS = {"EventBridgeParameters": {"Source": "shop", "DetailType": "Nightly"}}
UNIVERSAL = "arn:aws:scheduler:::aws-sdk"


def request(arn: str, text: str | None = None, **members: Any) -> Request:
    target = {"Arn": arn, **members} | ({} if text is None else {"Input": text})
    check_target(target)
    return request_of(target, OCCASION)


def test_a_queue_gets_a_message() -> None:
    assert request(QUEUE, "hello") == Request(
        "sqs", "SendMessage", OWNER, {"QueueUrl": QUEUE_URL, "MessageBody": "hello"}
    )


def test_a_queue_of_groups_gets_each_firing_once() -> None:
    sent = request(f"{QUEUE}.fifo", "hello", SqsParameters={"MessageGroupId": "g"})

    assert sent.document["MessageGroupId"] == "g"
    assert sent.document["MessageDeduplicationId"] == OCCASION.token


def test_a_topic_gets_a_message() -> None:
    assert request(TOPIC, "hello") == Request(
        "sns", "Publish", OWNER, {"TopicArn": TOPIC, "Message": "hello"}
    )


def test_a_bus_gets_an_event() -> None:
    sent = request(BUS, '{"a": 1}', **ON_BUS)

    [entry] = sent.document["Entries"]
    assert (sent.service, sent.operation) == ("events", "PutEvents")
    assert entry == {
        "Source": "shop",
        "DetailType": "Nightly",
        "EventBusName": BUS,
        "Detail": '{"a": 1}',
        "Time": "2022-03-22T19:00:00Z",
        "Resources": [ARN],
    }


def test_a_pipeline_is_started_once_for_a_firing() -> None:
    parameters = [{"Name": "Rows", "Value": "s3://b/rows.csv"}]

    sent = request(PIPELINE, SageMakerPipelineParameters={"PipelineParameterList": parameters})

    document = {
        "PipelineName": PIPELINE,
        "ClientRequestToken": OCCASION.token,
        "PipelineParameters": parameters,
    }
    assert sent == Request("sagemaker", "StartPipelineExecution", OWNER, document)
    # The model's bounds of the token.
    assert 32 <= len(OCCASION.token) <= 128


def test_a_pipeline_is_started_without_parameters_too() -> None:
    assert "PipelineParameters" not in request(PIPELINE).document


def test_a_function_is_called_and_not_waited_for() -> None:
    document = {"FunctionName": FUNCTION, "InvocationType": "Event", "Payload": "{}"}

    assert request(FUNCTION, "{}") == Request("lambda", "Invoke", OWNER, document)


def test_another_accounts_queue_is_asked_as_that_account() -> None:
    sent = request("arn:aws:sqs:us-east-1:999999999999:orders", "hello")

    assert sent.owner == Owner("999999999999", "us-east-1")


def test_the_words_of_the_context_are_replaced() -> None:
    words = [f"<aws.scheduler.{name}>" for name in ("schedule-arn", "scheduled-time", "execution-id")]

    sent = request(QUEUE, " ".join([*words, "<aws.scheduler.attempt-number>", "<aws.scheduler.other>"]))

    assert sent.document["MessageBody"] == (
        f"{ARN} 2022-03-22T18:59:43Z d32c5kddcf5bb8c3 1 <aws.scheduler.other>"
    )


def test_without_an_input_a_notification_comes() -> None:
    # "EventBridge Scheduler delivers a default notification to the target" (API reference, Target).
    notification = json.loads(request(QUEUE).document["MessageBody"])

    assert notification["detail-type"] == "Scheduled Event"
    assert notification["source"] == "aws.scheduler"
    assert notification["time"] == "2022-03-22T18:59:43Z"
    assert notification["resources"] == [ARN]


# -- universal targets --------------------------------------------------------------


def test_any_operation_of_a_service_can_be_called() -> None:
    # The example of "Adding context attributes".
    text = json.dumps({"MessageBody": "<aws.scheduler.scheduled-time>", "QueueUrl": QUEUE_URL})

    assert request(f"{UNIVERSAL}:sqs:sendMessage", text) == Request(
        "sqs", "SendMessage", OWNER, {"MessageBody": "2022-03-22T18:59:43Z", "QueueUrl": QUEUE_URL}
    )


def test_a_pipeline_that_is_called_so_is_started_once_too() -> None:
    sent = request(f"{UNIVERSAL}:sagemaker:startPipelineExecution", '{"PipelineName": "bank"}')

    assert sent.document == {"PipelineName": "bank", "ClientRequestToken": OCCASION.token}


def test_a_token_of_ones_own_stays() -> None:
    text = json.dumps({"PipelineName": "bank", "ClientRequestToken": "own"})

    assert (
        request(f"{UNIVERSAL}:sagemaker:startPipelineExecution", text).document["ClientRequestToken"] == "own"
    )


@pytest.mark.parametrize(
    ("target", "is_beside"),
    [
        (QUEUE, True),
        (BUS, True),
        (PIPELINE, False),
        (FUNCTION, False),
        (f"{UNIVERSAL}:sns:publish", True),
        (f"{UNIVERSAL}:sagemaker:createProcessingJob", False),
    ],
)
def test_it_is_known_who_answers(target: str, is_beside: bool) -> None:
    assert is_beside_us({"Arn": target}) is is_beside


# -- refusals -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"Arn": "orders"}, "orders"),
        ({"Arn": BUS}, "EventBridgeParameters"),
        ({"Arn": BUS, "Input": "no", **ON_BUS}, "well-formed JSON"),
        ({"Arn": FUNCTION, "Input": "no"}, "well-formed JSON"),
        ({"Arn": f"{UNIVERSAL}:sqs"}, "not in correct format"),
        # "Unsupported actions" of "Using universal targets".
        ({"Arn": f"{UNIVERSAL}:sqs:getQueueURL"}, "only reads"),
        ({"Arn": f"{UNIVERSAL}:sqs:sendLetter"}, "sendLetter"),
        ({"Arn": f"{UNIVERSAL}:sqs:sendMessage", "Input": "[]"}, "JSON object"),
        ({"Arn": f"{UNIVERSAL}:sqs:sendMessage", "Input": "no"}, "JSON object"),
    ],
)
def test_what_nobody_can_call_is_refused(target: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationException, match=words):
        check_target(target)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:states:eu-west-1:123456789012:stateMachine:m",
        "arn:aws:ecs:eu-west-1:123456789012:cluster/c",
        "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e",
        "arn:aws:scheduler:::aws-sdk:ec2:stopInstances",
    ],
)
def test_what_we_cannot_call_is_refused_by_name(arn: str) -> None:
    with pytest.raises(NotServedHere) as refusal:
        check_target({"Arn": arn})

    assert arn in str(refusal.value)
    assert "SQS queues" in str(refusal.value)
