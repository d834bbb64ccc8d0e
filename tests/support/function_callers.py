"""Everything on LocalStack that calls a function, each of which hands on a mark that the function logs."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from tests.support.containers import wait_until
from tests.support.localstack import LocalStack
from tests.support.localstack_calls import WAIT_SECONDS, fresh

PROGRAM = """
import json

def handler(event, context):
    print("called with", json.dumps(event))
    given = json.loads(event["body"]) if "body" in event else event
    body = {"mark": given, "arn": context.invoked_function_arn}
    return {"statusCode": 201, "headers": {"X-Own": "1"}, "body": json.dumps(body)}
"""


@dataclass(frozen=True)
class Function:
    """A function that logs its event, and answers a proxy's request with it."""

    localstack: LocalStack
    account: str
    region: str
    name: str

    @classmethod
    def in_account(cls, localstack: LocalStack, account: str, region: str) -> "Function":
        """A new one, of any account and region."""
        made = cls(localstack, account, region, fresh("told"))
        functions = made.client("lambda")
        functions.create_function(
            FunctionName=made.name,
            Runtime="python3.13",
            Handler="app.handler",
            Role=made.role_arn,
            Code={"ZipFile": archive("app.py", PROGRAM)},
            Timeout=30,
        )
        functions.get_waiter("function_active_v2").wait(
            FunctionName=made.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        return made

    def client(self, service: str) -> Any:
        """A client in its account and region: LocalStack takes twelve digits for an account."""
        return self.localstack.client(service, aws_access_key_id=self.account, region_name=self.region)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def role_arn(self) -> str:
        """A role of its account."""
        return f"arn:aws:iam::{self.account}:role/any"

    def calls(self, mark: str, count: int = 1) -> list[str]:
        """What it has logged with this mark, once that is so many lines."""
        logs = self.client("logs")

        def found() -> list[str] | None:
            try:
                events = logs.filter_log_events(logGroupName=f"/aws/lambda/{self.name}")["events"]
            except logs.exceptions.ResourceNotFoundException:
                return None
            lines = [event["message"] for event in events]
            marked = [line for line in lines if mark in line and "called with" in line]
            return marked if len(marked) >= count else None

        return wait_until(found, f"{count} calls with {mark}", 120)


def archive(path: str, text: str) -> bytes:
    """A ZIP file with one file in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr(path, text)
    return packed.getvalue()


def call_from_a_rule(function: Function, mark: str) -> int:
    """EventBridge, with a role and without one."""
    events, rule = function.client("events"), fresh("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [mark]}))
    target = {"Arn": function.arn}
    events.put_targets(
        Rule=rule,
        Targets=[target | {"Id": "plain"}, target | {"Id": "role", "RoleArn": function.role_arn}],
    )
    events.put_events(Entries=[{"Source": mark, "DetailType": "any", "Detail": "{}"}])
    return 2


def call_from_a_topic(function: Function, mark: str) -> int:
    """SNS."""
    sns = function.client("sns")
    topic = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function.arn)
    sns.publish(TopicArn=topic, Message=mark)
    return 1


def call_from_a_bucket(function: Function, mark: str) -> int:
    """S3, which asks first whether the function is there."""
    s3, bucket = function.client("s3"), fresh("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": function.region})
    notification = {"LambdaFunctionArn": function.arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [notification]}
    )
    s3.put_object(Bucket=bucket, Key=mark, Body=b"")
    return 1


def call_from_an_alarm(function: Function, mark: str) -> int:
    """CloudWatch."""
    cloudwatch, alarm = function.client("cloudwatch"), fresh("alarm")
    cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="any",
        MetricName="any",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[function.arn],
    )
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason=mark)
    return 1


def call_from_a_secret(function: Function, mark: str) -> int:
    """Secrets Manager, once for each step of a rotation."""
    secrets = function.client("secretsmanager")
    secrets.create_secret(Name=mark, SecretString="sesame")
    secrets.rotate_secret(SecretId=mark, RotationLambdaARN=function.arn)
    return 4


def call_from_a_log_group(function: Function, mark: str) -> int:
    """CloudWatch Logs, whose events are packed."""
    logs, group = function.client("logs"), {"logGroupName": fresh("group")}
    logs.create_log_group(**group)
    logs.create_log_stream(**group, logStreamName="one")
    logs.put_subscription_filter(**group, filterName="all", filterPattern="", destinationArn=function.arn)
    line = {"timestamp": int(time.time() * 1000), "message": mark}
    logs.put_log_events(**group, logStreamName="one", logEvents=[line])
    return 1


def call_from_a_state_machine(function: Function, mark: str) -> int:
    """Step Functions, by the service's integration and by the function's ARN."""
    stepfunctions = function.client("stepfunctions")
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function.arn, "Payload.$": "$"},
        "ResultSelector": {"mark.$": "States.StringToJson($.Payload.body)"},
        "OutputPath": "$.mark.mark",
        "Next": "Named",
    }
    named = {"Type": "Task", "Resource": function.arn, "End": True}
    machine = stepfunctions.create_state_machine(
        name=fresh("machine"),
        definition=json.dumps({"StartAt": "Invoke", "States": {"Invoke": invoke, "Named": named}}),
        roleArn=function.role_arn,
    )["stateMachineArn"]
    execution = stepfunctions.start_execution(stateMachineArn=machine, input=json.dumps({"mark": mark}))[
        "executionArn"
    ]

    def over() -> dict[str, Any] | None:
        seen: dict[str, Any] = stepfunctions.describe_execution(executionArn=execution)
        return None if seen["status"] == "RUNNING" else seen

    ended = wait_until(over, "the state machine to end", 120)
    assert ended["status"] == "SUCCEEDED", ended
    assert mark in ended["output"]
    return 2


def call_from_an_api(function: Function, mark: str) -> int:
    """API Gateway: a proxy hands on the whole request, any other integration its body."""
    apigateway = function.client("apigateway")
    api = apigateway.create_rest_api(name=fresh("api"))["id"]
    [root] = apigateway.get_resources(restApiId=api)["items"]
    path = f"arn:aws:apigateway:{function.region}:lambda:path/2015-03-31/functions/{function.arn}/invocations"
    for verb, kind in (("POST", "AWS_PROXY"), ("PUT", "AWS")):
        method = {"restApiId": api, "resourceId": root["id"], "httpMethod": verb}
        apigateway.put_method(**method, authorizationType="NONE")
        apigateway.put_method_response(**method, statusCode="200")
        apigateway.put_integration(**method, type=kind, integrationHttpMethod="POST", uri=path)
    apigateway.put_integration_response(**method, statusCode="200")
    apigateway.create_deployment(restApiId=api, stageName="live")

    def ask(verb: str) -> tuple[int, dict[str, str], Any]:
        address = urlsplit(function.localstack.endpoint_url).netloc
        connection = HTTPConnection(address, timeout=WAIT_SECONDS)
        json_type = {"Content-Type": "application/json"}
        connection.request(verb, f"/_aws/execute-api/{api}/live/", json.dumps({"mark": mark}), json_type)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    status, headers, body = ask("POST")
    assert (status, headers["x-own"]) == (201, "1")
    assert body == {"mark": {"mark": mark}, "arn": function.arn}
    # What is no proxy hands on the function's answer as it is.
    status, _, body = ask("PUT")
    assert (status, body["statusCode"]) == (200, 201)
    assert json.loads(body["body"]) == {"mark": {"mark": mark}, "arn": function.arn}
    return 2


CALLERS: dict[str, Callable[[Function, str], int]] = {
    "apigateway": call_from_an_api,
    "cloudwatch": call_from_an_alarm,
    "events": call_from_a_rule,
    "s3": call_from_a_bucket,
    "secretsmanager": call_from_a_secret,
    "sns": call_from_a_topic,
    "stepfunctions": call_from_a_state_machine,
}
