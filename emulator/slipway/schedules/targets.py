"""What a schedule asks of its target: an operation of a service, and its parameters.

EventBridge Scheduler User Guide, "Using templated targets" and "Using universal targets".
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel

from slipway.errors import NotServedHere, ValidationException
from slipway.resources.document import Document
from slipway.resources.resource import Owner

SAGEMAKER, LAMBDA, EVENTS = "sagemaker", "lambda", "events"
# What answers within this process; the others are beside it.
OWN_SERVICES = frozenset({SAGEMAKER, LAMBDA})
ARN = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):([0-9]{12}|):(.+)", re.DOTALL)
UNIVERSAL = re.compile(r"aws-sdk:([A-Za-z0-9-]+):([A-Za-z0-9]+)")
# By the name in a universal target's ARN: that of the service's model.
UNIVERSAL_SERVICES = {
    "sqs": "sqs",
    "sns": "sns",
    "eventbridge": EVENTS,
    "lambda": LAMBDA,
    "sagemaker": SAGEMAKER,
}
# "Unsupported actions" of the guide: what only reads has no place in a schedule.
READING = (
    *("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup"),
    *("discover", "validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet"),
    *("adminList", "testMigration", "retrieve", "testConnection", "translateDocument", "isAuthorized"),
    "invokeModel",
)
SERVED = (
    "SageMaker pipelines, Lambda functions, SQS queues, SNS topics and event buses, and universal targets "
    f"of {', '.join(sorted(UNIVERSAL_SERVICES))}"
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a target may be told of the firing that it is called for.

    `token` is the same for each attempt of one firing and for no other firing;
    `scheduled_time` and `time` are as events write them: 2022-03-22T18:59:43Z.
    """

    schedule_arn: str
    owner: Owner
    scheduled_time: str
    time: str
    execution_id: str
    attempt: int
    token: str


@dataclass(frozen=True, slots=True)
class Request:
    """A call of an operation, by the names of botocore's models, on behalf of `owner`."""

    service: str
    operation: str
    owner: Owner
    document: Document


def check_target(target: Document) -> None:
    """Raise ValidationException for a target that nobody can call, NotServedHere for one that we cannot."""
    builder, text = _builder_of(target), target.get("Input")
    if text is None:
        return
    if builder is _universal and not isinstance(_json(text), dict):
        raise ValidationException(f"Invalid Input: {target['Arn']} takes its parameters as a JSON object.")
    if builder in (_function, _bus) and _json(text) is None:
        raise ValidationException(f"Invalid Input: the target {target['Arn']} takes well-formed JSON.")


def request_of(target: Document, occasion: Occasion) -> Request:
    """The call that a target stands for, on one occasion."""
    return _builder_of(target)(target, occasion)


def is_beside_us(target: Document) -> bool:
    """Whether a target is of a service that does not answer within this process."""
    arn = target["Arn"]
    if universal := UNIVERSAL.fullmatch(arn.rpartition(":::")[2]):
        return UNIVERSAL_SERVICES[universal[1]] not in OWN_SERVICES
    return arn.split(":")[2] not in OWN_SERVICES


# -- which target it is -------------------------------------------------------

Builder = Callable[[Document, Occasion], Request]


def _builder_of(target: Document) -> Builder:
    found = ARN.fullmatch(target["Arn"])
    if found is None:
        raise ValidationException(f"Provided Arn is not in correct format: {target['Arn']}")
    service, _region, _account, rest = found.groups()
    if service == "scheduler":
        _check_universal(target["Arn"], rest)
        return _universal
    for name, form, builder in _TEMPLATED:
        if service == name and re.fullmatch(form, rest):
            if service == EVENTS and "EventBridgeParameters" not in target:
                raise ValidationException(
                    "EventBridgeParameters is required where the target is an event bus."
                )
            return builder
    raise NotServedHere(f"Slipway's control plane cannot call {target['Arn']}; it can call {SERVED}.")


def _check_universal(arn: str, rest: str) -> None:
    found = UNIVERSAL.fullmatch(rest)
    if found is None:
        raise ValidationException(f"Provided Arn is not in correct format: {arn}")
    service, action = found.groups()
    if any(action.startswith(prefix) for prefix in READING):
        raise ValidationException(f"{arn} is not supported: a schedule cannot call what only reads.")
    if service not in UNIVERSAL_SERVICES:
        raise NotServedHere(f"Slipway's control plane cannot call {arn}; it can call {SERVED}.")
    if action.lower() not in _operations(UNIVERSAL_SERVICES[service]):
        raise ValidationException(f"{arn} is not supported: {service} has no action {action}.")


