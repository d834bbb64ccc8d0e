import os
from pathlib import Path

import pytest
from slipway.staging.files import emptied, opened, regular_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A job's folder, with a secret beside it."""
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "file").write_text("secret", encoding="utf-8")
    folder = tmp_path / "job"
    (folder / "sub").mkdir(parents=True)
    (folder / "a").write_text("1", encoding="utf-8")
    (folder / "sub" / "b").write_text("22", encoding="utf-8")
    return folder


def test_regular_files_are_found_and_nothing_else(root: Path) -> None:
    (root / "link").symlink_to("../secret")
    (root / "folder").symlink_to("../secrets")
    (root / "dangling").symlink_to("nowhere")
    os.mkfifo(root / "pipe")

    assert [(file.path, file.size) for file in regular_files(root)] == [("a", 1), ("sub/b", 2)]


def test_a_folder_that_has_become_a_link_holds_nothing(root: Path) -> None:
    (root / "folder").symlink_to("../secrets")

    assert regular_files(root / "folder") == []


def test_a_folder_that_is_not_there_is_not_taken_for_an_empty_one(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        regular_files(root / "none")


def test_a_file_in_a_folder_is_opened(root: Path) -> None:
    with opened(root, "sub/b") as file:
        assert file.read() == b"22"


@pytest.mark.parametrize(
    ("name", "target", "path"), [("link", "../secret", "link"), ("folder", "../secrets", "folder/file")]
)
def test_a_link_that_has_taken_the_place_of_a_file_or_folder_is_not_followed(
    root: Path, name: str, target: str, path: str
) -> None:
    (root / name).symlink_to(target)

    with pytest.raises(OSError, match=r"symbolic links|Not a directory"), opened(root, path):
        pass


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe")

    with pytest.raises(OSError, match="pipe is no regular file"), opened(root, "pipe"):
        pass


def test_no_file_stays_open(root: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    (root / "folder").symlink_to("../secrets")
    for path in ("a", "sub/b", "none", "sub/none", "folder/file"):
        try:
            with opened(root, path):
                pass
        except OSError:
            continue

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_file_that_changes_is_another_one(root: Path) -> None:
    before = regular_files(root)

    (root / "a").write_text("2", encoding="utf-8")
    os.utime(root / "a", ns=(0, before[0].modified_ns + 1))

    assert regular_files(root)[0] != before[0]
    assert regular_files(root)[1] == before[1]


def test_a_folder_is_emptied_and_links_in_it_are_not_followed(root: Path) -> None:
    (root / "folder").symlink_to("../secrets")

    emptied(root)

    assert list(root.iterdir()) == []
    assert (root.parent / "secrets" / "file").exists()


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    assert emptied(tmp_path / "deep" / "er").is_dir()
