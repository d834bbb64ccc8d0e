"""A project of rows as its form and its OpenAPI document tell it."""

from api.description import (
    ANSWERED_BY,
    IDENTIFIER,
    PREDICTION_HEADERS,
    RECORD_ERROR,
    Document,
    Operation,
    array,
    closed_object,
)
from api.tabular.schema import CategoricalFeature, NumericFeature, Schema

MOST_RECORDS = 1000
MOST_LABELS = 100
TEXT: Document = {"type": "string"}
FIELD: Document = {
    "type": "object",
    "required": ["name", "type", "nullable", "example"],
    "properties": {
        "name": TEXT,
        "type": {"enum": ["Integral", "Fractional", "String"]},
        "nullable": {"type": "boolean"},
        "example": {"type": ["string", "number"]},
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "values": {"type": "array", "items": TEXT},
    },
}
FORM: Document = {
    "type": "object",
    "required": ["project", "kind", "target", "takes_ground_truth", "fields"],
    "properties": {
        "project": TEXT,
        "kind": {"const": "tabular"},
        "target": {"type": "object", "properties": {"name": TEXT, "positive": TEXT, "negative": TEXT}},
        "takes_ground_truth": {"type": "boolean"},
        "fields": {"type": "array", "items": FIELD},
    },
}
CONTRIBUTIONS: Document = {
    "type": "boolean",
    "default": False,
    "description": "Also what each feature adds to the log-odds; with base_value they sum to those",
}
PREDICTIONS: Document = {
    "type": "object",
    "required": ["inference_id", "predictions", "features", "model"],
    "properties": {
        "inference_id": {"type": "string"},
        "predictions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["label", "probability"],
                "properties": {
                    "label": {"type": "string"},
                    "probability": {"type": "number", "minimum": 0, "maximum": 1},
                    "contributions": {"type": "object", "additionalProperties": {"type": "number"}},
                    "base_value": {"type": "number"},
                },
            },
        },
        "features": {"enum": ["looked up", "raw"]},
        "unreadable": {"type": "array", "items": RECORD_ERROR},
        "model": ANSWERED_BY,
    },
}
TAKEN_IN: Document = {
    "type": "object",
    "required": ["accepted", "stored", "repeated"],
    "properties": {name: {"type": "integer"} for name in ("accepted", "stored", "repeated")},
}


def form(schema: Schema, takes_ground_truth: bool) -> Document:
    """The fields of a form, and what is predicted."""
    return {
        "target": schema.target.model_dump(),
        "takes_ground_truth": takes_ground_truth,
        "fields": [_field(feature) for feature in schema.features],
    }


def _field(feature: NumericFeature | CategoricalFeature) -> Document:
    field: Document = {
        "name": feature.name,
        "type": feature.type,
        "nullable": feature.nullable,
        "example": feature.example,
    }
    if isinstance(feature, CategoricalFeature):
        return field | {"values": [each.value for each in feature.categories]}
    return field | feature.bounds


def predictions(schema: Schema, record: Document) -> Operation:
    """Predictions of records."""
    return Operation(
        summary=f"Predict {schema.target.name}",
        body=closed_object({"records": array(record, 1, MOST_RECORDS)}, {"contributions": CONTRIBUTIONS}),
        example={"records": [schema.example]},
        answer=PREDICTIONS,
        parameters=PREDICTION_HEADERS,
    )


def ground_truth(schema: Schema) -> Operation:
    """Labels of what was predicted."""
    label = closed_object({"inference_id": IDENTIFIER, "label": {"enum": list(schema.labels)}})
    return Operation(
        summary=f"Say what {schema.target.name} was",
        body=closed_object({"labels": array(label, 1, MOST_LABELS)}),
        example={"labels": [{"inference_id": "order-77", "label": schema.target.positive}]},
        answer=TAKEN_IN,
        refusals={"409": "Another label is kept under an inference id"},
    )
