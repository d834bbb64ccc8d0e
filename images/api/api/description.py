"""The parts of which kinds of projects describe themselves: JSON Schema, and operations of OpenAPI."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Document = dict[str, object]

RECORD_ERROR: Document = {
    "type": "object",
    "properties": {
        "row": {"type": "integer"},
        "field": {"type": ["string", "null"]},
        "reason": {"type": "string"},
    },
}
IDENTIFIER: Document = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"}
VARIANT_NAME: Document = {"type": "string", "pattern": "^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$"}
ENTITY: Document = {"type": "string", "minLength": 1, "maxLength": 256}
# Which model answered, as it stands in every answer.
ANSWERED_BY: Document = {
    "type": "object",
    "required": ["endpoint_status", "variant", "model_package_version", "model_package_arn"],
    "properties": {
        "endpoint_status": {"type": ["string", "null"]},
        "variant": {"type": ["string", "null"]},
        "model_package_version": {"type": ["integer", "null"]},
        "model_package_arn": {"type": ["string", "null"]},
    },
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What is sent with POST, and what is answered; `refusals` are those that no other operation has."""

    summary: str
    body: Document
    example: Document
    answer: Document
    parameters: tuple[Document, ...] = ()
    refusals: Mapping[str, str] = field(default_factory=dict)


def closed_object(
    properties: Mapping[str, Document], optional: Mapping[str, Document] | None = None
) -> Document:
    """An object with these properties, perhaps the optional ones, and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": {**properties, **(optional or {})},
    }


def array(items: Document, least: int, most: int) -> Document:
    """From `least` to `most` items."""
    return {"type": "array", "minItems": least, "maxItems": most, "items": items}


def header(name: str, schema: Document, description: str) -> Document:
    """A header that may be left out."""
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}


PREDICTION_HEADERS = (
    header("X-Inference-Id", IDENTIFIER, "Given back and captured; by default a new one"),
    header("X-Target-Variant", VARIANT_NAME, "The production variant that must answer"),
    header("X-Entity-Id", ENTITY, "The same entity is answered by the same variant"),
)
