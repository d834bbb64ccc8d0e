"""Each image's own unit tests, run in the bytes that ship."""

from pathlib import Path

import pytest

from scripts.images import Build, image_id
from tests.support.containers import run_job

IMAGES = ("preprocess", "train_xgb", "train_deepar", "localstack", "lambda_python", "api", "monitor")


@pytest.mark.parametrize("name", IMAGES)
def test_unit_tests_pass_inside_the_image(name: str, tmp_path: Path) -> None:
    build = Build(name, "test")
    assert image_id(build.reference) is not None, f"{build.reference} is not built; run: make test"

    outcome = run_job(build.reference, [], tmp_path)

    assert outcome.exit_code == 0, outcome.stdout + outcome.stderr
    assert " passed" in outcome.stdout.splitlines()[-1]
