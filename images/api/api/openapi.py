"""The API as an OpenAPI 3.1 document, with the projects' own fields and examples that are answered."""

from collections.abc import Iterator, Mapping

from api.project import Project
from api.project_list import PROJECTS_PATH
from api.schema import Schema

Document = dict[str, object]

RECORD_ERROR: Document = {
    "type": "object",
    "properties": {
        "row": {"type": "integer"},
        "field": {"type": ["string", "null"]},
        "reason": {"type": "string"},
    },
}
PROBLEM: Document = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": RECORD_ERROR},
        "errors_total": {"type": "integer"},
    },
}
REFUSALS = {
    "400": "The request cannot be read",
    "401": "There is no valid API key",
    "404": "There is no such project, or no such variant",
    "408": "The body did not come in time",
    "413": "The body is larger than the limit",
    "415": "The body is not application/json",
    "422": "Records or labels that the schema does not allow; `errors` names row and field",
    "429": "More than the key or the service takes now",
    "502": "What is behind the API failed",
    "503": "The endpoint is not in service now; Retry-After says when to come again",
    "504": "What is behind the API did not answer in time",
}
IDENTIFIER: Document = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"}
VARIANT_NAME: Document = {"type": "string", "pattern": "^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$"}
ENTITY: Document = {"type": "string", "minLength": 1, "maxLength": 256}
CONTRIBUTIONS: Document = {
    "type": "boolean",
    "default": False,
    "description": "Also what each feature adds to the log-odds; with base_value they sum to those",
}
VARIANT: Document = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "weight": {"type": "number"},
        "model_package_version": {"type": ["integer", "null"]},
        "model_package_arn": {"type": ["string", "null"]},
    },
}
MODEL: Document = {
    "type": "object",
    "required": ["project", "endpoint_name", "endpoint_status", "variants"],
    "properties": {
        "project": {"type": "string"},
        "endpoint_name": {"type": "string"},
        "endpoint_status": {"type": ["string", "null"]},
        "variants": {"type": "array", "items": VARIANT},
    },
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
        "model": {
            "type": "object",
            "required": ["endpoint_status", "variant", "model_package_version", "model_package_arn"],
            "properties": {
                "endpoint_status": {"type": ["string", "null"]},
                "variant": {"type": ["string", "null"]},
                "model_package_version": {"type": ["integer", "null"]},
                "model_package_arn": {"type": ["string", "null"]},
            },
        },
    },
}
TAKEN_IN: Document = {
    "type": "object",
    "required": ["accepted", "stored", "repeated"],
    "properties": {name: {"type": "integer"} for name in ("accepted", "stored", "repeated")},
}


def document(projects: Mapping[str, Project]) -> Document:
    """The whole document; each project has paths of its own, for its records have fields of their own."""
    paths: Document = {"/v1/projects": PROJECTS_PATH}
    for name, project in projects.items():
        paths |= dict(_paths(name, project))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Slipway predictions", "version": "1"},
        "paths": paths,
        "security": [{"ApiKey": []}],
        "components": {
            "securitySchemes": {"ApiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}},
            "schemas": {
                "Problem": PROBLEM,
                **{f"{name}.Record": project.schema_.document() for name, project in projects.items()},
            },
        },
    }


def _paths(name: str, project: Project) -> Iterator[tuple[str, Document]]:
    schema = project.schema_
    conflict = {"409": "Another label is kept under an inference id"}
    yield (
        f"/v1/{name}/predictions",
        {
            "post": {
                "summary": f"Predict {schema.target.name}",
                "operationId": f"{name}-predictions",
                "parameters": [
                    _header("X-Inference-Id", IDENTIFIER, "Given back and captured; by default a new one"),
                    _header("X-Target-Variant", VARIANT_NAME, "The production variant that must answer"),
                    _header("X-Entity-Id", ENTITY, "The same entity is answered by the same variant"),
                ],
                "requestBody": _body(_records(name), {"records": [schema.example]}),
                "responses": _responses(PREDICTIONS),
            }
        },
    )
    yield (
        f"/v1/{name}/ground-truth",
        {
            "post": {
                "summary": f"Say what {schema.target.name} was",
                "operationId": f"{name}-ground-truth",
                "requestBody": _body(_labels(schema), _labels_example(schema)),
                "responses": _responses(TAKEN_IN, conflict),
            }
        },
    )
    yield (
        f"/v1/{name}/model",
        {
            "get": {
                "summary": "Which versions answer",
                "operationId": f"{name}-model",
                "responses": _responses(MODEL),
            }
        },
    )


def _records(name: str) -> Document:
    items = {"$ref": f"#/components/schemas/{name}.Record"}
    records: Document = {"type": "array", "minItems": 1, "maxItems": 1000, "items": items}
    document = _object("records", records)
    document["properties"] = {"records": records, "contributions": CONTRIBUTIONS}
    return document


def _labels(schema: Schema) -> Document:
    items = {
        "type": "object",
        "additionalProperties": False,
        "required": ["inference_id", "label"],
        "properties": {"inference_id": IDENTIFIER, "label": {"enum": list(schema.labels)}},
    }
    return _object("labels", {"type": "array", "minItems": 1, "maxItems": 100, "items": items})


def _labels_example(schema: Schema) -> Document:
    return {"labels": [{"inference_id": "order-77", "label": schema.target.positive}]}


def _object(name: str, value: Document) -> Document:
    return {"type": "object", "additionalProperties": False, "required": [name], "properties": {name: value}}


def _header(name: str, schema: Document, description: str) -> Document:
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": description}


def _body(schema: Document, example: Document) -> Document:
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


def _responses(answer: Document, more: Mapping[str, str] | None = None) -> Document:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    refusals = {
        status: {"description": description, "content": problem}
        for status, description in sorted((REFUSALS | dict(more or {})).items())
    }
    return {
        "200": {"description": "The answer", "content": {"application/json": {"schema": answer}}},
        **refusals,
    }
