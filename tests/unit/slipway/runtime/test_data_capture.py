"""Captured lines and where they go, field by field."""

import base64
import json
from typing import Any

import pytest
from slipway.runtime.data_capture import Exchange, is_wanted, line, object_place

BOTH = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]
TYPES = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}
# 2024-01-19T20:06:08.062Z
MOMENT = 1705694768.062


def config(**changes: Any) -> dict[str, Any]:
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://bucket/capture",
        "CaptureOptions": BOTH,
        "CaptureContentTypeHeader": TYPES,
        **changes,
    }


def exchange(**changes: Any) -> Exchange:
    values: dict[str, Any] = {
        "event_id": "e-1",
        "time": MOMENT,
        "input_type": "text/csv",
        "input": b"1.0,2\n",
        "output_type": "text/csv; charset=utf-8",
        "output": b"0.91",
    }
    return Exchange(**values | changes)


def test_a_line_is_what_the_developer_guide_shows() -> None:
    captured = line(config(), exchange(inference_id="order-77", custom_attributes="k=v"))

    assert captured.endswith(b"\n")
    assert captured.count(b"\n") == 1
    # Developer guide, "Capture data from real-time endpoint", and the Model Monitor example notebooks.
    assert json.loads(captured) == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "1.0,2\n",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "text/csv; charset=utf-8",
                "mode": "OUTPUT",
                "data": "0.91",
                "encoding": "CSV",
            },
        },
        "eventMetadata": {
            "eventId": "e-1",
            "inferenceId": "order-77",
            "customAttributes": ["k=v"],
            "inferenceTime": "2024-01-19T20:06:08Z",
        },
        "eventVersion": "0",
    }


def test_what_was_not_supplied_is_left_out() -> None:
    metadata = json.loads(line(config(), exchange()))["eventMetadata"]

    assert set(metadata) == {"eventId", "inferenceTime"}


def test_json_is_captured_as_text() -> None:
    captured = json.loads(line(config(), exchange(input_type="application/json", input=b'{"a": 1}')))

    assert captured["captureData"]["endpointInput"]["data"] == '{"a": 1}'
    assert captured["captureData"]["endpointInput"]["encoding"] == "JSON"


@pytest.mark.parametrize(
    ("types", "content_type", "body"),
    [
        (TYPES, "application/x-npy", b"\x93NUMPY"),
        # API reference, CaptureContentTypeHeader: without any, everything is Base64.
        ({}, "text/csv", b"1,2"),
        (TYPES, "text/csv", b"\xff\xfe"),
        (TYPES, None, b"1,2"),
    ],
)
def test_everything_else_is_base64(types: dict[str, Any], content_type: str | None, body: bytes) -> None:
    captured = line(config(CaptureContentTypeHeader=types), exchange(input_type=content_type, input=body))

    side = json.loads(captured)["captureData"]["endpointInput"]
    assert side["encoding"] == "BASE64"
    assert base64.b64decode(side["data"]) == body


@pytest.mark.parametrize(
    ("modes", "sides"),
    [
        (["Input"], {"endpointInput"}),
        (["Output"], {"endpointOutput"}),
        (["InputAndOutput"], {"endpointInput", "endpointOutput"}),
    ],
)
def test_only_the_wanted_sides_are_captured(modes: list[str], sides: set[str]) -> None:
    captured = line(config(CaptureOptions=[{"CaptureMode": mode} for mode in modes]), exchange())

    assert set(json.loads(captured)["captureData"]) == sides


@pytest.mark.parametrize(
    ("changes", "draw", "wanted"),
    [
        ({}, 0.999, True),
        ({"InitialSamplingPercentage": 0}, 0.0, False),
        ({"InitialSamplingPercentage": 20}, 0.199, True),
        ({"InitialSamplingPercentage": 20}, 0.2, False),
        ({"EnableCapture": False}, 0.0, False),
    ],
)
def test_the_sampled_share_is_captured(changes: dict[str, Any], draw: float, wanted: bool) -> None:
    assert is_wanted(config(**changes), draw) is wanted


def test_without_a_configuration_nothing_is_captured() -> None:
    assert not is_wanted(None, 0.0)


@pytest.mark.parametrize("destination", ["s3://bucket/capture", "s3://bucket/capture/"])
def test_an_object_lies_in_the_folder_of_its_hour(destination: str) -> None:
    assert object_place(destination, "Churn", "AllTraffic", MOMENT, "u-1") == (
        "bucket",
        # <endpoint>/<variant>/yyyy/mm/dd/hh/MM-SS-mmm-<uuid>.jsonl, in UTC.
        "capture/Churn/AllTraffic/2024/01/19/20/06-08-062-u-1.jsonl",
    )


def test_a_bucket_alone_is_a_destination_too() -> None:
    assert object_place("s3://bucket", "e", "v", MOMENT, "u")[1] == "e/v/2024/01/19/20/06-08-062-u.jsonl"
