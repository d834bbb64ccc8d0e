"""What is read of what a container left."""

import os
from pathlib import Path

from slipway.executors.folder import JobFolder, head_of, make_writable
from slipway.resources.resource import Key, Kind, Owner

KEY = Key(Owner("123456789012", "eu-west-1"), Kind.TRAINING_JOB, "t")


def test_the_head_of_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "failure").write_bytes(b"0123456789")

    assert head_of(tmp_path / "failure", tmp_path, 4) == b"0123"
    assert head_of(tmp_path / "none", tmp_path, 4) == b""


def test_a_link_is_not_followed_out_of_the_jobs_folder(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "failure").write_bytes(b"secret")
    home = tmp_path / "home"
    home.mkdir()
    (home / "failure").symlink_to(secret / "failure")
    (home / "output").symlink_to(secret)

    assert head_of(home / "failure", home, 100) == b""
    assert head_of(home / "output" / "failure", home, 100) == b""


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "failure")

    assert head_of(tmp_path / "failure", tmp_path, 100) == b""


def test_a_folder_is_writable_for_whoever_the_image_runs_as(tmp_path: Path) -> None:
    make_writable(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o777


def test_a_job_has_one_folder_and_each_host_one_in_it(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path, KEY)

    assert folder.path == tmp_path / "training-job" / "123456789012-eu-west-1-t"
    assert folder.subpath(folder.host("algo-2")) == "training-job/123456789012-eu-west-1-t/algo-2"
