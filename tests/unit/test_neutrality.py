"""Images and orchestration have never heard of a project."""

import re
import subprocess

import pytest

from scripts.commands import ROOT

PROJECTS = sorted(path.parent.name for path in (ROOT / "projects").glob("*/project.yaml"))


def tracked(*folders: str) -> list[str]:
    """The texts of what is committed, or is about to be, below these folders."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [name for name in listed if (ROOT / name).is_file()]


def test_there_are_projects_of_more_than_one_kind() -> None:
    assert {"bank", "retail"} <= set(PROJECTS)


@pytest.mark.parametrize("folder", ["images", "orchestration"])
def test_no_file_names_a_project(folder: str) -> None:
    word = re.compile(rf"(?<![a-z])({'|'.join(PROJECTS)})(?![a-z])", re.IGNORECASE)
    found = [
        f"{name}:{number}: {line.strip()}"
        for name in tracked(folder)
        for number, line in enumerate((ROOT / name).read_text("utf-8", "replace").splitlines(), 1)
        if word.search(line)
    ]

    assert found == []
