"""projects/<name>/project.yaml, read into a frozen model; whatever is wrong is refused with its path."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from orchestration.errors import ProjectError
from orchestration.forecasting_project import ForecastingProject
from orchestration.project import Project
from orchestration.settings import PROJECTS
from orchestration.tabular_project import TabularProject

# What a project is, by its problem_type.
MODELS: Mapping[str, type[Project]] = {
    "BinaryClassification": TabularProject,
    "Forecasting": ForecastingProject,
}
# What pydantic calls the members of a union of features.
FEATURE_TYPES = ("Integral", "Fractional", "String")


def load_project(name: str, overrides: tuple[str, ...] = (), projects: Path = PROJECTS) -> Project:
    """The project called `name`, with `overrides` (key.path=value) laid over its file.

    Raises ProjectError with the path of each wrong key and the way out.
    """
    file = projects / name / "project.yaml"
    if not file.is_file():
        known = ", ".join(sorted(path.parent.name for path in projects.glob("*/project.yaml"))) or "none"
        raise ProjectError(f"there is no project '{name}' ({file} does not exist); projects: {known}")
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ProjectError(f"{file} is not YAML: {error}") from error
    if not isinstance(document, dict):
        raise ProjectError(f"{file} must be a mapping of keys; it is a {type(document).__name__}")
    for override in overrides:
        _lay_over(document, override)
    return parse_project(document, str(file))


def parse_project(document: dict[str, Any], where: str) -> Project:
    """`document` as a Project. Raises ProjectError, one line for each wrong key of `where`."""
    try:
        return _model_of(document, where).model_validate(document)
    except ValidationError as error:
        # A value that fits no member of a union is reported once for each of them.
        complaints = {key_path(item["loc"]): _way_out(dict(item)) for item in error.errors()}
        lines = [f"  {path}: {complaint}" for path, complaint in complaints.items()]
        raise ProjectError(f"{where} cannot be used:\n" + "\n".join(lines)) from error


def _model_of(document: Mapping[str, Any], where: str) -> type[Project]:
    if "problem_type" not in document:
        raise ProjectError(f"{where} cannot be used:\n  problem_type: this key is missing; add it")
    problem_type = str(document["problem_type"])
    if problem_type not in MODELS:
        known = " and ".join(MODELS)
        raise ProjectError(
            f"{where} cannot be used:\n  problem_type: there is no '{problem_type}'; there are {known}"
        )
    return MODELS[problem_type]


def load_tabular(name: str, overrides: tuple[str, ...] = ()) -> TabularProject:
    """The tabular project called `name`. Raises ProjectError where it is of another kind."""
    project = load_project(name, overrides)
    if not isinstance(project, TabularProject):
        raise ProjectError(
            f"this is for rows of features, and the project {name} is of problem_type {project.problem_type}"
        )
    return project


def key_path(location: tuple[int | str, ...]) -> str:
    """`location` the way a person finds it in the file: features[2].minimum."""
    path = ""
    for position, part in enumerate(location):
        # pydantic puts the member of a union that it tried between the keys.
        is_variant = position > 0 and isinstance(location[position - 1], int) and part in FEATURE_TYPES
        is_member = part in ("int", "float", "str", "[key]") or "constrained" in str(part)
        if is_variant or is_member:
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "(the whole file)"


def _way_out(item: dict[str, Any]) -> str:
    message, kind, value = str(item["msg"]), item["type"], item.get("input")
    if kind == "extra_forbidden":
        return "this key is not known; remove it or correct its spelling"
    if kind == "missing":
        return "this key is missing; add it"
    if kind == "string_type" and isinstance(value, bool):
        return f"YAML reads this as {value}; put the word in quotes"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return f"{message} (it is {value!r})"


def _lay_over(document: dict[str, Any], override: str) -> None:
    path, separator, text = override.partition("=")
    keys = path.split(".")
    if not separator or not all(keys):
        raise ProjectError(
            f"--set {override}: write key.path=value, for example hyperparameters.num_round=50"
        )
    place = document
    for key in keys[:-1]:
        place = _inside(place, key, override)
    place[keys[-1]] = yaml.safe_load(text)


def _inside(place: dict[str, Any], key: str, override: str) -> dict[str, Any]:
    inner = place.get(key)
    if isinstance(inner, list):
        # A list of named things is reached by their names: features.poutcome.use=true.
        inner = {item["name"]: item for item in inner if isinstance(item, dict) and "name" in item}
    if not isinstance(inner, dict):
        raise ProjectError(f"--set {override}: project.yaml has no group of keys called '{key}'")
    return inner
