"""Property: what a client of AWS may send is understood; what it may not is refused in AWS's words."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.model import OperationModel, StructureShape
from botocore.serialize import create_serializer
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from slipway.errors import SerializationException, ValidationException
from slipway.protocol.call import HttpRequest
from slipway.protocol.parsing import parse_json, parse_rest
from slipway.protocol.service_model import REST_SERVICES, SAGEMAKER, ServiceModels
from slipway.protocol.validation import validate
from slipway.resources.document import Document

from tests.support.model_values import breaks, complaint_count, requests, sent
from tests.support.parity import documented

MODELS = ServiceModels()
OPERATIONS = [
    operation for service in (SAGEMAKER, *REST_SERVICES) for operation in MODELS.operations(service)
]
ANY_OPERATION = st.sampled_from(OPERATIONS)
IMPLEMENTED = [
    operation
    for operation in OPERATIONS
    if (operation.service_model.service_name, operation.name) in documented()
]


def thorough(examples: int) -> settings:
    """Big structures take long to draw, and every operation has one of its own."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(deadline=None, max_examples=examples, suppress_health_check=slow)


def understood(operation: OperationModel, parameters: dict[str, Any]) -> Document:
    """What comes out where botocore's own serializer puts `parameters` on the wire."""
    service = operation.service_model
    serialized = create_serializer(service.metadata["protocol"], False).serialize_to_request(
        parameters, operation
    )
    body = serialized["body"]
    # Where the model's address has a query of its own, botocore puts the parameters' behind it.
    path, _, literal = serialized["url_path"].partition("?")
    request = HttpRequest(
        serialized["method"],
        path,
        "&".join(filter(None, (literal, _query(serialized["query_string"])))),
        {name.lower(): value for name, value in serialized["headers"].items()},
        body.encode() if isinstance(body, str) else bytes(body or b""),
    )
    if service.metadata["protocol"] == "json":
        return parse_json(operation, request.body)
    found = MODELS.match(request.method, request.path, request.query)
    assert found is not None
    route, labels = found
    assert (route.service, route.operation.name) == (service.service_name, operation.name)
    return parse_rest(operation, request, labels)


def _query(pairs: Any) -> str:
    return urlencode(pairs, doseq=True)


def refusal(operation: OperationModel, parameters: Document) -> str:
    with pytest.raises(ValidationException) as refused:
        validate(operation, parameters)
    return str(refused.value)


def input_of(operation: OperationModel) -> StructureShape:
    assert isinstance(operation.input_shape, StructureShape)
    return operation.input_shape


def nothing_in_the_body(shape: StructureShape) -> Document:
    """What is understood of a body that is empty: a payload is always there."""
    payload = shape.serialization.get("payload")
    if payload is None:
        return {}
    return {payload: {} if isinstance(shape.members[payload], StructureShape) else b""}


def understood_as_meant(data: st.DataObject, operation: OperationModel) -> None:
    parameters = data.draw(requests(operation.input_shape))

    got = understood(operation, parameters)

    expected = sent(input_of(operation), parameters)
    assert got == nothing_in_the_body(input_of(operation)) | expected
    validate(operation, got)


@thorough(200)
@given(st.data())
def test_what_botocore_sends_is_understood_as_it_was_meant(data: st.DataObject) -> None:
    understood_as_meant(data, data.draw(ANY_OPERATION))


@pytest.mark.parametrize("operation", IMPLEMENTED, ids=lambda operation: operation.name)
@thorough(10)
@given(st.data())
def test_what_botocore_sends_to_what_is_implemented_is_understood(
    operation: OperationModel, data: st.DataObject
) -> None:
    understood_as_meant(data, operation)


def told_with_its_place(data: st.DataObject, operation: OperationModel) -> None:
    parameters = data.draw(requests(operation.input_shape))
    parsed = sent(input_of(operation), parameters)
    ways = list(breaks(input_of(operation), parsed))
    assume(ways)
    broken = data.draw(st.sampled_from(ways))

    broken.apply()

    message = refusal(operation, parsed)
    assert broken.complaint in message
    said, told = complaint_count(message)
    assert said == told


@thorough(200)
@given(st.data())
def test_whatever_is_wrong_is_told_with_its_place_and_its_constraint(data: st.DataObject) -> None:
    told_with_its_place(data, data.draw(ANY_OPERATION))


@pytest.mark.parametrize("operation", IMPLEMENTED, ids=lambda operation: operation.name)
@thorough(10)
@given(st.data())
def test_whatever_is_wrong_with_what_is_implemented_is_told(
    operation: OperationModel, data: st.DataObject
) -> None:
    told_with_its_place(data, operation)


@thorough(100)
@given(st.data())
def test_members_that_the_model_does_not_know_are_ignored(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(list(MODELS.operations(SAGEMAKER))))
    parameters = data.draw(requests(operation.input_shape))
    body = create_serializer("json", False).serialize_to_request(parameters, operation)["body"]
    assert isinstance(body, bytes)
    extended = {**json.loads(body), "NobodyKnowsThis": {"Deep": [1, None]}, "Nothing": None}

    got = parse_json(operation, json.dumps(extended).encode())

    assert got == parse_json(operation, body)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@thorough(300)
@given(st.data())
def test_any_json_value_in_any_place_is_taken_or_refused(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(list(MODELS.operations(SAGEMAKER))))
    parameters = data.draw(requests(operation.input_shape))
    body = create_serializer("json", False).serialize_to_request(parameters, operation)["body"]
    document = json.loads(body)
    places = list(_places(document))
    assume(places)
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(JSON_VALUES)

    # Anything else that is raised would be a fault of ours: InternalFailure, and ten retries.
    with suppress(SerializationException, ValidationException):
        validate(operation, parse_json(operation, json.dumps(document).encode()))


def _places(value: Any) -> Any:
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
