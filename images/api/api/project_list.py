"""The projects that are answered, each with the fields of its form: for a page, and for whoever begins."""

from collections.abc import Mapping

from api.project import Project
from api.schema import CategoricalFeature, NumericFeature

Document = dict[str, object]

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
LISTED: Document = {
    "type": "object",
    "required": ["project", "kind", "target", "takes_ground_truth", "fields"],
    "properties": {
        "project": TEXT,
        "kind": TEXT,
        "target": {"type": "object", "properties": {"name": TEXT, "positive": TEXT, "negative": TEXT}},
        "takes_ground_truth": {"type": "boolean"},
        "fields": {"type": "array", "items": FIELD},
    },
}
PROJECTS: Document = {
    "type": "object",
    "required": ["projects"],
    "properties": {"projects": {"type": "array", "items": LISTED}},
}
# In the OpenAPI document: what needs no key.
PROJECTS_PATH: Document = {
    "get": {
        "summary": "Which projects there are, and the fields of their records",
        "operationId": "projects",
        "security": [],
        "responses": {
            "200": {"description": "The answer", "content": {"application/json": {"schema": PROJECTS}}}
        },
    }
}


def project_list(projects: Mapping[str, Project]) -> Document:
    """What a form needs of every project; nothing that the OpenAPI document does not tell, too."""
    return {"projects": [_listed(project) for project in projects.values()]}


def _listed(project: Project) -> Document:
    schema = project.schema_
    return {
        "project": project.project,
        "kind": project.kind,
        "target": schema.target.model_dump(),
        "takes_ground_truth": project.ground_truth_uri is not None,
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
    bounds = {"minimum": feature.minimum, "maximum": feature.maximum}
    return field | {name: bound for name, bound in bounds.items() if bound is not None}
