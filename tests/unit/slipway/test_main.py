"""What the program does to its own process before it answers."""

import gc
import sys
from collections.abc import Iterator

import pytest
from slipway.__main__ import settle


@pytest.fixture
def _as_before() -> Iterator[None]:
    seconds = sys.getswitchinterval()
    yield
    gc.unfreeze()
    sys.setswitchinterval(seconds)


@pytest.mark.usefixtures("_as_before")
def test_the_collector_looks_no_more_at_what_is_there_at_the_start() -> None:
    settle()

    # botocore's models alone are far more.
    assert gc.get_freeze_count() > 10_000
    assert sys.getswitchinterval() <= 0.001
