"""What README and docs say is so: verbs, paths, images, links."""

import re
from pathlib import Path

import pytest

from scripts.commands import ROOT
from scripts.images import Build, image_names

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(ROOT.glob("*/README.md")),
    *sorted(ROOT.glob("*/*/README.md")),
]
LONGEST_README = 140


def verbs() -> set[str]:
    """The targets of the Makefile."""
    rules = re.findall(r"^([a-z][a-z0-9 -]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return {name for rule in rules for name in rule.split()}


def test_the_two_commands_are_there() -> None:
    assert "make run" in README
    assert "make test" in README


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_verb_that_is_named_exists(document: Path) -> None:
    named = set(
        re.findall(r"`make ([a-z0-9-]+)|^make ([a-z0-9-]+)", document.read_text(encoding="utf-8"), re.M)
    )

    assert {a or b for a, b in named} <= verbs()


def test_every_public_verb_is_described() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    public = set(re.findall(r"^([a-z0-9-]+):.*## ", makefile, re.MULTILINE)) - {"help"}

    assert public <= set(re.findall(r"`make ([a-z0-9-]+)`", README))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_place_in_the_tree_exists_and_every_image_is_in_it() -> None:
    section = README.split("## What is where")[1].split("```")[1]
    places = [line.split()[0] for line in section.splitlines()[1:] if line.strip()]

    assert [place for place in places if not (ROOT / place).exists()] == []
    assert {place for place in places if (ROOT / place / "Dockerfile").exists()} == {
        str(Build(name).folder.relative_to(ROOT)) for name in image_names()
    }


def test_the_table_of_images_has_every_image() -> None:
    table = README.split("| image | contract |")[1].split("\n\n")[0]

    assert set(re.findall(r"^\| \[?(\w+)\]?", table, re.MULTILINE)) == set(image_names())


def test_the_tests_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

    named = re.findall(r"`(tests/[\w/.]+|orchestration/[\w/.]+|scripts/[\w/.]+\.py)`", text)

    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= LONGEST_README


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))
