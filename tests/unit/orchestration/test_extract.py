"""Which map a project's places are counted in."""

from pathlib import Path

import pytest

from orchestration import extract
from orchestration.errors import DataError
from orchestration.extract import extract_of
from orchestration.project_file import load_project

MAP = b"<osm/>"


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of projects in which there is one."""
    folder = tmp_path / "projects" / "retail"
    folder.mkdir(parents=True)
    monkeypatch.setattr(extract, "PROJECTS", folder.parent)
    return folder


def test_a_project_that_counts_nothing_needs_none(tmp_path: Path) -> None:
    assert extract_of(load_project("bank"), tmp_path) is None
    assert extract_of(load_project("retail", ("places=null", "feature_group=null")), tmp_path) is None


def test_without_a_file_the_generator_makes_one_which_is_always_the_same(tmp_path: Path) -> None:
    found = [extract_of(load_project("retail"), tmp_path / name) for name in ("one", "two")]

    assert found[0] is not None
    assert found[0].path == tmp_path / "one" / "data" / "retail" / "places.osm"
    assert found[0].path.read_text(encoding="utf-8").startswith("<?xml")
    assert found[1] is not None
    assert found[0].uri("b") == found[1].uri("b")


def test_a_file_of_the_project_s_is_taken_and_named_by_its_content(projects: Path, tmp_path: Path) -> None:
    (projects / "town.osm").write_bytes(MAP)
    project = load_project("retail", ("places.file=town.osm",))

    found = extract_of(project, tmp_path)

    assert found is not None
    assert found.path == projects / "town.osm"
    (projects / "town.osm").write_bytes(MAP + b"\n")
    changed = extract_of(project, tmp_path)
    assert changed is not None
    assert changed.uri("b") != found.uri("b")


def test_a_file_that_is_not_there_is_named(projects: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"places.file is town.osm, and {projects}/town.osm does not exist"):
        extract_of(load_project("retail", ("places.file=town.osm",)), tmp_path)


def test_a_project_without_a_generator_must_name_a_file(projects: Path, tmp_path: Path) -> None:
    assert projects.is_dir()

    with pytest.raises(DataError, match=r"name a file in places\.file"):
        extract_of(load_project("retail"), tmp_path)
