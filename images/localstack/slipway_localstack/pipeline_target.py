"""EventBridge's target that is a pipeline of SageMaker: an event that matches starts an execution."""

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from jsonpath_rw import parse
from localstack.aws.api.events import SageMakerPipelineParameter
from localstack.services.events.models import FormattedEvent, ValidationException
from localstack.services.events.target import Target, TargetSender
from localstack.utils.aws.request_context import mock_aws_request_headers
from localstack.utils.xray.trace_header import TraceHeader

from slipway_localstack.deliveries import DeliveryError, identity_of, is_transient
from slipway_localstack.emulator import Answer
from slipway_localstack.forwarding import ask_the_emulator, log_answer
from slipway_localstack.routing import TARGET_PREFIX

PIPELINE_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}:pipeline/([A-Za-z0-9](-*[A-Za-z0-9]){0,255})"
)
# EventBridge's own, in its model: SageMaker allows an underscore in a parameter's name, a target does not.
PARAMETER_NAME = "^[a-zA-Z0-9](-*[a-zA-Z0-9])*$"
START = f"{TARGET_PREFIX}StartPipelineExecution"


class PipelineTargetSender(TargetSender):
    """Starts one execution of the target's pipeline for an event, however often that is delivered.

    The target's parameters are what its execution is given: texts as they are, and where one begins
    with `$` what that path finds in the event. Input, InputPath and InputTransformer are other
    targets' (API reference, Target).
    """

    def send_event(self, event: FormattedEvent, trace_header: TraceHeader) -> None:
        """The same as `process_event`."""
        self.process_event(event, trace_header)

    def process_event(self, event: FormattedEvent, trace_header: TraceHeader) -> None:  # noqa: ARG002
        """Start an execution. Raises DeliveryError."""
        request = {
            "PipelineName": self._pipeline_name,
            "PipelineParameters": [
                {"Name": name, "Value": value(event)} for name, value in self._parameters.items()
            ],
            "ClientRequestToken": request_token(event, self.unique_id),
        }
        headers = mock_aws_request_headers("sagemaker", self.target_account_id, self.target_region)
        headers |= {"X-Amz-Target": START, "Content-Type": "application/x-amz-json-1.1"}
        answer = ask_the_emulator()("POST", "/", headers.items(), json.dumps(request).encode())
        log_answer("POST", "/", START, answer)
        if answer.error_code:
            raise refused(answer)

    def _validate_input(self, target: Target) -> None:
        """Read the target. Raises ValidationException in EventBridge's words."""
        super()._validate_input(target)
        pipeline = PIPELINE_ARN.fullmatch(target["Arn"])
        if pipeline is None:
            raise ValidationException(
                f"Parameter {target['Arn']} is not valid. Reason: SageMaker's only targets are pipelines."
            )
        if not target.get("RoleArn"):
            raise ValidationException(f"RoleArn is required for target {target['Arn']}.")
        self._pipeline_name = pipeline[1]
        listed = (target.get("SageMakerPipelineParameters") or {}).get("PipelineParameterList") or []
        self._parameters = {
            checked_name(number, parameter): reader_of(parameter)
            for number, parameter in enumerate(listed, start=1)
        }


def checked_name(number: int, parameter: SageMakerPipelineParameter) -> str:
    """The name of a target's parameter. Raises ValidationException for one that EventBridge does not take."""
    name: str = parameter["Name"]
    if not re.fullmatch(PARAMETER_NAME, name):
        raise ValidationException(
            f"1 validation error detected: Value '{name}' at 'targets.1.member.sageMakerPipelineParameters."
            f"pipelineParameterList.{number}.member.name' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {PARAMETER_NAME}"
        )
    return name


def reader_of(parameter: SageMakerPipelineParameter) -> Callable[[FormattedEvent], str]:
    """Gives a parameter's value for an event. Raises ValidationException for a path that is none."""
    text: str = parameter["Value"]
    if not text.startswith("$"):
        return lambda _: text
    try:
        path = parse(text)
    except Exception as error:  # The library raises nothing narrower.
        raise ValidationException(
            f"Invalid JSONPath '{text}' of pipeline parameter {parameter['Name']}."
        ) from error

    def read(event: FormattedEvent) -> str:
        found = [match.value for match in path.find(event)]
        if not found:
            raise DeliveryError(
                "INVALID_PARAMETER",
                f"pipeline parameter {parameter['Name']}: nothing is at {text} in event {identity_of(event)}",
            )
        return as_text(found[0] if len(found) == 1 else found)

    return read


def as_text(value: Any) -> str:
    """A value as a pipeline's parameter has it: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def request_token(event: FormattedEvent, target: str) -> str:
    """The same for the same event at the same target of the same rule; 64 characters."""
    identity = identity_of(event) or uuid.uuid4()
    return hashlib.sha256(f"{identity} {target}".encode()).hexdigest()


def refused(answer: Answer) -> DeliveryError:
    """An answer that is an error, as what became of a delivery."""
    try:
        message = json.loads(answer.body).get("message", "")
    except ValueError:
        message = answer.body.decode("utf-8", "replace")
    return DeliveryError(str(answer.error_code), message, is_transient(answer.status))
