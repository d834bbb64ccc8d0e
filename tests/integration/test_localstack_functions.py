"""Functions of the emulator, called by every service of LocalStack that calls functions."""

import base64
import gzip
import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.support.function_callers import CALLERS, Function, call_from_a_log_group
from tests.support.localstack import LocalStack
from tests.support.localstack_calls import ROLE_ARN, fresh

# LocalStack forwards to it.
pytestmark = pytest.mark.usefixtures("emulator")
POLL = {"Delay": 1, "MaxAttempts": 60}


@pytest.fixture(
    scope="module", params=[("000000000000", "us-west-2"), ("111122223333", "eu-west-1")], ids="-".join
)
def function(request: pytest.FixtureRequest, emulator: object, localstack: LocalStack) -> Iterator[Function]:
    """A function of LocalStack's default account, and one of another."""
    account, region = request.param
    made = Function.in_account(localstack, account, region)
    yield made
    made.client("lambda").delete_function(FunctionName=made.name)


@pytest.mark.parametrize("caller", CALLERS)
def test_a_function_is_called_in_its_own_account_and_region(function: Function, caller: str) -> None:
    mark = fresh("mark")

    count = CALLERS[caller](function, mark)

    assert len(function.calls(mark, count)) == count


def test_a_log_groups_lines_reach_a_function_packed(function: Function) -> None:
    mark = fresh("mark")

    call_from_a_log_group(function, mark)

    [line, *_] = function.calls("awslogs")
    data = json.loads(line.partition("called with")[2])["awslogs"]["data"]
    assert [
        event["message"] for event in json.loads(gzip.decompress(base64.b64decode(data)))["logEvents"]
    ] == [mark]


def test_a_function_that_is_not_there_is_no_destination_of_a_bucket(localstack: LocalStack) -> None:
    s3, bucket = localstack.client("s3"), fresh("bucket")
    s3.create_bucket(Bucket=bucket)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:none"
    notification = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}

    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [notification]}
        )


@pytest.fixture
def stack(localstack: LocalStack) -> Iterator[str]:
    """The name of a stack that is deleted at the end."""
    name = fresh("stack")
    yield name
    localstack.client("cloudformation").delete_stack(StackName=name)
    localstack.client("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName=name, WaiterConfig=POLL
    )


def test_a_stack_makes_functions_permissions_and_schedules_and_takes_them_away(
    localstack: LocalStack, stack: str
) -> None:
    cloudformation, functions = localstack.client("cloudformation"), localstack.client("lambda")
    name = fresh("stacked")
    inline = "def handler(event, context):\n    return {'doubled': 2 * event['n']}\n"
    resources = {
        "F": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": name,
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": ROLE_ARN,
                "Code": {"ZipFile": inline},
            },
        },
        "P": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": "F"},
                "Action": "lambda:InvokeFunction",
                "Principal": "events.amazonaws.com",
            },
        },
        "S": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": name,
                "ScheduleExpression": "rate(1 day)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": {"Fn::GetAtt": ["F", "Arn"]}, "RoleArn": ROLE_ARN, "Input": '{"n": 1}'},
            },
        },
    }

    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=POLL)

    answer = functions.invoke(FunctionName=name, Payload=b'{"n": 21}')
    assert json.loads(answer["Payload"].read()) == {"doubled": 42}
    [statement] = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    schedule = localstack.client("scheduler").get_schedule(Name=name)
    assert schedule["Target"]["Arn"].endswith(f":function:{name}")

    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=POLL)

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        functions.get_function(FunctionName=name)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        localstack.client("scheduler").get_schedule(Name=name)
