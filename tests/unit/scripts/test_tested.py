from pathlib import Path

import pytest

from scripts.commands import SetupError
from scripts.images import Build, image_names
from scripts.tested import read_tested, record_tested
from tests.support.fake_docker import FakeDocker


@pytest.fixture
def built(docker: FakeDocker) -> FakeDocker:
    """A docker that has every image of the present files."""
    for name in image_names():
        docker.holds("images", Build(name).reference, image_id=f"sha256:{name}")
    return docker


def test_what_was_tested_is_known_by_name_tag_and_content(built: FakeDocker, tmp_path: Path) -> None:
    record_tested(tmp_path / ".state" / "tested.json")

    tested = read_tested(tmp_path / ".state" / "tested.json")

    assert set(tested) == set(image_names())
    assert tested["train_xgb"].reference == Build("train_xgb").reference
    assert tested["train_xgb"].image_id == "sha256:train_xgb"


def test_an_image_that_is_not_built_was_not_tested(docker: FakeDocker, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="has not been built"):
        record_tested(tmp_path / "tested.json")

    assert not (tmp_path / "tested.json").exists()


def test_without_a_record_it_is_said_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"no tested image is on record .*run: make test"):
        read_tested(tmp_path / "tested.json")
