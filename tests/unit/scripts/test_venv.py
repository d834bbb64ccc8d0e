import re
import sys
from pathlib import Path

import pytest

from scripts.venv import STAMP, ensure_venv, is_current, stamp_text


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    (tmp_path / "dev.lock").write_text("iniconfig==2.3.1\n", encoding="utf-8")
    return tmp_path / "dev.lock"


@pytest.fixture
def folder(tmp_path: Path, lock: Path) -> Path:
    """An environment that was finished."""
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / STAMP).write_text(stamp_text(folder, lock), encoding="utf-8")
    return folder


def test_a_finished_environment_is_left_alone(folder: Path, lock: Path) -> None:
    before = {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}

    assert ensure_venv(folder, lock) == f"{folder} is there"
    assert {path: path.lstat().st_mtime_ns for path in folder.rglob("*")} == before


def test_another_lock_needs_another_environment(folder: Path, lock: Path) -> None:
    lock.write_text("iniconfig==2.3.0\n", encoding="utf-8")

    assert not is_current(folder, stamp_text(folder, lock))


def test_another_python_needs_another_environment(folder: Path, lock: Path) -> None:
    wanted = stamp_text(folder, lock)
    (folder / STAMP).write_text(re.sub(r" python3\.\d+ ", " python3.10 ", wanted), encoding="utf-8")

    assert not is_current(folder, stamp_text(folder, lock))


def test_an_environment_that_was_moved_is_made_again(folder: Path, lock: Path) -> None:
    # The programs in bin/ begin with the path of the interpreter they were made for.
    moved = folder.rename(folder.parent / "moved")

    assert not is_current(moved, stamp_text(moved, lock))


def test_an_interrupted_installation_is_done_again(folder: Path, lock: Path) -> None:
    (folder / STAMP).unlink()

    assert not is_current(folder, stamp_text(folder, lock))


def test_an_environment_whose_python_was_removed_is_made_again(folder: Path, lock: Path) -> None:
    (folder / "bin" / "python").unlink()
    (folder / "bin" / "python").symlink_to("/nowhere/python3")

    assert not is_current(folder, stamp_text(folder, lock))
