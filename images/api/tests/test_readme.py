import json
import re
from pathlib import Path

from api.app import create_app
from api.documents import parse_project
from api.forecast.records import faults
from api.forecast.schema import ForecastSchema
from api.service import Service
from api.settings import Settings

from tests.conftest import AWS, DOCUMENT, KEY

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_the_one_in_force() -> None:
    rows = dict(re.findall(r"^\| `API_([A-Z_]+)` \| ([^|]+) \|", README, re.MULTILINE))
    in_force = {
        name.upper(): "–" if field.default in ("", ()) or field.is_required() else written(field.default)
        for name, field in Settings.model_fields.items()
    }

    assert {name: default.strip() for name, default in rows.items()} == in_force


def written(default: object) -> str:
    """A default as a variable has it."""
    return "01"[default] if isinstance(default, bool) else f"{default}"


EXAMPLES = [json.loads(each) for each in re.findall(r"```json\n(.+?)```", README, re.DOTALL)]


def test_the_examples_describe_a_project_of_each_kind() -> None:
    documents = [each for each in EXAMPLES if "kind" in each]

    projects = [parse_project(json.dumps(each).encode(), "README.md") for each in documents]

    assert [project.kind for project in projects] == ["tabular", "forecast"]


def test_the_examples_of_series_are_records() -> None:
    schema = ForecastSchema.model_validate(next(each["schema"] for each in EXAMPLES if "quantiles" in each))
    records = [record for each in EXAMPLES for record in each.get("records", [each]) if "good" in record]

    assert len(records) == 2
    assert [fault for record in records for fault in faults(schema, 1, record)] == []


def test_the_table_of_paths_is_what_is_routed(tmp_path: Path) -> None:
    (tmp_path / "people.json").write_text(json.dumps(DOCUMENT))
    keys = json.dumps({"keys": [KEY.model_dump(exclude_none=True)]})
    service = Service(Settings(projects=str(tmp_path), keys=keys), AWS)
    routes = {
        f"{method} {getattr(route, 'path', '')}"
        for route in create_app(service).routes
        for method in getattr(route, "methods", None) or ()
        if method != "HEAD"
    }

    table = README.split("| path |")[1].split("\n\n")[0]
    assert set(re.findall(r"`((?:GET|POST) [^`]+)`", table)) == routes


def test_statuses_are_explained() -> None:
    from api import errors

    statuses = {str(each.status) for each in vars(errors).values() if hasattr(each, "status")} - {"500"}
    table = README.split("| status |")[1].split("\n\n")[0]

    assert set(re.findall(r"\b[45]\d\d\b", table)) == statuses
