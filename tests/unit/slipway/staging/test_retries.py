from collections.abc import Callable

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from slipway.staging.retries import DELAYS, StoreAwayError, is_temporary, patiently


def refused(status: int, code: str = "Any") -> ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetObject")


TEMPORARY = [
    EndpointConnectionError(endpoint_url="http://s3"),
    ConnectTimeoutError(endpoint_url="http://s3"),
    ReadTimeoutError(endpoint_url="http://s3"),
    ResponseStreamingError(error="reset"),
    IncompleteReadError(actual_bytes=1, expected_bytes=2),
    refused(503, "SlowDown"),
    refused(500, "InternalError"),
    refused(400, "RequestTimeout"),
]
FINAL = [
    refused(404, "NoSuchKey"),
    refused(403, "AccessDenied"),
    refused(501, "NotImplemented"),
    NoCredentialsError(),
]


@pytest.mark.parametrize("error", TEMPORARY, ids=repr)
def test_it_may_succeed_later(error: Exception) -> None:
    assert is_temporary(error)


@pytest.mark.parametrize("error", FINAL, ids=repr)
def test_it_will_never_succeed(error: Exception) -> None:
    assert not is_temporary(error)


def failing(times: int, error: Exception) -> Callable[[], int]:
    """A call that fails some times and then returns how often it was made."""
    calls = 0

    def call() -> int:
        nonlocal calls
        calls += 1
        if calls <= times:
            raise error
        return calls

    return call


def test_a_call_that_succeeds_waits_for_nothing() -> None:
    waited: list[float] = []

    assert patiently(failing(0, refused(503)), waited.append) == 1
    assert waited == []


def test_a_call_is_made_again_until_it_succeeds() -> None:
    waited: list[float] = []

    assert patiently(failing(3, refused(503)), waited.append) == 4
    assert waited == [0.25, 0.5, 1.0]


def test_a_refusal_is_not_asked_again() -> None:
    waited: list[float] = []

    with pytest.raises(ClientError, match="NoSuchKey"):
        patiently(failing(1, refused(404, "NoSuchKey")), waited.append)
    assert waited == []


def test_patience_outlasts_half_a_minute_and_ends() -> None:
    waited: list[float] = []

    with pytest.raises(StoreAwayError):
        patiently(failing(1000, refused(503)), waited.append)
    assert 60 < sum(waited) < 180
    assert len(waited) == len(DELAYS)
