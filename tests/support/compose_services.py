"""The services of compose.yaml, started by the verbs as a person types them, beside those that may be up."""

import json
import os
import shlex
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker

from orchestration.local_mode import free_port
from orchestration.project_file import load_project
from orchestration.schema import schema_document
from scripts.commands import ROOT
from tests.support.bank_runs import Bank
from tests.support.localstack import LocalStack

IMAGES = "preprocess train_xgb monitor localstack emulator lambda_python api"


class Services:
    """A compose project beside the one that may be up already: other names, ports and volumes."""

    def __init__(self, folder: Path) -> None:
        self.name = f"slipway-{uuid4().hex[:8]}"
        self.build_dir = folder / "build"
        self.port, self.emulator_port, self.api_port = (free_port() for _ in range(3))

    @property
    def environment(self) -> dict[str, str]:
        """What a person sets whose ports are taken, and names of its own."""
        ours = ("SLIPWAY_", "COMPOSE_", "MAKE")
        others = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {
            **others,
            "COMPOSE_PROJECT_NAME": self.name,
            "AWS_ENDPOINT_URL": f"http://localhost:{self.port}",
            "SLIPWAY_PORT": str(self.port),
            "SLIPWAY_EMULATOR_PORT": str(self.emulator_port),
            "SLIPWAY_API_PORT": str(self.api_port),
            # Drills move the clock.
            "SLIPWAY_ALLOW_RESET": "1",
            "SLIPWAY_JOB_NETWORK": self.name,
            "SLIPWAY_JOBS_VOLUME": f"{self.name}-jobs",
        }

    @property
    def bank(self) -> Bank:
        """The project's other verbs against these services."""
        return Bank(LocalStack(None, self.environment["AWS_ENDPOINT_URL"]), self.build_dir)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command in the project's folder, in the shell of that person."""
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=1200, check=False
        )

    def remove(self) -> None:
        """Leave nothing of them: the endpoint's container first, which the emulator would start again."""
        with closing(docker.from_env()) as engine:
            ours = engine.containers.list(all=True, filters={"network": self.name})
            ours.sort(key=lambda each: "emulator" not in each.name)
            for container in ours:
                container.remove(force=True, v=True)
            for network in engine.networks.list(names=[self.name]):
                network.remove()
            for volume in engine.volumes.list(filters={"name": self.name}):
                volume.remove(force=True)


def printed_request(started: str) -> str:
    """The line after `ask`."""
    [line] = [line.strip() for line in started.splitlines() if line.strip().startswith("ask ")]
    return line.removeprefix("ask").strip()


def asked(services: Services, command: str) -> Any:
    """What a shell gets for it, as JSON."""
    answer = services.run("bash", "-c", command)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def prediction(services: Services, started: str, record: dict[str, Any]) -> Any:
    """The printed request, turned into one for a prediction."""
    command = printed_request(started).removesuffix("/model") + "/predictions"
    body = shlex.quote(json.dumps({"records": [record]}))
    return asked(services, f"{command} -H 'Content-Type: application/json' -d {body}")


def a_record() -> dict[str, Any]:
    """A client of bank's: the first of each list, and numbers within their bounds."""
    features = schema_document(load_project("bank"))["features"]
    return {
        each["name"]: each["categories"][0]["value"] if each["type"] == "String" else each["minimum"]
        for each in features
    }
