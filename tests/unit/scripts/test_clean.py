import fnmatch
import sys
from pathlib import Path

import pytest

from scripts import clean
from scripts.base_image import BASE_IMAGE
from scripts.clean import WRITTEN_FOLDERS, main, remove_written_folders
from scripts.commands import ROOT, SetupError
from scripts.images import EMULATOR
from tests.support.fake_docker import FakeDocker, Kind

KINDS: tuple[Kind, ...] = ("containers", "networks", "volumes", "images")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the project, so that nothing of the real one goes."""
    monkeypatch.setattr(clean, "ROOT", tmp_path / "project")
    (tmp_path / "project" / "build" / "bench").mkdir(parents=True)
    (tmp_path / "project" / "images").mkdir()
    return tmp_path / "project"


@pytest.fixture
def full(docker: FakeDocker) -> FakeDocker:
    """An engine with a thing of ours and one of somebody else's of every kind."""
    for kind in KINDS:
        docker.holds(kind, "ours")
        docker.holds(kind, "theirs", is_ours=False, image_id="sha256:theirs")
    return docker


def run(monkeypatch: pytest.MonkeyPatch, command: str) -> int:
    monkeypatch.setattr(sys, "argv", ["clean", command])
    return main()


def test_down_takes_our_containers_and_networks_and_nothing_else(
    full: FakeDocker, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "down") == 0

    assert {kind: full.names(kind) for kind in KINDS} == {
        "containers": {"theirs"},
        "networks": {"theirs"},
        "volumes": {"ours", "theirs"},
        "images": {"ours", "theirs"},
    }
    assert (project / "build" / "bench").exists()


def test_the_emulator_goes_before_what_it_could_start_again(
    docker: FakeDocker, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.holds("containers", "a-job")
    docker.holds("containers", "the-emulator", label=f"org.opencontainers.image.title={EMULATOR.name}")
    docker.holds("networks", "theirs-too")
    docker.holds("volumes", "jobs")

    assert run(monkeypatch, "purge") == 0

    assert docker.removed() == [
        "containers the-emulator",
        "containers a-job",
        "networks theirs-too",
        "volumes jobs",
    ]


def test_purge_takes_everything_of_ours_and_nothing_else(
    full: FakeDocker, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "purge") == 0

    assert {kind: full.names(kind) for kind in KINDS} == {kind: {"theirs"} for kind in KINDS}
    assert [path.name for path in project.iterdir()] == ["images"]


def test_purge_takes_an_image_under_every_name_it_has_and_the_base_without_a_label(
    docker: FakeDocker, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.holds("images", "slipway/thing:1", image_id="sha256:1")
    docker.holds("images", "registry.example/slipway/thing:1", image_id="sha256:1")
    docker.holds("images", "<none>", image_id="sha256:2")
    # Pulled, the base has no label of ours; the name it was pulled under is not ours either.
    docker.holds("images", BASE_IMAGE, is_ours=False, image_id="sha256:3")
    docker.holds("images", "debian:trixie-slim", is_ours=False, image_id="sha256:3")

    run(monkeypatch, "purge")

    assert docker.names("images") == {"debian:trixie-slim"}


def test_without_an_engine_the_folders_go_all_the_same(
    docker: FakeDocker, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    docker.says("version", stderr="Cannot connect to the Docker daemon", exit_code=1)

    assert run(monkeypatch, "purge") == 0

    assert "does not answer: Cannot connect to the Docker daemon" in capsys.readouterr().out
    assert not (project / "build").exists()


def test_who_may_not_ask_the_engine_is_not_told_that_all_is_clean(
    docker: FakeDocker, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.says("version", stderr="dial unix /var/run/docker.sock: connect: permission denied", exit_code=1)

    with pytest.raises(SetupError, match="your user may not talk to it"):
        run(monkeypatch, "purge")

    assert (project / "build").exists()


@pytest.mark.parametrize(
    ("command", "complaint"),
    [("ps", "`docker ps .*` failed: no"), ("rm", "some containers could not be removed: no")],
)
def test_an_engine_that_refuses_is_not_passed_over(
    full: FakeDocker, project: Path, monkeypatch: pytest.MonkeyPatch, command: str, complaint: str
) -> None:
    full.says(command, stderr="no", exit_code=1)

    with pytest.raises(SetupError, match=complaint):
        run(monkeypatch, "down")


def test_of_a_folder_that_is_a_link_only_the_link_goes(tmp_path: Path) -> None:
    (tmp_path / "disk" / "logs").mkdir(parents=True)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "build").symlink_to(tmp_path / "disk")
    (tmp_path / "project" / ".state").symlink_to(tmp_path / "nowhere")

    remove_written_folders(tmp_path / "project")

    assert list((tmp_path / "project").iterdir()) == []
    assert (tmp_path / "disk" / "logs").exists()


def test_what_cannot_be_removed_is_named(tmp_path: Path) -> None:
    # Not a folder: rmtree refuses it, whoever asks.
    (tmp_path / "build").write_text("", encoding="utf-8")

    with pytest.raises(SetupError, match=r"build cannot be removed.*\n.*sudo make purge"):
        remove_written_folders(tmp_path)


@pytest.mark.parametrize("folder", WRITTEN_FOLDERS)
def test_only_what_git_does_not_keep_is_removed(folder: str) -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()

    assert any(fnmatch.fnmatch(f"{folder}/", pattern) for pattern in ignored)
