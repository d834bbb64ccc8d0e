"""Which images a verb starts for a project, and what is said of rows that nobody publishes."""

from argparse import Namespace
from pathlib import Path

import pytest

from orchestration.__main__ import data, images
from orchestration.errors import DataError
from orchestration.images import names
from orchestration.project_file import load_project
from orchestration.settings import Settings

SETTINGS = Settings.from_environ({})


@pytest.mark.parametrize(
    ("project", "expected"),
    [("bank", "preprocess train_xgb monitor\n"), ("retail", "preprocess train_deepar monitor\n")],
)
def test_the_images_of_a_project_are_those_that_its_file_names(
    project: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert images(Namespace(project=project), SETTINGS) == 0

    assert capsys.readouterr().out == expected


def test_where_nobody_watches_nothing_is_needed_to_watch() -> None:
    assert names(load_project("retail", ("monitoring=null",))) == ["preprocess", "train_deepar"]


def test_rows_that_are_not_published_are_not_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the rows of retail are not published anywhere; give DATA="):
        data(Namespace(project="retail", build_dir=tmp_path, url=None), SETTINGS)
