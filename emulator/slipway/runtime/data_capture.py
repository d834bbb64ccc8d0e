"""What data capture writes of a request: one line of JSON, whatever the body holds.

Developer guide, "Capture data from real-time endpoint".
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

from slipway.resources.document import Document, without_empty

Mode = Literal["INPUT", "OUTPUT"]
# json.dumps would make one anew for each line.
_TEXT_OF = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, as the caller saw them."""

    event_id: str
    time: float
    input_type: str | None
    input: bytes
    output_type: str | None
    output: bytes
    inference_id: str | None = None
    custom_attributes: str | None = None


def is_wanted(config: Document | None, draw: float) -> bool:
    """Whether to capture a request; `draw` is from 0 up to but not including 1."""
    if config is None or not config.get("EnableCapture", True):
        return False
    sampling: int = config["InitialSamplingPercentage"]
    return draw * 100 < sampling


def line(config: Document, exchange: Exchange) -> bytes:
    """The line of one exchange, with its end."""
    modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
    types = config.get("CaptureContentTypeHeader", {})
    captured: Document = {}
    if modes & {"Input", "InputAndOutput"}:
        captured["endpointInput"] = _side(types, "INPUT", exchange.input_type, exchange.input)
    if modes & {"Output", "InputAndOutput"}:
        captured["endpointOutput"] = _side(types, "OUTPUT", exchange.output_type, exchange.output)
    moment = datetime.fromtimestamp(exchange.time, UTC)
    record = {
        "captureData": captured,
        "eventMetadata": without_empty(
            {
                "eventId": exchange.event_id,
                "inferenceId": exchange.inference_id,
                "customAttributes": [exchange.custom_attributes] if exchange.custom_attributes else None,
                "inferenceTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        ),
        "eventVersion": "0",
    }
    return _TEXT_OF(record).encode() + b"\n"


def object_place(
    destination: str, endpoint_name: str, variant_name: str, time: float, object_id: str
) -> tuple[str, str]:
    """Bucket and key of the object that begins at `time`; its folder is that hour's."""
    parts = urlsplit(destination)
    moment = datetime.fromtimestamp(time, UTC)
    prefix = parts.path.strip("/")
    name = f"{moment:%M-%S}-{moment.microsecond // 1000:03d}-{object_id}.jsonl"
    hour = f"{moment:%Y/%m/%d/%H}"
    return parts.netloc, "/".join(filter(None, [prefix, endpoint_name, variant_name, hour, name]))


def _side(types: Document, mode: Mode, content_type: str | None, body: bytes) -> Document:
    encoding, data = _encoded(types, content_type, body)
    return without_empty(
        {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}
    )


def _encoded(types: Document, content_type: str | None, body: bytes) -> tuple[str, str]:
    """Text of the listed types as it is, everything else in Base64, as everything is where none is listed."""
    for encoding, member in (("CSV", "CsvContentTypes"), ("JSON", "JsonContentTypes")):
        if _is_listed(content_type, types.get(member, ())):
            try:
                return encoding, body.decode("utf-8")
            except UnicodeDecodeError:
                break
    return "BASE64", base64.b64encode(body).decode("ascii")


def _is_listed(content_type: str | None, listed: Sequence[str]) -> bool:
    if content_type is None:
        return False
    bare = content_type.partition(";")[0].strip().lower()
    return bare in {item.lower() for item in listed}
