"""What a project's rows are, as schema.json: what preprocess reads and, in its document, the API."""

import json
from typing import Any

from orchestration.kinds import kind_of
from orchestration.project import Project

FILE_NAME = "schema.json"


def schema_document(project: Project) -> dict[str, Any]:
    """schema.json of `project`."""
    return kind_of(project).schema()


def schema_body(project: Project) -> bytes:
    """schema.json of `project` as it is stored."""
    return (json.dumps(schema_document(project), indent=2) + "\n").encode()
