"""AWS's event streams: application/vnd.amazon.eventstream (Smithy, "Amazon Event Stream specification")."""

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping

from botocore.model import StructureShape

from slipway.resources.document import Document

EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream"
# Two lengths and their check, and the check of the whole.
FRAME_BYTES = 16
STRING = 7


def encoded(shape: StructureShape, events: Iterable[Document]) -> Iterator[bytes]:
    """A message for each event; an event is its name, as `shape` has it, and what it holds."""
    for event in events:
        ((name, content),) = event.items()
        member = shape.members[name]
        if member.metadata.get("exception"):
            headers = {
                ":message-type": "exception",
                ":exception-type": name,
                ":content-type": "application/json",
            }
            yield message(headers, json.dumps(content).encode())
            continue
        payload = next(
            (each for each, inner in member.members.items() if inner.serialization.get("eventpayload")), None
        )
        headers = {":message-type": "event", ":event-type": name, ":content-type": "application/octet-stream"}
        yield message(headers, content[payload] if payload else json.dumps(content).encode())


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message with headers of text."""
    head = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    prelude = struct.pack("!II", FRAME_BYTES + len(head) + len(payload), len(head))
    checked = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + payload
    return checked + struct.pack("!I", zlib.crc32(checked))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack("!B", len(name)) + name + struct.pack("!BH", STRING, len(value)) + value
