"""Property: whatever an operation answers, botocore's own parser reads it without loss; refusals as well."""

import io
import json
from typing import Any

import pytest
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel, StructureShape
from botocore.parsers import create_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slipway import errors
from slipway.protocol.call import HttpAnswer
from slipway.protocol.dispatch import error_answer
from slipway.protocol.serializing import json_answer, rest_answer
from slipway.protocol.service_model import REST_SERVICES, RUNTIME, SAGEMAKER, ServiceModels
from slipway.resources.document import Document

from tests.support.model_values import sent, values

MODELS = ServiceModels()
# An answer that streams is written by the runtime itself.
OPERATIONS = [
    operation
    for service in (SAGEMAKER, *REST_SERVICES)
    for operation in MODELS.operations(service)
    if operation.output_shape is not None and not operation.has_event_stream_output
]
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def read(operation: OperationModel, answer: HttpAnswer) -> dict[str, Any]:
    """The answer as a client of AWS sees it."""
    parser = create_parser(operation.service_model.metadata["protocol"])
    # A body of bytes is handed to clients as a stream, which the parser leaves alone.
    body = io.BytesIO(answer.body) if operation.has_streaming_output else answer.body
    headers = HTTPHeaders.from_dict(answer.headers)
    response = {"status_code": answer.status, "headers": headers, "body": body, "context": {}}
    parsed: dict[str, Any] = parser.parse(response, operation.output_shape)
    if operation.has_streaming_output:
        payload = operation.output_shape.serialization["payload"]
        parsed[payload] = parsed[payload].read()
    del parsed["ResponseMetadata"]
    return parsed


def always_there(operation: OperationModel) -> Document:
    """What a client sees whether it was answered or not: a stream, and the answer's own HTTP status."""
    shape = operation.output_shape
    status = [
        name for name, one in shape.members.items() if one.serialization.get("location") == "statusCode"
    ]
    found: Document = dict.fromkeys(status, operation.http.get("responseCode", 200))
    return {shape.serialization["payload"]: b"", **found} if operation.has_streaming_output else found


def written(operation: OperationModel, document: Document) -> HttpAnswer:
    is_json = operation.service_model.metadata["protocol"] == "json"
    return (json_answer if is_json else rest_answer)(operation, document, "request-1")


@settings(deadline=None, max_examples=300, suppress_health_check=SLOW)
@given(st.data())
def test_botocore_reads_what_is_written(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS))
    assert isinstance(operation.output_shape, StructureShape)
    answer = data.draw(values(operation.output_shape))
    always = always_there(operation)
    answer |= {name: value for name, value in always.items() if name in answer and isinstance(value, int)}

    # Documents hold times as seconds, which is also how a request's times arrive.
    got = read(operation, written(operation, sent(operation.output_shape, answer)))

    assert got == {**always, **answer}


@settings(deadline=None, max_examples=50, suppress_health_check=SLOW)
@given(st.data())
def test_what_the_model_does_not_know_or_is_none_does_not_leave(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from([one for one in OPERATIONS if not one.has_streaming_output]))
    assert isinstance(operation.output_shape, StructureShape)
    document = sent(operation.output_shape, data.draw(values(operation.output_shape)))

    answer = written(operation, {**document, "OurOwnAffair": 1, **dict.fromkeys(["Another"], None)})

    assert answer.body == written(operation, document).body


def refusals() -> list[errors.ServiceError]:
    """One of every refusal that there is."""
    special: dict[type, errors.ServiceError] = {
        errors.NotImplementedHere: errors.NotImplementedHere(SAGEMAKER, "CreateApp"),
        errors.ModelError: errors.ModelError("failed", 500, "the container's words", "arn:aws:logs:x"),
    }
    return [special.get(kind) or kind("Größe\n\ud800") for kind in errors.ServiceError.__subclasses__()]


@pytest.mark.parametrize("error", refusals(), ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("service", [SAGEMAKER, RUNTIME])
def test_botocore_reads_code_message_and_status_of_every_refusal(
    service: str, error: errors.ServiceError
) -> None:
    operation = MODELS.operation(service, "ListModels" if service == SAGEMAKER else "InvokeEndpoint")
    assert operation is not None
    answer = error_answer(error, "request-1", is_json=service == SAGEMAKER)
    parser = create_parser(operation.service_model.metadata["protocol"])

    parsed = parser.parse(
        {"status_code": answer.status, "headers": answer.headers, "body": answer.body}, operation.output_shape
    )

    assert parsed["Error"]["Code"] == error.code
    assert parsed["Error"]["Message"] == str(error)
    assert parsed["ResponseMetadata"]["HTTPStatusCode"] == error.status >= 400
    assert parsed["ResponseMetadata"]["RequestId"] == "request-1"
    assert json.loads(answer.body)


def test_a_models_error_brings_what_the_container_said() -> None:
    error = errors.ModelError("failed", 503, "x" * 5000, "arn:aws:logs:x")
    shape = MODELS.operation(RUNTIME, "InvokeEndpoint")
    assert shape is not None

    body = json.loads(error_answer(error, "request-1", is_json=False).body)

    # The model allows 1,024 * 2 characters of OriginalMessage.
    assert body["OriginalStatusCode"] == 503
    assert body["OriginalMessage"] == "x" * 2048
    assert body["LogStreamArn"] == "arn:aws:logs:x"
