"""`make api` as a person types it, on services of the test's own: it comes up, answers, can be removed."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest

from orchestration.local_mode import free_port
from orchestration.project import load_project
from orchestration.schema import schema_document
from scripts.clean import OURS, listed
from scripts.commands import ROOT
from tests.support.bank_runs import FEW_ROUNDS, Bank, Ended, some_rows
from tests.support.containers import wait_until
from tests.support.localstack import LocalStack

IMAGES = "preprocess train_xgb localstack emulator lambda_python api"


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
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=600, check=False
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


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    made = Services(tmp_path_factory.mktemp("api"))
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def started(services: Services) -> str:
    """What the verb says."""
    made = services.run("make", "api", f"IMAGE={IMAGES}", "PROJECT=bank")
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout


@pytest.fixture(scope="module")
def ran(services: Services, started: str, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The project's pipeline, after the API is up: its endpoint comes later."""
    folder = tmp_path_factory.mktemp("rows")
    rows = folder / "rows.csv"
    rows.write_bytes(some_rows(folder, seed=1))
    ended = services.bank("run", *FEW_ROUNDS, "--data", str(rows), "--set", "metric.threshold=0.5")
    assert ended.returncode == 0, ended.all_that_it_said
    return ended


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


def test_before_there_is_an_endpoint_it_says_when_to_come_again(services: Services, started: str) -> None:
    assert asked(services, printed_request(started))["endpoint_status"] is None
    assert prediction(services, started, a_record())["status"] == 503


@pytest.mark.usefixtures("ran")
def test_the_printed_request_says_which_version_answers(services: Services, started: str) -> None:
    def told() -> Any:
        model = asked(services, printed_request(started))
        return model if model["endpoint_status"] == "InService" else None

    model = wait_until(told, "the API to see the endpoint")

    assert [each["model_package_version"] for each in model["variants"]] == [services.bank.served_version()]


@pytest.mark.usefixtures("ran")
def test_columns_are_looked_up_once_the_pipeline_has_ingested_them(services: Services, started: str) -> None:
    def told() -> Any:
        answer = prediction(services, started, a_record())
        return answer if answer.get("features") == "looked up" else None

    answer = wait_until(told, "features to be looked up")

    assert answer["predictions"][0]["label"] in ("yes", "no")
    assert answer["model"]["model_package_version"] == services.bank.served_version()


@pytest.mark.usefixtures("started")
def test_make_down_would_remove_it(services: Services) -> None:
    # Not by the verb itself, which removes everything of ours on this machine.
    of_the_api = listed("ps", "--quiet", "--filter", f"publish={services.api_port}")

    assert len(of_the_api) == 1
    assert set(of_the_api) <= set(listed("ps", "--all", "--quiet", "--filter", OURS))


def test_its_key_is_nobody_elses_to_read(services: Services, started: str) -> None:
    assert services.run("git", "check-ignore", "build/api.key").returncode == 0
    assert (ROOT / "build" / "api.key").stat().st_mode & 0o777 == 0o600
    assert (ROOT / "build" / "api.key").read_text(encoding="utf-8").strip() not in started
