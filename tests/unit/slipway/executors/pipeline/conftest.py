"""What tests of pipeline executions share."""

from pathlib import Path

import pytest

from tests.support.pipeline_ticks import Ticking


@pytest.fixture
def ticking(tmp_path: Path) -> Ticking:
    """A control plane whose executions go on when a test says so."""
    return Ticking(tmp_path)
