"""A forecasting project as its form and its OpenAPI document tell it."""

from collections.abc import Sequence

from api.description import ANSWERED_BY, PREDICTION_HEADERS, Document, Operation, array, closed_object
from api.forecast.schema import ForecastSchema
from api.values import Number

MOST_RECORDS = 100
TEXT: Document = {"type": "string"}
KEY_PART: Document = {"type": "string", "minLength": 1, "maxLength": 256}
DAY: Document = {"type": "string", "format": "date"}
NUMBERS: Document = {"type": "array", "items": {"type": "number"}}
KNOWN: Document = {
    "type": "object",
    "required": ["name", "type", "example"],
    "properties": {
        "name": TEXT,
        "type": {"enum": ["Integral", "Fractional"]},
        "example": NUMBERS,
        "minimum": {"type": "number"},
        "above": {"type": "number"},
        "maximum": {"type": "number"},
    },
}
FORM: Document = {
    "type": "object",
    "required": [
        "project", "kind", "target", "takes_ground_truth", "prediction_length", "quantiles", "key", "known",
        "static",
    ],
    "properties": {
        "project": TEXT,
        "kind": {"const": "forecast"},
        "target": {"type": "object", "required": ["name"], "properties": {"name": TEXT}},
        "takes_ground_truth": {"const": False},
        "prediction_length": {"type": "integer"},
        "quantiles": {"type": "array", "items": TEXT},
        "key": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "example"],
                "properties": {"name": TEXT, "example": TEXT},
            },
        },
        "known": {"type": "array", "items": KNOWN},
        "static": {"type": "array", "items": TEXT},
    },
}  # fmt: skip
FORECAST: Document = {
    "type": "object",
    "required": ["item_id", "start", "dates", "mean", "median", "quantiles"],
    "properties": {
        "item_id": TEXT,
        "start": DAY,
        "dates": {"type": "array", "items": DAY},
        "mean": NUMBERS,
        "median": NUMBERS,
        "quantiles": {"type": "object", "additionalProperties": NUMBERS},
    },
}
FORECASTS: Document = {
    "type": "object",
    "required": ["inference_id", "predictions", "model"],
    "properties": {
        "inference_id": TEXT,
        "predictions": {"type": "array", "items": FORECAST},
        "model": ANSWERED_BY,
    },
}


def example_record(schema: ForecastSchema) -> Document:
    """A record that is allowed; whether the model has that series, it alone knows."""
    days = schema.prediction_length
    known = {"known": {each.name: [each.example] * days for each in schema.known}} if schema.known else {}
    return {**dict.fromkeys(schema.item_id, "1"), **known}


def form(schema: ForecastSchema, quantiles: Sequence[str], example: Document) -> Document:
    """The parts of the key, the features that are known ahead, and the longest horizon."""
    return {
        "target": {"name": schema.target.name},
        "takes_ground_truth": False,
        "prediction_length": schema.prediction_length,
        "quantiles": list(quantiles),
        "key": [{"name": name, "example": example[name]} for name in schema.item_id],
        "known": [
            {"name": each.name, "type": each.type, "example": _values(example, each.name), **each.bounds}
            for each in schema.known
        ],
        "static": [*schema.further_static, *(each.name for each in schema.counts)],
    }


def record(schema: ForecastSchema, example: Document) -> Document:
    """A record as JSON Schema."""
    days = schema.prediction_length
    ahead = {each.name: _ahead(each, days) for each in schema.known}
    past: dict[str, Document] = {
        each.name: {"type": "array", "items": each.document()} for each in schema.known
    }
    target = {
        "type": "array",
        "minItems": 1,
        "items": {"anyOf": [schema.target.document(), {"type": "null"}]},
    }
    history = closed_object({"start": DAY, "target": target}, {"known": closed_object({}, past)})
    static = dict.fromkeys(schema.further_static, KEY_PART)
    static |= {each.name: each.document() for each in schema.counts}
    optional: dict[str, Document] = {
        "prediction_length": {"type": "integer", "minimum": 1, "maximum": days, "default": days},
        "history": history | {"description": "Of a series that the model does not have"},
        "static": closed_object({}, static),
    }
    required: dict[str, Document] = dict.fromkeys(schema.item_id, KEY_PART)
    known = closed_object(ahead)
    if ahead:
        required["known"] = known
    else:
        optional["known"] = known
    return closed_object(required, optional) | {"example": example}


def predictions(schema: ForecastSchema, record: Document, example: Document) -> Operation:
    """Forecasts of series."""
    return Operation(
        summary=f"Forecast {schema.target.name}",
        body=closed_object({"records": array(record, 1, MOST_RECORDS)}),
        example={"records": [example]},
        answer=FORECASTS,
        parameters=PREDICTION_HEADERS,
    )


def _ahead(feature: Number, days: int) -> Document:
    by_date = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": DAY,
        "additionalProperties": feature.document(),
    }
    return {"oneOf": [array(feature.document(), 1, days), by_date]}


def _values(example: Document, name: str) -> list[object]:
    """The example's values of a feature in the order of their days."""
    known = example["known"]
    assert isinstance(known, dict), "the example is a record"
    values = known[name]
    return [values[day] for day in sorted(values)] if isinstance(values, dict) else list(values)
