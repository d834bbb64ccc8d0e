"""A definition that nothing has changed is taken from its file, without the seconds of the SDK."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.commands import ROOT

# Says, beside what the command does, whether the SDK was imported for it.
PROGRAM = (
    "import sys; from orchestration.__main__ import main; code = main(); "
    "print('sagemaker' in sys.modules); sys.exit(code)"
)


def definition(folder: Path, *arguments: str, **environment: str) -> tuple[str, bool]:
    """The definition's text, and whether the SDK made it."""
    command = [sys.executable, "-c", PROGRAM, "definition", "--project", "bank", "--build-dir", str(folder)]
    ended = subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    file, is_made = ended.stdout.split()
    return Path(file).read_text(encoding="utf-8"), is_made == "True"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _, is_made = definition(tmp_path)
    assert is_made
    return tmp_path


def test_the_same_inputs_are_not_asked_of_the_sdk_again(folder: Path) -> None:
    text = (folder / "pipelines" / "bank.json").read_text(encoding="utf-8")

    assert definition(folder) == (text, False)


def test_a_value_that_is_laid_over_the_projects_own_is_another_definition(folder: Path) -> None:
    text, is_made = definition(folder, "--set", "metric.threshold=0.5")

    assert is_made
    thresholds = [item for item in json.loads(text)["Parameters"] if item["Name"] == "MetricThreshold"]
    assert thresholds[0]["DefaultValue"] == 0.5


def test_another_image_is_another_definition(folder: Path) -> None:
    text, is_made = definition(folder, SLIPWAY_IMAGE_TRAIN_XGB="mine:1")

    assert is_made
    assert "mine:1" in text


def test_a_file_that_somebody_has_changed_is_made_again(folder: Path) -> None:
    file = folder / "pipelines" / "bank.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("0.89", "0.01"), encoding="utf-8")

    assert definition(folder) == (text, True)
