"""The projects that are answered, each with what its form needs: for a page, and for whoever begins."""

from collections.abc import Mapping

from api.description import Document
from api.forecast.description import FORM as FORECAST_FORM
from api.project import Project
from api.tabular.description import FORM as TABULAR_FORM

PROJECTS: Document = {
    "type": "object",
    "required": ["projects"],
    "properties": {"projects": {"type": "array", "items": {"oneOf": [TABULAR_FORM, FORECAST_FORM]}}},
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
    return {"project": project.project, "kind": project.kind, **project.form()}