@cache
def _operations(service: str) -> Mapping[str, str]:
    """The operations of a service by their names in lower case, as ARNs have the first letter of them."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    return {name.lower(): name for name in model.operation_names}


def _owner_of(arn: str) -> Owner:
    _, _, _, region, account_id, *_ = arn.split(":")
    return Owner(account_id, region)


# -- the calls ----------------------------------------------------------------


def _pipeline(target: Document, occasion: Occasion) -> Request:
    parameters = target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
    document: Document = {"PipelineName": target["Arn"], "ClientRequestToken": occasion.token}
    if parameters:
        document["PipelineParameters"] = parameters
    return Request(SAGEMAKER, "StartPipelineExecution", _owner_of(target["Arn"]), document)


def _function(target: Document, occasion: Occasion) -> Request:
    document = {"FunctionName": target["Arn"], "InvocationType": "Event", "Payload": _input(target, occasion)}
    return Request(LAMBDA, "Invoke", _owner_of(target["Arn"]), document)


def _queue(target: Document, occasion: Occasion) -> Request:
    owner, name = _owner_of(target["Arn"]), target["Arn"].rpartition(":")[2]
    document: Document = {
        "QueueUrl": f"https://sqs.{owner.region}.amazonaws.com/{owner.account_id}/{name}",
        "MessageBody": _input(target, occasion),
    }
    group = target.get("SqsParameters", {}).get("MessageGroupId")
    if group is not None:
        # AWS leaves this to a queue that goes by the content; firings of one content that a moved
        # clock brings within five minutes would be one message to it.
        document |= {"MessageGroupId": group, "MessageDeduplicationId": occasion.token}
    return Request("sqs", "SendMessage", owner, document)


def _topic(target: Document, occasion: Occasion) -> Request:
    document = {"TopicArn": target["Arn"], "Message": _input(target, occasion)}
    return Request("sns", "Publish", _owner_of(target["Arn"]), document)


def _bus(target: Document, occasion: Occasion) -> Request:
    entry = {
        **target["EventBridgeParameters"],
        "EventBusName": target["Arn"],
        "Time": occasion.time,
        "Resources": [occasion.schedule_arn],
        "Detail": _input(target, occasion),
    }
    return Request(EVENTS, "PutEvents", _owner_of(target["Arn"]), {"Entries": [entry]})


def _universal(target: Document, occasion: Occasion) -> Request:
    _, service_name, action = target["Arn"].rpartition(":::")[2].split(":")
    service = UNIVERSAL_SERVICES[service_name]
    operation = _operations(service)[action.lower()]
    document = json.loads(_replaced(target.get("Input", "{}"), occasion))
    if operation == "StartPipelineExecution":
        # AWS's own clients make one up where there is none; this one is the same at every attempt.
        document = {"ClientRequestToken": occasion.token, **document}
    return Request(service, operation, occasion.owner, document)


_TEMPLATED: tuple[tuple[str, str, Builder], ...] = (
    (SAGEMAKER, r"pipeline/[^/]+", _pipeline),
    (LAMBDA, r"function:[^:]+(:[^:]+)?", _function),
    ("sqs", r"[A-Za-z0-9_-]+(\.fifo)?", _queue),
    ("sns", r"[A-Za-z0-9_-]+(\.fifo)?", _topic),
    (EVENTS, r"event-bus/.+", _bus),
)


# -- what they are told -------------------------------------------------------


def _input(target: Document, occasion: Occasion) -> str:
    """The target's Input, or the notification that AWS sends where it has none."""
    if "Input" in target:
        return _replaced(target["Input"], occasion)
    return json.dumps(
        {
            "version": "0",
            "id": occasion.execution_id,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": occasion.owner.account_id,
            "time": occasion.scheduled_time,
            "region": occasion.owner.region,
            "resources": [occasion.schedule_arn],
            "detail": "{}",
        }
    )


def _replaced(text: str, occasion: Occasion) -> str:
    """`text` with the words of "Adding context attributes" replaced."""
    values = {
        "schedule-arn": occasion.schedule_arn,
        "scheduled-time": occasion.scheduled_time,
        "execution-id": occasion.execution_id,
        "attempt-number": str(occasion.attempt),
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _json(text: str) -> object:
    """What JSON says; None where it is none."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found
