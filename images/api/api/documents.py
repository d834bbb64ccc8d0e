"""The documents that describe projects to this image, and where they are read."""

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from api.errors import SettingsError
from api.kinds import AnyProject
from api.project import S3_URI

PROJECT: TypeAdapter[AnyProject] = TypeAdapter(AnyProject)


def parse_project(content: bytes, where: str) -> AnyProject:
    """The project that `content` describes. Raises SettingsError, naming `where`."""
    try:
        return PROJECT.validate_python(json.loads(content))
    except ValidationError as error:
        said = (
            f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg'].removeprefix('Value error, ')}".lstrip(": ")
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


def by_name(projects: list[AnyProject]) -> dict[str, AnyProject]:
    """The projects by their names. Raises SettingsError where two share one."""
    named = {each.project: each for each in projects}
    if len(named) < len(projects):
        raise SettingsError("API_PROJECTS: two documents describe one project; leave one of them out")
    return named
