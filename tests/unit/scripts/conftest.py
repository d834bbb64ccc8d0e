"""Programs of the tests' own, in front of the machine's."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.fake_docker import FakeDocker


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first folder of PATH, empty."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_DEFAULT_PLATFORM", raising=False)
    return folder


@pytest.fixture
def install(programs: Path) -> Callable[[str, str], None]:
    """Puts a shell script on PATH, by name and text."""

    def write(name: str, script: str) -> None:
        (programs / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (programs / name).chmod(0o755)

    return write


@pytest.fixture
def docker(programs: Path, tmp_path: Path) -> FakeDocker:
    """A docker in good order that holds nothing."""
    return FakeDocker.installed(programs, tmp_path / "engine")
