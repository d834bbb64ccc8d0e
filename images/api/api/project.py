"""The document that describes a project to this image, and where it is read."""

import json
import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from api.errors import SettingsError
from api.schema import Schema

S3_URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([A-Za-z0-9_.=/-]+)")
# An endpoint's name (API reference, CreateEndpoint).
NAME = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"


class Lookup(BaseModel, frozen=True, extra="forbid"):
    """Records are looked up in the group that the serving version names."""

    # What becomes of a record whose key is not in the group: the raw row is
    # sent, which the endpoint encodes itself, or the caller is told.
    unknown_key: Literal["raw", "refuse"]


class Project(BaseModel, frozen=True, extra="forbid"):
    """One project, as the caller's paths name it."""

    version: Literal[1]
    project: str = Field(pattern=NAME)
    kind: Literal["tabular"]
    schema_: Schema = Field(alias="schema")
    endpoint_name: str = Field(pattern=NAME)
    lookup: Lookup | None = None
    # Text where a number belongs: the caller is told, or the model counts it as missing.
    unreadable_numbers: Literal["refuse", "missing"] = "refuse"
    ground_truth_uri: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _known_kind(cls, document: object) -> object:
        if isinstance(document, dict) and document.get("kind") == "forecast":
            raise ValueError(
                "kind 'forecast' is not implemented in this image yet; it answers tabular projects"
            )
        return document

    @model_validator(mode="after")
    def _parts_fit(self) -> "Project":
        if self.ground_truth_uri is not None and not S3_URI.fullmatch(self.ground_truth_uri):
            raise ValueError("ground_truth_uri must be s3://bucket/prefix")
        if self.lookup is not None:
            self._check_keys()
        return self

    def _check_keys(self) -> None:
        for feature in self.schema_.categorical:
            for category in feature.categories:
                # Two combinations could have one key.
                if "," in category.value:
                    raise ValueError(
                        f"the category '{category.value}' of '{feature.name}' has a comma, which joins keys; "
                        "leave lookup out"
                    )


def parse_project(content: bytes, where: str) -> Project:
    """The project that `content` describes. Raises SettingsError, naming `where`."""
    try:
        return Project.model_validate(json.loads(content))
    except ValidationError as error:
        said = (
            f"{'.'.join(map(str, each['loc']))}: {each['msg'].removeprefix('Value error, ')}".lstrip(": ")
            for each in error.errors(include_input=False)
        )
        raise SettingsError(f"{where} does not describe a project: {'; '.join(said)}") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{where} is not JSON: {error}") from None


def sources(setting: str) -> list[Path | str]:
    """What API_PROJECTS names: s3:// URIs as they are, files, and every *.json of a folder.

    Raises SettingsError for what is not there.
    """
    found: list[Path | str] = []
    for part in filter(None, map(str.strip, setting.split(","))):
        path = Path(part)
        if part.startswith("s3://"):
            if not S3_URI.fullmatch(part):
                raise SettingsError(f"API_PROJECTS: '{part}' is not s3://bucket/key")
            found.append(part)
        elif path.is_dir():
            found += sorted(path.glob("*.json"))
        elif path.is_file():
            found.append(path)
        else:
            raise SettingsError(f"API_PROJECTS: '{part}' is neither a file, a folder nor an s3:// URI")
    if not found:
        raise SettingsError(f"API_PROJECTS: there is no *.json in '{setting}'")
    return found


def by_name(projects: list[Project]) -> dict[str, Project]:
    """The projects by their names. Raises SettingsError where two share one."""
    named = {each.project: each for each in projects}
    if len(named) < len(projects):
        raise SettingsError("API_PROJECTS: two documents describe one project; leave one of them out")
    return named
