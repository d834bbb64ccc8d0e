"""One real call of every service that the localstack image itself answers."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.support.containers import wait_until
from tests.support.localstack import LocalStack

ROLE_ARN = "arn:aws:iam::000000000000:role/any"
WAIT_SECONDS = 60


def fresh(stem: str) -> str:
    """A name that no other test has used."""
    return f"{stem}-{uuid4().hex[:8]}"


def bucket_in(localstack: LocalStack) -> str:
    """A new bucket."""
    name = fresh("bucket")
    localstack.client("s3").create_bucket(Bucket=name)
    return name


def queue_in(localstack: LocalStack) -> tuple[str, str]:
    """A new queue's URL and ARN."""
    sqs = localstack.client("sqs")
    url = sqs.create_queue(QueueName=fresh("queue"))["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return url, attributes["QueueArn"]


def received(localstack: LocalStack, queue_url: str) -> str:
    """The body of the next message, waited for and taken off the queue."""
    sqs = localstack.client("sqs")

    def come() -> list[Any] | None:
        found: list[Any] | None = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=5).get("Messages")
        return found

    [message] = wait_until(come, "a message", WAIT_SECONDS)
    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    body: str = message["Body"]
    return body


def finished_execution(localstack: LocalStack, definition: str, given: str) -> dict[str, Any]:
    """A state machine's execution that is over."""
    stepfunctions = localstack.client("stepfunctions")
    machine = stepfunctions.create_state_machine(
        name=fresh("machine"), definition=definition, roleArn=ROLE_ARN
    )
    started = stepfunctions.start_execution(stateMachineArn=machine["stateMachineArn"], input=given)

    def over() -> dict[str, Any] | None:
        seen: dict[str, Any] = stepfunctions.describe_execution(executionArn=started["executionArn"])
        return None if seen["status"] == "RUNNING" else seen

    return wait_until(over, "the execution to end")


def call_apigateway(localstack: LocalStack) -> None:
    """An API with one mocked method answers over HTTP."""
    apigateway = localstack.client("apigateway")
    api = apigateway.create_rest_api(name=fresh("api"))["id"]
    [root] = apigateway.get_resources(restApiId=api)["items"]
    method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    apigateway.put_method_response(**method, statusCode="200")
    request = {"application/json": '{"statusCode": 200}'}
    apigateway.put_integration(**method, type="MOCK", requestTemplates=request)
    response = {"application/json": '{"answer": 42}'}
    apigateway.put_integration_response(**method, statusCode="200", responseTemplates=response)
    apigateway.create_deployment(restApiId=api, stageName="live")

    connection = HTTPConnection(urlsplit(localstack.endpoint_url).netloc, timeout=WAIT_SECONDS)
    connection.request("GET", f"/_aws/execute-api/{api}/live/")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()

    assert (answer.status, body) == (200, b'{"answer": 42}')


def call_cloudformation(localstack: LocalStack) -> None:
    """A template is understood."""
    cloudformation = localstack.client("cloudformation")
    template = '{"Parameters": {"Size": {"Type": "Number"}}, "Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'

    summary = cloudformation.get_template_summary(TemplateBody=template)

    assert summary["ResourceTypes"] == ["AWS::SQS::Queue"]
    assert [parameter["ParameterKey"] for parameter in summary["Parameters"]] == ["Size"]


def call_cloudwatch(localstack: LocalStack) -> None:
    """Metric data comes back as statistics."""
    cloudwatch = localstack.client("cloudwatch")
    namespace, now = fresh("namespace"), datetime.now(UTC)
    values = [{"MetricName": "auc", "Value": value, "Timestamp": now} for value in (3.0, 5.0)]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=values)

    [point] = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName="auc",
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Sum", "Average"],
    )["Datapoints"]

    assert (point["Sum"], point["Average"]) == (8.0, 4.0)


def call_events(localstack: LocalStack) -> None:
    """An event reaches the queue that a rule names."""
    events = localstack.client("events")
    queue_url, queue_arn = queue_in(localstack)
    rule, source = fresh("rule"), fresh("source")
    events.put_rule(Name=rule, EventPattern=f'{{"source": ["{source}"]}}')
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue_arn, "InputPath": "$.detail"}])

    events.put_events(Entries=[{"Source": source, "DetailType": "any", "Detail": '{"n": 1}'}])

    assert received(localstack, queue_url).replace(" ", "") == '{"n":1}'


