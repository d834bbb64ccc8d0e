"""What the inference API must know of a project, as a document in the project's bucket."""

import json
from typing import Any

from orchestration.clients import s3_client
from orchestration.kinds import kind_of
from orchestration.names import bucket_name, endpoint_name
from orchestration.project import Project
from orchestration.schema import schema_document
from orchestration.settings import Settings
from orchestration.storage import Bucket

FILE_NAME = "project.json"
PREFIX = "api"


def api_document(project: Project) -> dict[str, Any]:
    """The document of `project`: its columns, its endpoint, and what its kind has beside them."""
    return {
        "version": 1,
        "project": project.name,
        "schema": schema_document(project),
        "endpoint_name": endpoint_name(project.name),
        **kind_of(project).api_fields(),
    }


def store_api_document(project: Project, settings: Settings) -> str:
    """Store the document under a digest of its content; returns its URI, another one for other content.

    Raises OrchestrationError where the store does not answer.
    """
    bucket = Bucket(s3_client(settings), bucket_name(project.name))
    bucket.ensure()
    body = (json.dumps(api_document(project), indent=2) + "\n").encode()
    return bucket.put_bytes(body, FILE_NAME, PREFIX) + FILE_NAME
