import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from localstack.services.providers import s3 as s3_of_localstack
from localstack.services.s3.notifications import NotificationDispatcher, S3EventNotificationContext
from slipway_localstack.object_events import ObjectEventNotifier
from slipway_localstack.providers import s3

AT = datetime(2026, 1, 1, tzinfo=UTC)


def entry(event: str = "s3:ObjectCreated:Put", key: str = "raw/people.csv", **changes: Any) -> dict[str, Any]:
    """What LocalStack's S3 tells EventBridge of an object; it gives the key escaped."""
    values: dict[str, Any] = {
        "request_id": "r",
        "event_type": event,
        "event_time": AT,
        "account_id": "000000000000",
        "region": "us-east-1",
        "bucket_name": "rows",
        "key_name": key,
        "xray": None,
        "bucket_location": "us-east-1",
        "bucket_account_id": "000000000000",
        "caller": "000000000000",
        "key_size": 8,
        "key_etag": "900150983cd24fb0d6963f7d28e17f72",
        "key_version_id": "v1",
        "key_expiry": None,
        "key_storage_class": "STANDARD",
    }
    told: dict[str, Any] = ObjectEventNotifier._get_event_payload(
        S3EventNotificationContext(**values | changes)
    )
    return told | {"Detail": json.loads(told["Detail"])}


def test_a_new_object_is_described() -> None:
    told = entry()

    described = told["Detail"]["object"]
    assert (told["Source"], told["DetailType"]) == ("aws.s3", "Object Created")
    assert told["Detail"]["bucket"] == {"name": "rows"}
    assert {name: described[name] for name in ("key", "size", "etag", "version-id")} == {
        "key": "raw/people.csv",
        "size": 8,
        "etag": "900150983cd24fb0d6963f7d28e17f72",
        "version-id": "v1",
    }


@pytest.mark.parametrize(
    ("escaped", "key"),
    [("raw/M%C3%A4rz%201.csv", "raw/März 1.csv"), ("a%2Bb", "a+b"), ("a%2520b", "a%20b")],
)
def test_a_key_is_as_it_was_put(escaped: str, key: str) -> None:
    assert entry(key=escaped)["Detail"]["object"]["key"] == key


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        # S3 user guide, event message structure for EventBridge, "reason".
        ("s3:ObjectCreated:Put", "PutObject"),
        ("s3:ObjectCreated:Post", "POST Object"),
        ("s3:ObjectCreated:Copy", "CopyObject"),
        ("s3:ObjectCreated:CompleteMultipartUpload", "CompleteMultipartUpload"),
        ("s3:ObjectRemoved:Delete", "DeleteObject"),
    ],
)
def test_the_reason_is_the_call(event: str, reason: str) -> None:
    assert entry(event)["Detail"]["reason"] == reason


def test_what_came_later_has_the_greater_sequencer() -> None:
    first, second = (
        entry(event_time=AT + timedelta(microseconds=each))["Detail"]["object"]["sequencer"]
        for each in (0, 1)
    )

    assert first < second
    assert int(first, 16) < int(second, 16)
    assert len(first) == len(second) == len("0062E99A88DC407460")


def test_localstacks_s3_tells_it_so_and_has_all_its_operations() -> None:
    ours = s3.factory().create_service().skeleton.dispatch_table

    assert ours.keys() == s3_of_localstack.factory().create_service().skeleton.dispatch_table.keys()
    assert isinstance(NotificationDispatcher.notifiers["EventBridgeConfiguration"], ObjectEventNotifier)
