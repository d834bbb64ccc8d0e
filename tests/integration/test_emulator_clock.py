"""The emulator's clock: what follows it when a person moves it, and what does not."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from scripts.commands import ROOT
from tests.support.emulator import Emulator
from tests.support.emulator_jobs import Jobs
from tests.support.emulator_schedules import Schedules, clock_page
from tests.support.localstack_calls import fresh


@pytest.fixture
def movable(emulator_with: Callable[..., Emulator]) -> Emulator:
    """An emulator whose clock may be moved."""
    return emulator_with(SLIPWAY_ALLOW_RESET="1")


def make_clock(emulator: Emulator, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `make clock` runs."""
    environment = os.environ | {"SLIPWAY_EMULATOR_PORT": str(urlsplit(emulator.endpoint_url).port)}
    return subprocess.run(
        [sys.executable, "-m", "scripts.clock", *arguments],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_nobody_moves_it_unless_that_is_allowed(emulator: Emulator) -> None:
    status, page = clock_page(emulator, {"Advance": "1h"})

    assert status == 403
    assert "SLIPWAY_ALLOW_RESET=1" in page["Message"]
    assert clock_page(emulator)[1]["ahead_seconds"] == 0
    refused = make_clock(emulator, "--advance", "1h")
    assert refused.returncode == 1
    assert "SLIPWAY_ALLOW_RESET=1 make up" in refused.stderr


def test_a_person_moves_it_and_it_stays_moved(movable: Emulator) -> None:
    moved = make_clock(movable, "--advance", "1d1h")
    assert moved.returncode == 0, moved.stderr
    assert moved.stdout.endswith("1 d 1:00:00 ahead of this machine's clock\n")
    assert make_clock(movable).stdout.endswith("1 d 1:00:00 ahead of this machine's clock\n")

    movable.kill()
    movable.restart()

    assert clock_page(movable)[1]["ahead_seconds"] == 90_000
    wrong = make_clock(movable, "--to", "2020-01-01")
    assert wrong.returncode == 1
    assert "goes forward alone" in wrong.stderr


def test_what_is_created_carries_the_moved_time_until_a_reset(movable: Emulator) -> None:
    sagemaker = movable.client("sagemaker")
    before = sagemaker.create_model_package_group(ModelPackageGroupName=fresh("group"))
    Schedules(movable).move("2d")
    group = fresh("group")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)

    created = [
        sagemaker.describe_model_package_group(ModelPackageGroupName=name)["CreationTime"]
        for name in (before["ModelPackageGroupArn"].rpartition("/")[2], group)
    ]
    assert timedelta(days=2) <= created[1] - created[0] < timedelta(days=3)

    reset(movable)
    assert clock_page(movable)[1]["ahead_seconds"] == 0


def reset(emulator: Emulator) -> None:
    """Have an emulator forget everything."""
    with urlopen(Request(f"{emulator.endpoint_url}/_slipway/reset", data=b"")) as answer:
        assert answer.status == 200


def test_a_day_that_passes_at_once_is_no_day_of_work(movable: Emulator, preprocess_image: str) -> None:
    jobs = Jobs(movable, preprocess_image)
    # Longer than the emulator leaves what it watches alone (2 s), and nothing against its limit (600 s).
    name = jobs.process("sleep 6")
    jobs.running(name)

    Schedules(movable).move("1d")

    assert jobs.ended(name)["ProcessingJobStatus"] == "Completed"
