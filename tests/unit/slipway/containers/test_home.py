from pathlib import Path
from typing import Any

import pytest
from slipway.containers.home import Home

JOBS = Path("/var/lib/slipway/jobs")


def inspected(*networks: str, **volumes: str) -> dict[str, Any]:
    """As much of an inspected container as is looked at."""
    return {
        "Mounts": [
            {"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/var/run/docker.sock"},
            *(
                {"Type": "volume", "Name": name, "Destination": f"/var/lib/slipway/{folder}"}
                for folder, name in volumes.items()
            ),
        ],
        "NetworkSettings": {"Networks": {name: {} for name in networks}},
    }


def test_what_is_mounted_is_the_volume_whatever_was_configured() -> None:
    home = Home.of(inspected("shop_default", jobs="shop_jobs", state="shop_state"))

    assert home.volume(JOBS, "slipway-jobs") == "shop_jobs"


def test_without_a_volume_there_the_configured_name_stays() -> None:
    assert Home.of(inspected("shop_default")).volume(JOBS, "slipway-jobs") == "slipway-jobs"


@pytest.mark.parametrize(
    ("networks", "chosen"),
    [
        (["shop_default"], "shop_default"),
        (["another", "slipway"], "slipway"),
        (["b", "a"], "a"),
        # On these nobody is found by name.
        (["bridge"], "slipway"),
        (["host"], "slipway"),
        ([], "slipway"),
    ],
)
def test_jobs_run_on_a_network_that_this_container_is_on(networks: list[str], chosen: str) -> None:
    assert Home.of(inspected(*networks)).network("slipway") == chosen
