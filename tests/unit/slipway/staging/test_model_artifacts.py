from pathlib import Path

import pytest
from slipway.staging.model_artifacts import merged


def write(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(folder.name, encoding="utf-8")
    return folder


def origins(*folders: Path) -> dict[str, str]:
    return {path: root.name for path, (root, _) in merged(folders).items()}


def test_of_one_path_on_two_hosts_the_later_ones_stays(tmp_path: Path) -> None:
    first, second = write(tmp_path / "1", "a", "b"), write(tmp_path / "2", "b", "c")

    assert origins(first, second) == {"a": "1", "b": "2", "c": "2"}


def test_folders_come_before_what_is_in_them(tmp_path: Path) -> None:
    assert list(merged([write(tmp_path / "1", "x/y/z", "x/a", "b")])) == ["b", "x", "x/a", "x/y", "x/y/z"]


def test_a_file_in_the_place_of_an_earlier_hosts_folder_hides_what_was_in_it(tmp_path: Path) -> None:
    first, second = write(tmp_path / "1", "x/y/z"), write(tmp_path / "2", "x")

    assert origins(first, second) == {"x": "2"}


def test_a_folder_that_is_not_there_is_not_taken_for_an_empty_model(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        merged([tmp_path / "none"])
