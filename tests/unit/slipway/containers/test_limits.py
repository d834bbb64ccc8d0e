"""What a container may use of this machine."""

import pytest
from slipway.containers.limits import GIB, limits_of

LARGE = (1024, 10_000 * GIB)


@pytest.mark.parametrize(
    ("instance_type", "cpus", "gib"),
    [
        # AWS's instance type pages.
        ("ml.t3.medium", 2, 4),
        ("ml.t3.large", 2, 8),
        ("ml.m5.large", 2, 8),
        ("ml.m5.xlarge", 4, 16),
        ("ml.m5.24xlarge", 96, 384),
        ("ml.m7i-flex.2xlarge", 8, 32),
        ("ml.c5.2xlarge", 8, 16),
        ("ml.r5.4xlarge", 16, 128),
        ("ml.g4dn.xlarge", 4, 16),
        ("ml.g5.12xlarge", 48, 192),
        ("ml.g6e.xlarge", 4, 32),
        ("ml.p3.2xlarge", 8, 61),
        ("ml.p2.xlarge", 4, 61),
    ],
)
def test_an_instance_type_has_what_its_page_says(instance_type: str, cpus: int, gib: int) -> None:
    limits = limits_of(instance_type, *LARGE)

    assert (limits.cpus, limits.memory_bytes) == (cpus, gib * GIB)


def test_nobody_gets_more_than_the_host_has() -> None:
    limits = limits_of("ml.m5.24xlarge", 2, 24 * GIB)

    assert (limits.cpus, limits.memory_bytes) == (2, 24 * GIB)


@pytest.mark.parametrize("instance_type", ["ml.zz1.huge", "local", "", "ml.m5.metal"])
def test_an_unknown_type_gets_the_whole_host(instance_type: str) -> None:
    limits = limits_of(instance_type, 2, 24 * GIB)

    assert (limits.cpus, limits.memory_bytes) == (2, 24 * GIB)
