"""What a request holds, and what no client of AWS sends."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from slipway.errors import SerializationException
from slipway.protocol.call import HttpRequest
from slipway.protocol.parsing import parse_json, parse_rest
from slipway.protocol.service_model import SAGEMAKER, ServiceModels
from slipway.resources.document import Document

MODELS = ServiceModels()


def parsed(operation_name: str, body: bytes) -> Document:
    operation = MODELS.operation(SAGEMAKER, operation_name)
    assert operation is not None
    return parse_json(operation, body)


def parsed_member(operation_name: str, **members: Any) -> Document:
    return parsed(operation_name, json.dumps(members).encode())


def routed(method: str, path: str, **more: Any) -> Document:
    found = MODELS.match(method, path)
    assert found is not None
    route, labels = found
    return parse_rest(route.operation, HttpRequest(method, path, **more), labels)


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock on the wall is nine hours ahead."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def test_an_empty_body_asks_for_nothing() -> None:
    assert parsed("ListModels", b"") == {}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"no json", id="text"),
        pytest.param(b"<html></html>", id="html"),
        pytest.param(b'{"MaxResults": 1', id="cut short"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"text"', id="string"),
        pytest.param(b'{"MaxResults": NaN}', id="NaN"),
        pytest.param(b'{"MaxResults": Infinity}', id="infinity"),
        pytest.param(b'{"NameContains": "\xff"}', id="no UTF-8"),
        pytest.param(b"[" * 200_000, id="nested without end"),
        pytest.param(b'{"MaxResults": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(SerializationException):
        parsed("ListModels", body)


@pytest.mark.parametrize(
    ("operation", "members", "told"),
    [
        ("ListModels", {"NameContains": 1}, "NUMBER_VALUE can not be converted to String (NameContains)"),
        ("ListModels", {"NameContains": True}, "TRUE_VALUE can not be converted to String (NameContains)"),
        ("ListModels", {"NameContains": False}, "FALSE_VALUE can not be converted to String (NameContains)"),
        ("ListModels", {"NameContains": [""]}, "START_ARRAY can not be converted to String (NameContains)"),
        ("ListModels", {"MaxResults": "5"}, "STRING_VALUE can not be converted to Integer (MaxResults)"),
        ("ListModels", {"MaxResults": 1.5}, "DECIMAL_VALUE can not be converted to Integer (MaxResults)"),
        ("ListModels", {"MaxResults": 2**31}, "NUMBER_VALUE can not be converted to Integer (MaxResults)"),
        ("ListModels", {"MaxResults": True}, "TRUE_VALUE can not be converted to Integer (MaxResults)"),
        ("ListModels", {"CreationTimeAfter": "soon"}, "STRING_VALUE can not be converted to Timestamp"),
        ("ListModels", {"CreationTimeAfter": {}}, "START_OBJECT can not be converted to Timestamp"),
        ("CreateModel", {"Tags": {}}, "START_OBJECT can not be converted to java.util.List (Tags)"),
        ("CreateModel", {"Tags": [None]}, "NULL_VALUE can not be converted to structure (Tags)"),
        ("CreateModel", {"PrimaryContainer": []}, "START_ARRAY can not be converted to structure"),
        ("CreateTrainingJob", {"HyperParameters": "x"}, "STRING_VALUE can not be converted to java.util.Map"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_member(
    operation: str, members: dict[str, Any], told: str
) -> None:
    with pytest.raises(SerializationException) as refused:
        parsed_member(operation, **members)

    assert told in str(refused.value)


@pytest.mark.parametrize("text", ["\\ud800", "a\\udfff"])
def test_half_a_character_is_refused_for_nobody_could_store_it(text: str) -> None:
    for body in (f'{{"NameContains": "{text}"}}', f'{{"HyperParameters": {{"{text}": "1"}}}}'):
        operation = "ListModels" if "NameContains" in body else "CreateTrainingJob"
        with pytest.raises(SerializationException, match="Unicode"):
            parsed(operation, body.encode())


def test_a_member_that_is_null_is_as_good_as_absent() -> None:
    assert parsed_member("ListModels", NameContains=None, MaxResults=3) == {"MaxResults": 3}


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert parsed_member("ListModels", MaxResults=5.0) == {"MaxResults": 5}


@pytest.mark.parametrize("text", ["2024-05-01T12:00:00Z", "2024-05-01T12:00:00", "2024-05-01T14:00:00+02:00"])
def test_a_time_without_an_offset_is_utc_wherever_this_runs(text: str, in_tokyo: None) -> None:
    got = parsed_member("ListModels", CreationTimeAfter=text)

    assert got == {"CreationTimeAfter": datetime(2024, 5, 1, 12, tzinfo=UTC).timestamp()}


def test_path_headers_and_body_of_an_invocation_are_its_parameters() -> None:
    got = routed(
        "POST",
        "/endpoints/churn%2Fx/invocations",
        headers={"content-type": "text/csv", "x-amzn-sagemaker-target-variant": "blue", "host": "x"},
        body=b"\xff\x00raw",
    )

    assert got == {
        "EndpointName": "churn/x",
        "Body": b"\xff\x00raw",
        "ContentType": "text/csv",
        "TargetVariant": "blue",
    }


def test_repeated_names_in_a_query_are_a_list() -> None:
    got = routed(
        "GET",
        "/FeatureGroup/clients",
        query="RecordIdentifierValueAsString=4+2&FeatureName=a&FeatureName=b%26",
    )

    assert got == {
        "FeatureGroupName": "clients",
        "RecordIdentifierValueAsString": "4 2",
        "FeatureNames": ["a", "b&"],
    }


def test_a_time_in_a_query_is_one() -> None:
    path = "/2025-12-01/functions/rows/durable-executions"

    assert routed("GET", path, query="StartedAfter=2000-01-01T00%3A00%3A00Z") == {
        "FunctionName": "rows",
        "StartedAfter": datetime(2000, 1, 1, tzinfo=UTC).timestamp(),
    }
    with pytest.raises(SerializationException):
        routed("GET", path, query="StartedAfter=soon")


@pytest.mark.parametrize("seconds", ["soon", "٣", "99999999999"])
def test_a_number_in_a_header_that_is_none_is_refused(seconds: str) -> None:
    with pytest.raises(SerializationException):
        routed(
            "POST",
            "/endpoints/churn/async-invocations",
            headers={"x-amzn-sagemaker-invocationtimeoutseconds": seconds},
        )


def test_a_rest_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(SerializationException):
        routed("PUT", "/FeatureGroup/clients", body=b"[1]")


def test_no_operation_is_at_another_path_or_method() -> None:
    assert MODELS.match("GET", "/endpoints/churn/invocations") is None
    assert MODELS.match("POST", "/endpoints/churn/invocations/") is None
    assert MODELS.match("POST", "/endpoints//invocations") is None
