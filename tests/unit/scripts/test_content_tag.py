import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.commands import ROOT
from scripts.content_tag import content_tag


@pytest.fixture
def image(tmp_path: Path) -> Path:
    folder = tmp_path / "thing"
    for name in ("thing", "tests"):
        (folder / name).mkdir(parents=True)
    write(folder / "Dockerfile", "FROM base\n")
    write(folder / "README.md", "A thing.\n")
    write(folder / "thing" / "job.py", "print(1)\n")
    write(folder / "tests" / "test_job.py", "def test(): ...\n")
    write(folder / "test-requirements.lock", "pytest==9\n")
    return folder


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def tags(image: Path) -> tuple[str, str]:
    """The tag of what ships, and of the stage with the tests."""
    return content_tag([image], {}), content_tag([image], {}, with_tests=True)


def test_a_tag_is_twelve_hexadecimal_digits_and_stays(image: Path) -> None:
    runtime, test = tags(image)

    assert re.fullmatch(r"[0-9a-f]{12}", runtime)
    assert (runtime, test) == tags(image)


def test_the_same_files_elsewhere_give_the_same_tag(image: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()

    assert tags(image) == tags(image.rename(tmp_path / "elsewhere" / "thing"))


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda image: write(image / "thing" / "job.py", "print(2)\n"),
    "a new file": lambda image: write(image / "thing" / "new.py", ""),
    "a file less": lambda image: (image / "thing" / "job.py").unlink(),
    "a new name": lambda image: (image / "thing" / "job.py").rename(image / "thing" / "work.py"),
    "another folder": lambda image: (image / "thing" / "job.py").rename(image / "job.py"),
    "mode": lambda image: (image / "thing" / "job.py").chmod(0o755),
    "a hidden file": lambda image: write(image / ".dockerignore", "tests\n"),
    "a link": lambda image: (image / "link").symlink_to("Dockerfile"),
    "a link to nowhere": lambda image: (image / "link").symlink_to("nowhere"),
    "a link to a folder above": lambda image: (image / "link").symlink_to("."),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_what_ships_changes_both_tags(image: Path, change: str) -> None:
    before = tags(image)

    CHANGES[change](image)

    assert all(now != then for now, then in zip(tags(image), before, strict=True))


def test_a_link_counts_for_where_it_points_and_not_for_what_lies_there(image: Path, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "file", "1")
    (image / "link").symlink_to("../elsewhere")
    before = tags(image)

    write(tmp_path / "elsewhere" / "file", "2")

    assert tags(image) == before


TEST_CHANGES: dict[str, Callable[[Path], object]] = {
    "a test": lambda image: write(image / "tests" / "test_job.py", ""),
    "the tests' lock": lambda image: write(image / "test-requirements.lock", ""),
    # images/*/tests/test_readme.py reads it inside the image.
    "the README": lambda image: write(image / "README.md", ""),
}


@pytest.mark.parametrize("change", TEST_CHANGES)
def test_a_change_of_what_only_the_tests_need_changes_only_their_tag(image: Path, change: str) -> None:
    runtime, test = tags(image)

    TEST_CHANGES[change](image)

    assert content_tag([image], {}) == runtime
    assert content_tag([image], {}, with_tests=True) != test


@pytest.mark.parametrize(
    "name",
    [
        "thing/__pycache__/job.cpython-313.pyc",
        "thing/job.pyc",
        ".pytest_cache/x",
        ".ruff_cache/x",
        ".mypy_cache/x",
        "thing.egg-info/PKG-INFO",
    ],
)
def test_what_tools_leave_behind_changes_nothing(image: Path, name: str) -> None:
    before = tags(image)

    write(image / name, "left behind")

    assert tags(image) == before


def test_a_read_or_write_bit_that_git_does_not_keep_changes_nothing(image: Path) -> None:
    (image / "Dockerfile").chmod(0o644)
    before = tags(image)

    (image / "Dockerfile").chmod(0o600)

    assert tags(image) == before


def test_build_arguments_count_and_their_order_does_not(image: Path) -> None:
    plain = content_tag([image], {})
    one = content_tag([image], {"a": "1", "b": "2"})

    assert plain != one
    assert one == content_tag([image], {"b": "2", "a": "1"})
    assert one != content_tag([image], {"a": "2", "b": "1"})


def test_every_folder_of_the_build_counts(image: Path, tmp_path: Path) -> None:
    library = tmp_path / "smcontract"
    write(library / "root.py", "")
    before = content_tag([image, library], {})

    write(library / "root.py", "changed")

    assert content_tag([image], {}) != before != content_tag([image, library], {})


def test_a_readme_counts_for_the_tests_because_their_stage_copies_it() -> None:
    stages = [
        path.read_text(encoding="utf-8").split("AS test")
        for path in (ROOT / "images").glob("*/Dockerfile")
        if "COPY README.md" in path.read_text(encoding="utf-8")
    ]

    assert stages
    assert all("README.md" not in re.sub("#.*", "", before) for before, _ in stages)
