"""Request bodies, headers and paths to parameters, as the service's model says."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from slipway.errors import SerializationException
from slipway.protocol.call import HttpRequest
from slipway.resources.document import Document


def parse_json(operation: OperationModel, body: bytes) -> Document:
    """The parameters in a JSON 1.1 body; members that the model does not know are ignored, as AWS does.

    Raises SerializationException where the body is not what the model says.
    """
    try:
        document = json.loads(body or b"{}")
    except ValueError as error:
        raise SerializationException(f"The request body is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise SerializationException("The request body must be a JSON object")
    shape = operation.input_shape
    return _structure(shape, document) if isinstance(shape, StructureShape) else {}


def parse_rest(operation: OperationModel, request: HttpRequest, labels: Mapping[str, str]) -> Document:
    """The parameters in path, query, headers and body of a REST-JSON request."""
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    query = parse_qs(request.query, keep_blank_values=True)
    payload = shape.serialization.get("payload")
    body = _rest_body(shape, payload, request.body)
    parameters: Document = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire_name = member.serialization.get("name", name)
        if location == "uri" and wire_name in labels:
            parameters[name] = _text_value(member, unquote(labels[wire_name]))
        elif location == "querystring" and wire_name in query:
            values = query[wire_name]
            parameters[name] = values if isinstance(member, ListShape) else _text_value(member, values[0])
        elif location == "header" and wire_name.lower() in request.headers:
            parameters[name] = _text_value(member, request.headers[wire_name.lower()])
        elif name == payload:
            parameters[name] = body
        elif location is None and isinstance(body, dict) and wire_name in body:
            parameters[name] = _value(member, body[wire_name], name)
    return parameters


def _rest_body(shape: StructureShape, payload: str | None, body: bytes) -> Any:
    if payload is not None and shape.members[payload].type_name == "blob":
        return body
    if not body:
        return {}
    try:
        return json.loads(body)
    except ValueError as error:
        raise SerializationException(f"The request body is not valid JSON: {error}") from error


def _structure(shape: StructureShape, document: Mapping[str, Any]) -> Document:
    return {
        name: _value(member, document[wire_name], name)
        for name, member in shape.members.items()
        if (wire_name := member.serialization.get("name", name)) in document
        and document[wire_name] is not None
    }


def _value(shape: Shape, value: Any, where: str) -> Any:
    """`value` in the type that the model gives it."""
    if isinstance(shape, StructureShape):
        return _structure(shape, _expect(value, dict, shape, where))
    if isinstance(shape, ListShape):
        return [_value(shape.member, item, where) for item in _expect(value, list, shape, where)]
    if isinstance(shape, MapShape):
        return {k: _value(shape.value, v, where) for k, v in _expect(value, dict, shape, where).items()}
    return _scalar(shape, value, where)


def _scalar(shape: Shape, value: Any, where: str) -> Any:
    kind = shape.type_name
    if kind == "string":
        return _expect(value, str, shape, where)
    if kind == "boolean":
        return _expect(value, bool, shape, where)
    if kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value:
            raise _wrong_type(value, shape, where)
        return int(value)
    if kind in ("float", "double"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(value, shape, where)
        return float(value)
    if kind == "timestamp":
        return _timestamp(value, shape, where)
    if kind == "blob":
        return base64.b64decode(_expect(value, str, shape, where))
    return value


def _timestamp(value: Any, shape: Shape, where: str) -> float:
    """Seconds since 1970, from a number or an ISO 8601 text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise _wrong_type(value, shape, where) from None


def _text_value(shape: Shape, text: str) -> Any:
    """A value that came as text: in a path, a query or a header."""
    if shape.type_name in ("integer", "long"):
        try:
            return int(text)
        except ValueError:
            raise _wrong_type(text, shape, shape.name) from None
    if shape.type_name == "boolean":
        return text.lower() == "true"
    return text


def _expect(value: Any, kind: type, shape: Shape, where: str) -> Any:
    if not isinstance(value, kind):
        raise _wrong_type(value, shape, where)
    return value


JSON_TOKENS = {
    dict: "START_OBJECT",
    list: "START_ARRAY",
    str: "STRING_VALUE",
    bool: "TRUE_VALUE",
    int: "NUMBER_VALUE",
    float: "DECIMAL_VALUE",
}
CLASSES = {"structure": "structure", "list": "java.util.List", "map": "java.util.Map", "string": "String"}


def _wrong_type(value: Any, shape: Shape, where: str) -> SerializationException:
    token = JSON_TOKENS.get(type(value), "VALUE_NULL")
    wanted = CLASSES.get(shape.type_name, shape.type_name.capitalize())
    return SerializationException(f"{token} can not be converted to {wanted} ({where})")
