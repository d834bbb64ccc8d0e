"""`make setup`: everything that the other verbs need, found or made; quick when nothing is missing."""

import argparse
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.base_image import BASE_IMAGE, ensure_base_image
from scripts.commands import ROOT, SetupError, capture, run_main, say, timed_step
from scripts.engine import ensure_engine
from scripts.venv import awscli_venv, main_venv, sdk_v2_venv

# Measured on two cores with a warm package mirror; the first figure is disk.
FIRST_TIME = "the first set-up and build take about 6 GB of disk and 5 to 10 minutes"
NEEDED_BYTES = 8 * 1024**3


def main() -> int:
    """Do what is missing, one line each."""
    parser = argparse.ArgumentParser(prog="make setup", description=__doc__)
    parser.add_argument(
        "--tests", action="store_true", help="also what only the tests need (SageMaker SDK v2, AWS CLI)"
    )
    arguments = parser.parse_args()
    first_time = not (ROOT / ".venv").exists()
    if first_time:
        say(f"slipway: {FIRST_TIME}")
        check_disk(ROOT)
    say("setup")
    timed_step("docker", ensure_engine)
    if capture(["docker", "image", "inspect", BASE_IMAGE]).returncode != 0:
        check_disk(docker_root())
    timed_step("base image", ensure_base_image)
    environments = [main_venv, sdk_v2_venv, awscli_venv] if arguments.tests else [main_venv]
    # pip takes one processor and the network.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda environment: timed_step("python", environment), environments))
    return 0


def docker_root() -> Path:
    """Where the engine keeps its layers, as far as this host can see it."""
    answer = capture(["docker", "info", "--format", "{{.DockerRootDir}}"]).stdout.strip()
    return Path(answer) if answer and Path(answer).exists() else ROOT


def check_disk(folder: Path, needed_bytes: int = NEEDED_BYTES) -> None:
    """Raise SetupError where `folder`'s file system has too little room for a first build."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise SetupError(
            f"{folder} has {free / 1024**3:.1f} GB free, and a first build needs "
            f"{needed_bytes / 1024**3:.0f} GB.\n"
            "  Make room (docker system df shows what Docker holds), then run the command again."
        )


if __name__ == "__main__":
    run_main(main)
