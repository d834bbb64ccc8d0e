"""What every project's document has, of whatever kind, and what each kind says of its own."""

import re
from abc import abstractmethod
from collections.abc import Mapping

from pydantic import BaseModel, Field

from api.description import Document, Operation

S3_URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([A-Za-z0-9_.=/-]+)")
# An endpoint's name (API reference, CreateEndpoint).
NAME = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"


class Project(BaseModel, frozen=True, extra="forbid"):
    """One project, as the caller's paths name it."""

    version: int
    project: str = Field(pattern=NAME)
    kind: str
    endpoint_name: str = Field(pattern=NAME)

    @abstractmethod
    def form(self) -> Document:
        """What a form for its records needs, beside name and kind."""

    @abstractmethod
    def record(self) -> Document:
        """A record as JSON Schema."""

    @abstractmethod
    def operations(self) -> Mapping[str, Operation]:
        """What can be sent to it, by the last part of the path."""

    @property
    def record_reference(self) -> Document:
        """Where the OpenAPI document has `record`."""
        return {"$ref": f"#/components/schemas/{self.project}.Record"}
