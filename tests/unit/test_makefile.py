"""The verbs that the README promises, and CI, which only calls one of them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.commands import ROOT

VERBS = (
    *("help", "setup", "images", "data", "run", "test", "check", "up", "down", "purge", "push", "soak"),
    *("bench", "lint", "types", "unit", "contract", "integration", "e2e", "lock", "logs", "env", "clock"),
    *("approve", "reject", "api", "features", "ui", "drift", "monitor"),
)
# Parts of `test`, for whoever works on one of them; `make help` stays short.
WITHOUT_A_LINE = {"contract", "integration", "e2e", "ui"}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as a person would, and not as a part of the make that runs these tests."""
    environ = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "MFLAGS"}
    return subprocess.run(
        ["make", *arguments], check=False, cwd=ROOT, env=environ, capture_output=True, text=True
    )


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_exists(verb: str) -> None:
    outcome = make("--dry-run", verb)

    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.strip()


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_of_the_same_name_does_not_stand_in_for_a_verb(verb: str) -> None:
    # images/ is a folder: a target that is not phony would be taken for made.
    phony = re.findall(r"^\.PHONY:(.*)$", MAKEFILE, re.MULTILINE)

    assert verb in " ".join(phony).split()


def test_help_prints_every_verb_that_has_a_line_and_nothing_else() -> None:
    described = dict(re.findall(r"^([a-z0-9-]+):[^#\n]*## (.+)$", MAKEFILE, re.MULTILINE))

    outcome = make("help")

    printed = dict(re.findall(r"^  make (\S+) +(.+)$", outcome.stdout, re.MULTILINE))
    assert len(outcome.stdout.splitlines()) == len(printed)
    assert printed == described
    assert set(printed) == set(VERBS) - WITHOUT_A_LINE


def test_help_is_what_a_bare_make_prints() -> None:
    assert make().stdout == make("help").stdout


@pytest.fixture
def ci(tmp_path: Path) -> Path:
    """A project that holds .ci/run alone, and a PATH with only what it may call."""
    (tmp_path / "project" / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", tmp_path / "project" / ".ci" / "run")
    (tmp_path / "bin").mkdir()
    for name in ("bash", "dirname", "realpath"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    return tmp_path


def run_ci(folder: Path, make: str) -> int:
    """Run CI with the shell script `make` in the place of make."""
    program = folder / "bin" / "make"
    program.write_text(f"#!/bin/sh\n{make}\n", encoding="utf-8")
    program.chmod(0o755)
    return subprocess.run(
        [str(folder / "project" / ".ci" / "run")], check=False, cwd="/", env={"PATH": str(folder / "bin")}
    ).returncode


def test_ci_calls_make_test_once_in_the_project(ci: Path) -> None:
    assert run_ci(ci, f'echo "$PWD|$*|${{SLIPWAY_BANK_CSV-unset}}" >> {ci}/calls') == 0

    assert (ci / "calls").read_text(encoding="utf-8") == f"{ci}/project|test|unset\n"


def test_ci_takes_the_real_rows_where_they_lie_beside_the_project(ci: Path) -> None:
    rows = ci / "shared" / "data" / "bank-full.csv"
    rows.parent.mkdir(parents=True)
    rows.write_text("age;y\n", encoding="utf-8")

    assert run_ci(ci, f'echo "$*|$SLIPWAY_BANK_CSV" >> {ci}/calls') == 0

    assert (ci / "calls").read_text(encoding="utf-8") == f"test|{rows}\n"


def test_ci_fails_with_the_tests(ci: Path) -> None:
    assert run_ci(ci, "exit 2") == 2
