"""Answers as the service's model shapes them: members it does not know never leave."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from slipway.protocol.call import HttpAnswer
from slipway.protocol.event_stream import EVENT_STREAM_TYPE, encoded
from slipway.resources.document import Document

JSON_TYPE = "application/x-amz-json-1.1"


def json_answer(operation: OperationModel, document: Document, request_id: str) -> HttpAnswer:
    """A JSON 1.1 answer."""
    shape = operation.output_shape
    shaped = shaped_structure(shape, document) if isinstance(shape, StructureShape) else None
    body = b"" if shaped is None else json.dumps(shaped).encode()
    return HttpAnswer(200, {"content-type": JSON_TYPE, "x-amzn-requestid": request_id}, body)


def rest_answer(operation: OperationModel, document: Document, request_id: str) -> HttpAnswer:
    """A REST-JSON answer: members go to headers, or are the body, as the model says."""
    headers = {"x-amzn-requestid": request_id}
    shape = operation.output_shape
    status = int(operation.http.get("responseCode", 200))
    if not isinstance(shape, StructureShape):
        return HttpAnswer(status, headers)
    payload = shape.serialization.get("payload")
    body_members = {}
    for name, member in shape.members.items():
        if document.get(name) is None:
            continue
        location = member.serialization.get("location")
        wire_name = member.serialization.get("name", name)
        if location == "header":
            headers[wire_name.lower()] = str(document[name])
        elif location == "statusCode":
            status = document[name]
        elif location is None and name != payload:
            body_members[wire_name] = _shaped(member, document[name])
    if payload is not None:
        member = shape.members[payload]
        if isinstance(member, StructureShape) and member.serialization.get("eventstream"):
            headers["content-type"] = EVENT_STREAM_TYPE
            return HttpAnswer(status, headers, parts=encoded(member, document[payload]))
        return HttpAnswer(status, headers, document.get(payload) or b"")
    headers["content-type"] = "application/json"
    return HttpAnswer(status, headers, json.dumps(body_members).encode())


def shaped_structure(shape: StructureShape, document: Mapping[str, Any]) -> Document:
    """The members of `document` that the model knows and that are not None."""
    return {
        member.serialization.get("name", name): _shaped(member, document[name])
        for name, member in shape.members.items()
        if document.get(name) is not None
    }


def _shaped(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        return shaped_structure(shape, value)
    if isinstance(shape, ListShape):
        return [_shaped(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _shaped(shape.value, item) for key, item in value.items()}
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    if shape.type_name == "timestamp":
        return _timestamp(shape, value)
    return value


def _timestamp(shape: Shape, seconds: float) -> float | str:
    if shape.serialization.get("timestampFormat") == "iso8601":
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return round(seconds, 3)
