from pathlib import Path

import pytest

from scripts.commands import ROOT, SetupError
from scripts.setup import check_disk, docker_root
from tests.support.fake_docker import FakeDocker


def test_a_disk_with_room_is_accepted(tmp_path: Path) -> None:
    check_disk(tmp_path, needed_bytes=0)


def test_a_disk_without_room_is_refused_with_the_figures(tmp_path: Path) -> None:
    with pytest.raises(
        SetupError, match=r"has \d+\.\d GB free, and a first build needs 1048576 GB\.\n  Make room"
    ):
        check_disk(tmp_path, needed_bytes=1024**5)


def test_the_engines_own_disk_is_looked_at(docker: FakeDocker, tmp_path: Path) -> None:
    docker.says("info", stdout=str(tmp_path))

    assert docker_root() == tmp_path


@pytest.mark.parametrize("answer", ["/nowhere/on/this/host", ""])
def test_an_engine_whose_disk_is_elsewhere_leaves_only_the_projects(docker: FakeDocker, answer: str) -> None:
    docker.says("info", stdout=answer)

    assert docker_root() == ROOT
