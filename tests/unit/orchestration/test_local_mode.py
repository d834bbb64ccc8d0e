import logging
from pathlib import Path

import yaml

from orchestration.local_mode import MountFolders, container_root, free_port


def announce(file: Path, message: str = "docker command: %s") -> None:
    # The SDK's words (sagemaker.core.local.image 2.27, _compose).
    command = f"docker compose -f {file} up --build --abort-on-container-exit"
    MountFolders().emit(logging.LogRecord("x", logging.INFO, "", 0, message, (command,), None))


def test_every_folder_that_will_be_mounted_is_made_first(tmp_path: Path) -> None:
    present = tmp_path / "in put"
    present.mkdir()
    volumes = [f"{present}:/opt/ml/input", f"{tmp_path}/model:/opt/ml/model"]
    file = present / "docker-compose.yaml"
    file.write_text(yaml.dump({"services": {"algo-1": {"volumes": volumes}}}), encoding="utf-8")

    announce(file)

    assert (tmp_path / "model").is_dir()


def test_other_messages_mean_nothing(tmp_path: Path) -> None:
    announce(tmp_path / "none.yaml", "docker compose file: \n%s")


def test_containers_files_lie_in_the_build_folder(tmp_path: Path) -> None:
    assert container_root(tmp_path, "abc") == tmp_path / "local" / "abc"


def test_where_the_sdk_refuses_to_mount_from_they_lie_elsewhere() -> None:
    root = container_root(Path("/root/slipway/build"), "abc")

    assert not root.is_relative_to("/root")
    assert root.name == "slipway-abc"


def test_a_free_port_is_one_that_can_be_had() -> None:
    assert 1024 < free_port() < 65536
