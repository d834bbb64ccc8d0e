"""The API as an OpenAPI 3.1 document, with the projects' own fields and examples that are answered."""

from collections.abc import Iterator, Mapping

from api.description import RECORD_ERROR, Document, Operation
from api.project import Project
from api.project_list import PROJECTS_PATH

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
                **{f"{name}.Record": project.record() for name, project in projects.items()},
            },
        },
    }


def _paths(name: str, project: Project) -> Iterator[tuple[str, Document]]:
    for path, operation in project.operations().items():
        yield f"/v1/{name}/{path}", {"post": _post(f"{name}-{path}", operation)}
    model = {
        "summary": "Which versions answer",
        "operationId": f"{name}-model",
        "responses": _responses(MODEL, {}),
    }
    yield f"/v1/{name}/model", {"get": model}


def _post(operation_id: str, operation: Operation) -> Document:
    content = {"application/json": {"schema": operation.body, "example": operation.example}}
    described: Document = {
        "summary": operation.summary,
        "operationId": operation_id,
        "requestBody": {"required": True, "content": content},
        "responses": _responses(operation.answer, operation.refusals),
    }
    return described | ({"parameters": list(operation.parameters)} if operation.parameters else {})


def _responses(answer: Document, more: Mapping[str, str]) -> Document:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    refusals = {
        status: {"description": description, "content": problem}
        for status, description in sorted((REFUSALS | dict(more)).items())
    }
    return {
        "200": {"description": "The answer", "content": {"application/json": {"schema": answer}}},
        **refusals,
    }