def call_iam(localstack: LocalStack) -> None:
    """A role is kept."""
    iam = localstack.client("iam")
    name = fresh("role")
    created = iam.create_role(RoleName=name, AssumeRolePolicyDocument='{"Version": "2012-10-17"}')["Role"]

    assert (
        iam.get_role(RoleName=name)["Role"]["Arn"]
        == created["Arn"]
        == f"arn:aws:iam::000000000000:role/{name}"
    )


def call_kms(localstack: LocalStack) -> None:
    """What a key encrypts, it decrypts."""
    kms = localstack.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]

    assert b"secret" not in sealed
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"


def call_logs(localstack: LocalStack) -> None:
    """A logged line is found again."""
    logs = localstack.client("logs")
    group = {"logGroupName": fresh("/aws/sagemaker/TrainingJobs")}
    stream = group | {"logStreamName": "algo-1"}
    logs.create_log_group(**group)
    logs.create_log_stream(**stream)
    now = int(time.time() * 1000)
    lines = [{"timestamp": now, "message": "validation:auc=0.93;"}, {"timestamp": now, "message": "done"}]
    logs.put_log_events(**stream, logEvents=lines)

    told = [line["message"] for line in lines]
    assert [event["message"] for event in logs.get_log_events(**stream)["events"]] == told
    assert [event["message"] for event in logs.filter_log_events(**group)["events"]] == told


def call_s3(localstack: LocalStack) -> None:
    """An object comes back as it was put."""
    s3 = localstack.client("s3")
    name = bucket_in(localstack)
    s3.put_object(Bucket=name, Key="train/part-0.csv", Body=b"1,0.5\n")

    assert s3.get_object(Bucket=name, Key="train/part-0.csv")["Body"].read() == b"1,0.5\n"


def call_secretsmanager(localstack: LocalStack) -> None:
    """A secret is kept."""
    secretsmanager = localstack.client("secretsmanager")
    name = fresh("secret")
    secretsmanager.create_secret(Name=name, SecretString="sesame")

    assert secretsmanager.get_secret_value(SecretId=name)["SecretString"] == "sesame"


def call_sns(localstack: LocalStack) -> None:
    """A message published to a topic reaches the queue that is subscribed to it."""
    sns = localstack.client("sns")
    queue_url, queue_arn = queue_in(localstack)
    topic = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes=raw)

    sns.publish(TopicArn=topic, Message="approved")

    assert received(localstack, queue_url) == "approved"


def call_sqs(localstack: LocalStack) -> None:
    """A message comes back as it was sent, once."""
    queue_url, _ = queue_in(localstack)
    sqs = localstack.client("sqs")
    sqs.send_message(QueueUrl=queue_url, MessageBody="first")

    assert received(localstack, queue_url) == "first"
    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)


def call_ssm(localstack: LocalStack) -> None:
    """A sealed parameter is kept, and opened on request only."""
    ssm = localstack.client("ssm")
    name = fresh("/slipway/parameter")
    ssm.put_parameter(Name=name, Value="sesame", Type="SecureString")

    assert ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "sesame"
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] != "sesame"


def call_stepfunctions(localstack: LocalStack) -> None:
    """A state machine sends a message and ends."""
    queue_url, _ = queue_in(localstack)
    definition = f"""{{"StartAt": "Send", "States": {{"Send": {{
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true,
        "Parameters": {{"QueueUrl": "{queue_url}", "MessageBody.$": "$.text"}}}}}}}}"""

    execution = finished_execution(localstack, definition, '{"text": "from a state machine"}')

    assert execution["status"] == "SUCCEEDED", execution
    assert received(localstack, queue_url) == "from a state machine"


def call_sts(localstack: LocalStack) -> None:
    """The caller is LocalStack's default account, and may be somebody else."""
    sts = localstack.client("sts")

    assert sts.get_caller_identity()["Account"] == "000000000000"
    assumed = sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="session")
    assert assumed["AssumedRoleUser"]["Arn"].endswith(":assumed-role/any/session")
    assert assumed["Credentials"]["SessionToken"]


CALLS: dict[str, Callable[[LocalStack], None]] = {
    "apigateway": call_apigateway,
    "cloudformation": call_cloudformation,
    "cloudwatch": call_cloudwatch,
    "events": call_events,
    "iam": call_iam,
    "kms": call_kms,
    "logs": call_logs,
    "s3": call_s3,
    "secretsmanager": call_secretsmanager,
    "sns": call_sns,
    "sqs": call_sqs,
    "ssm": call_ssm,
    "stepfunctions": call_stepfunctions,
    "sts": call_sts,
}
