"""Request bodies, headers and paths to parameters, as the service's model says."""

import base64
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import parse_qs, unquote

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from slipway.errors import SerializationException
from slipway.protocol.call import HttpRequest
from slipway.resources.document import Document


def parse_json(operation: OperationModel, body: bytes) -> Document:
    """The parameters in a JSON 1.1 body; members that the model does not know are ignored, as AWS does.

    Raises SerializationException where the body is not what the model says.
    """
    return parse_document(operation, _json_object(body))


def parse_document(operation: OperationModel, document: Mapping[str, Any]) -> Document:
    """The parameters in a document that is JSON already, or was made here.

    Raises SerializationException where it is not what the model says.
    """
    shape = operation.input_shape
    return _structure(shape, document) if isinstance(shape, StructureShape) else {}


def parse_rest(operation: OperationModel, request: HttpRequest, labels: Mapping[str, str]) -> Document:
    """The parameters in path, query, headers and body of a REST-JSON request."""
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    query = parse_qs(request.query, keep_blank_values=True)
    payload = shape.serialization.get("payload")
    has_json = payload is None and any("location" not in m.serialization for m in shape.members.values())
    body = _json_object(request.body) if has_json else {}
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
            # All but a few payloads of these services are bytes, as they come.
            is_structure = isinstance(member, StructureShape)
            parameters[name] = (
                _structure(member, _json_object(request.body)) if is_structure else request.body
            )
        elif location is None and body.get(wire_name) is not None:
            parameters[name] = _value(member, body[wire_name], name)
    return parameters


def _json_object(body: bytes) -> Document:
    """The object in a body; an empty body is an empty object."""
    try:
        document = json.loads(body or b"{}", parse_constant=_refuse_constant)
    except RecursionError:
        raise SerializationException("The request body is nested too deeply") from None
    except ValueError as error:
        raise SerializationException(f"The request body is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise SerializationException("The request body must be a JSON object")
    return document


def _refuse_constant(name: str) -> NoReturn:
    # Python reads NaN and Infinity, which JSON does not have.
    raise ValueError(f"{name} is no JSON value")


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
        entries = _expect(value, dict, shape, where)
        return {_text(k, shape.key, where): _value(shape.value, v, where) for k, v in entries.items()}
    return _scalar(shape, value, where)


def _scalar(shape: Shape, value: Any, where: str) -> Any:
    kind = shape.type_name
    if kind == "string":
        return _text(value, shape, where)
    if kind == "boolean":
        return _expect(value, bool, shape, where)
    if kind in LARGEST:
        return _whole_number(value, shape, where)
    if kind in ("float", "double"):
        return _number(value, shape, where)
    if kind == "timestamp":
        return _timestamp(value, shape, where)
    if kind == "blob":
        return _bytes(value, shape, where)
    return value


def _text(value: Any, shape: Shape, where: str) -> str:
    text: str = _expect(value, str, shape, where)
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair is no character and no UTF-8.
        raise SerializationException(f"STRING_VALUE is not valid Unicode ({where})") from None
    return text


def _number(value: Any, shape: Shape, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(value, shape, where)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _wrong_type(value, shape, where)
    return number


# The types' own bounds (Java's int and long).
LARGEST = {"integer": 2**31 - 1, "long": 2**63 - 1}


def _whole_number(value: Any, shape: Shape, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        if not _number(value, shape, where).is_integer():
            raise _wrong_type(value, shape, where)
        value = int(value)
    largest = LARGEST[shape.type_name]
    if not -largest - 1 <= value <= largest:
        raise _wrong_type(value, shape, where)
    number: int = value
    return number


def _timestamp(value: Any, shape: Shape, where: str) -> float:
    """Seconds since 1970, from a number or an ISO 8601 text; without an offset it is UTC's."""
    if not isinstance(value, str):
        return _number(value, shape, where)
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        raise _wrong_type(value, shape, where) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _bytes(value: Any, shape: Shape, where: str) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(_expect(value, str, shape, where), validate=True)
    except ValueError:
        raise _wrong_type(value, shape, where) from None


def _text_value(shape: Shape, text: str) -> Any:
    """A value that came as text: in a path, a query or a header."""
    if shape.type_name in ("integer", "long"):
        try:
            return _whole_number(int(text) if text.isascii() else text, shape, shape.name)
        except ValueError:
            raise _wrong_type(text, shape, shape.name) from None
    if shape.type_name == "boolean":
        return text.lower() == "true"
    if shape.type_name == "timestamp":
        return _timestamp(text, shape, shape.name)
    return text


def _expect(value: Any, kind: type, shape: Shape, where: str) -> Any:
    if not isinstance(value, kind):
        raise _wrong_type(value, shape, where)
    return value


JSON_TOKENS = {
    dict: "START_OBJECT",
    list: "START_ARRAY",
    str: "STRING_VALUE",
    int: "NUMBER_VALUE",
    float: "DECIMAL_VALUE",
}
CLASSES = {"structure": "structure", "list": "java.util.List", "map": "java.util.Map", "string": "String"}


def _wrong_type(value: Any, shape: Shape, where: str) -> SerializationException:
    token = f"{str(value).upper()}_VALUE" if isinstance(value, bool) else "NULL_VALUE"
    token = JSON_TOKENS.get(type(value), token)
    wanted = CLASSES.get(shape.type_name, shape.type_name.capitalize())
    return SerializationException(f"{token} can not be converted to {wanted} ({where})")
