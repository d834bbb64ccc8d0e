"""`make up`: the compose services, started and waited for."""

import argparse
import os
import subprocess

from scripts.commands import ROOT, SetupError, capture, run_main, timed_step
from scripts.images import reference

SERVICES = {"localstack": "SLIPWAY_LOCALSTACK_IMAGE", "emulator": "SLIPWAY_EMULATOR_IMAGE"}

# What a service runs beside itself.
OTHERS = {"lambda_python": "SLIPWAY_LAMBDA_IMAGE"}


def compose_environment() -> dict[str, str]:
    """The caller's environment, with the images that the services run from, and run."""
    images = {**SERVICES, **OTHERS}
    return {**os.environ, **{variable: reference(name) for name, variable in images.items()}}


def up() -> str:
    """Start the services and wait until they are healthy; returns a line that says where.

    Raises SetupError with the services' own last words.
    """
    started = subprocess.run(
        ["docker", "compose", "--progress=quiet", "up", "--detach", "--wait", *SERVICES],
        check=False,
        cwd=ROOT,
        env=compose_environment(),
        capture_output=True,
        text=True,
    )
    if started.returncode != 0:
        logs = capture(["docker", "compose", "--project-directory", str(ROOT), "logs", "--tail", "20"])
        raise SetupError(
            f"the services do not come up: {started.stderr.strip()}\n{logs.stdout.strip()}\n"
            "  A port that is taken is changed: LocalStack's with SLIPWAY_PORT=4567 and AWS_ENDPOINT_URL to\n"
            "  match, the emulator's with SLIPWAY_EMULATOR_PORT=4501."
        )
    return os.environ.get("AWS_ENDPOINT_URL", "")


def main() -> int:
    """Start what `make run` needs."""
    argparse.ArgumentParser(prog="make up", description=__doc__).add_argument("command", choices=["up"])
    timed_step("services", up)
    return 0


if __name__ == "__main__":
    run_main(main)
