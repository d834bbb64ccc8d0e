import json
from pathlib import Path

import pytest
from api.documents import by_name, parse_project, sources
from api.errors import SettingsError
from api.settings import Settings

from tests.conftest import DOCUMENT, LOOKUP, project

GIVEN = {"API_PROJECTS": "projects", "API_KEYS_FILE": "keys.json"}


def test_other_variables_are_not_ours() -> None:
    settings = Settings.from_environ(GIVEN | {"PATH": "/bin", "API_CORS_ORIGINS": "https://a, https://b"})

    assert settings.cors_origins == ("https://a", "https://b")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"API_PROJECTS": ""}, "API_PROJECTS"),
        ({"API_PORT": "http"}, "API_PORT"),
        ({"API_RATE_BURST": "0"}, "API_RATE_BURST"),
        ({"API_KEYS": "{}"}, "API_KEYS_FILE"),
        ({"API_KEYS_FILE": ""}, "API_KEYS_FILE"),
        ({"API_TIMEOUT": "1"}, "API_TIMEOUT"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(changes: dict[str, str], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        Settings.from_environ(GIVEN | changes)


def test_keys_are_not_repeated_in_a_refusal() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environ({"API_KEYS": "topsecret", "API_PORT": "http"})

    assert "topsecret" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "forecast"}, r"schema\.problem_type: Field required"),
        ({"kind": "image"}, "'tabular', 'forecast'"),
        ({"endpoint": "x"}, "endpoint"),
        ({"endpoint_name": "a b"}, "endpoint_name"),
        ({"ground_truth_uri": "https://bucket"}, "s3://bucket/prefix"),
        ({"lookup": LOOKUP | {"unknown_key": "guess"}}, "unknown_key"),
        ({"lookup": LOOKUP | {"feature_group_name": "people-1"}}, "feature_group_name"),
    ],
)
def test_a_document_that_describes_no_project_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        project(**changes)


def test_a_category_with_a_comma_cannot_be_part_of_a_key() -> None:
    text = json.dumps(DOCUMENT | {"lookup": LOOKUP}).replace('"Bonn"', '"Bonn, old town"')

    with pytest.raises(SettingsError, match="comma"):
        parse_project(text.encode(), "people.json")


def test_text_that_is_no_json_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"people\.json is not JSON"):
        parse_project(b"{", "people.json")


def test_projects_are_files_folders_and_objects(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("{}")
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "keys.txt").write_text("")

    found = sources(f"{tmp_path}, s3://bucket/api/people.json,{tmp_path / 'b.json'}")

    assert found == [
        tmp_path / "a.json", tmp_path / "b.json", "s3://bucket/api/people.json", tmp_path / "b.json",
    ]  # fmt: skip


@pytest.mark.parametrize("named", ["/nowhere", "s3://bucket", " , "])
def test_projects_that_are_not_there_are_refused(named: str) -> None:
    with pytest.raises(SettingsError, match="API_PROJECTS"):
        sources(named)


def test_two_documents_of_one_project_are_refused() -> None:
    with pytest.raises(SettingsError, match="two documents"):
        by_name([project(), project()])
