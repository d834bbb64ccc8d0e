"""What an instance type has, as far as this machine can give it."""

import re
from collections.abc import Mapping

from slipway.containers.spec import Limits

GIB = 1024**3
# GiB of memory a vCPU has in each family (AWS's instance pages); the longest beginning that fits counts.
GIB_PER_VCPU: Mapping[str, float] = {
    "t2": 4,
    "t3": 4,
    "m": 4,
    "c": 2,
    "r": 8,
    "x": 16,
    "g4dn": 4,
    "g5": 4,
    "g6": 4,
    "g6e": 8,
    "inf": 2,
    "trn": 4,
    "p2": 15.25,
    "p3": 7.625,
    "p4": 12,
    "p5": 10.6,
}
INSTANCE_TYPE = re.compile(r"ml\.(?P<family>[a-z0-9-]+)\.(?P<size>\w+)")
SMALL_SIZES: Mapping[str, int] = {"medium": 2, "large": 2, "xlarge": 4}


def limits_of(instance_type: str, host_cpus: int, host_memory_bytes: int) -> Limits:
    """The limits of a container on an instance of that type; never more than the host has.

    A type that is not known gets all of it.
    """
    found = INSTANCE_TYPE.fullmatch(instance_type)
    ratio = _gib_per_vcpu(found["family"]) if found else None
    vcpus = _vcpus(found["size"]) if found else None
    if ratio is None or vcpus is None:
        return Limits(float(host_cpus), host_memory_bytes)
    # A medium has the processors of a large and half its memory.
    share = 0.5 if found and found["size"] == "medium" else 1.0
    return Limits(float(min(vcpus, host_cpus)), min(int(vcpus * ratio * share * GIB), host_memory_bytes))


def _gib_per_vcpu(family: str) -> float | None:
    matching = [prefix for prefix in GIB_PER_VCPU if family.startswith(prefix)]
    return GIB_PER_VCPU[max(matching, key=len)] if matching else None


def _vcpus(size: str) -> int | None:
    """xlarge is 4, and NxLarge N times that."""
    if size in SMALL_SIZES:
        return SMALL_SIZES[size]
    times = re.fullmatch(r"(\d+)xlarge", size)
    return int(times[1]) * 4 if times else None
