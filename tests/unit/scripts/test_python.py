"""The check that scripts/__init__.py makes before anything else of the verbs is read."""

import subprocess
import sys

import pytest

from scripts import check_python
from scripts.commands import ROOT


@pytest.mark.parametrize("version", [(3, 11), (3, 14), (4, 0)])
def test_python_3_11_and_newer_are_welcome(version: tuple[int, ...]) -> None:
    check_python(version)


@pytest.mark.parametrize("verb", ["setup", "images", "clean"])
def test_an_older_python_is_told_so_before_it_reads_what_it_cannot(verb: str) -> None:
    # No older interpreter is needed: this one takes itself for Debian 11's.
    program = f"import sys; sys.version_info = (3, 9, 2, 'final', 0); import scripts.{verb}"

    outcome = subprocess.run(
        [sys.executable, "-c", program], check=False, cwd=ROOT, capture_output=True, text=True
    )

    assert (outcome.returncode, outcome.stderr) == (
        1,
        "slipway: Python 3.9 is too old; 3.11 or newer is needed.\n"
        "  Point PYTHON at one: make setup PYTHON=python3.12\n",
    )
