"""Outputs: all of them, or none."""

import errno
import os
from pathlib import Path

import pytest
from preprocess.outputs import StagedOutputs, remove_earlier
from smcontract.failure import ContractError


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_files_get_their_names_only_with_the_commit(tmp_path: Path) -> None:
    with StagedOutputs(tmp_path) as outputs:
        with outputs.file("a/a.csv") as stream:
            stream.write(b"1")
        with outputs.file("b/b.csv") as stream:
            stream.write(b"2")
        assert not (tmp_path / "a" / "a.csv").exists()
        outputs.commit()

    assert files(tmp_path) == ["a/a.csv", "b/b.csv"]


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with StagedOutputs(tmp_path) as outputs:
            with outputs.file("a.csv") as stream:
                stream.write(b"1")
            with outputs.file("b.csv"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(ContractError, match=r"no space left .*b\.csv.*VolumeSizeInGB"):
        fail()

    assert files(tmp_path) == []


def test_name_that_cannot_be_given_takes_back_the_others(tmp_path: Path) -> None:
    (tmp_path / "b.csv").mkdir()

    def fail() -> None:
        with StagedOutputs(tmp_path) as outputs:
            for name in ("a.csv", "b.csv"):
                with outputs.file(name) as stream:
                    stream.write(b"1")
            outputs.commit()

    with pytest.raises(ContractError, match=r"b\.csv cannot be written"):
        fail()

    assert files(tmp_path) == []


def test_outputs_of_an_earlier_run_are_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1")
    (tmp_path / "mine.csv").write_text("1")

    remove_earlier(tmp_path, ["a.csv", "b/b.csv"])

    assert files(tmp_path) == ["mine.csv"]
