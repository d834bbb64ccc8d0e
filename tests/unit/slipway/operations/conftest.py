"""The control plane without Docker, and an unmodified client of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.control_plane import ControlPlane
from tests.support.pipeline_plane import PipelinePlane
from tests.support.registry import Checked


@pytest.fixture
def plane(tmp_path: Path) -> ControlPlane:
    return ControlPlane(tmp_path)


@pytest.fixture
def sagemaker(plane: ControlPlane) -> Iterator[Any]:
    client = plane.client()
    yield Checked(client)
    client.close()


@pytest.fixture
def pipelines(plane: ControlPlane) -> PipelinePlane:
    return PipelinePlane(plane)
