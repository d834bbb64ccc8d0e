"""docs/emulator.md as written: ten lines of compose, one variable, and a job that runs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
import docker
import pytest
import yaml

from orchestration.local_mode import free_port
from scripts.commands import ROOT
from tests.support.containers import wait_until
from tests.support.emulator import Emulator

TEXT = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
PUBLISHED = "127.0.0.1:4566"


def blocks(language: str) -> list[str]:
    """What stands in the fences of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


[COMPOSE] = blocks("yaml")
PROGRAMS = blocks("python")
IMAGES, UP, EXPORT, CLOCK, ANALYZER, SDK, DOWN = blocks("bash")


def shell(script: str, folder: Path, **environment: str) -> str:
    """What a script of the page prints."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    others = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SLIPWAY_", "COMPOSE_"))
    }
    ended = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=others | {"PATH": path} | environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.fixture(scope="module")
def _tagged(emulator_image: str, lambda_image: str) -> Iterator[None]:
    """The images under the page's names; names that were not there before go again."""
    build, *tags = IMAGES.splitlines()
    assert build == 'make images IMAGE="localstack emulator lambda_python"'  # done for all tests
    names = [line.split()[-1] for line in tags]
    known = shell("docker image ls --format '{{.Repository}}:{{.Tag}}'", ROOT).splitlines()
    shell("\n".join(tags), ROOT)
    yield
    shell("\n".join(f"docker image rm {name}" for name in names if name not in known), ROOT)


@pytest.fixture(scope="module")
def project(_tagged: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Somebody's folder with the page's file, started as the page says; and where it is published.

    On a free port in place of the page's, which may be taken.
    """
    folder = tmp_path_factory.mktemp("shop")
    published = f"127.0.0.1:{free_port()}"
    assert COMPOSE.count(PUBLISHED) == 1
    (folder / "compose.yaml").write_text(COMPOSE.replace(PUBLISHED, published), encoding="utf-8")
    try:
        shell(UP, folder)
        yield folder, published
    finally:
        shell(DOWN, folder)


def test_it_is_ten_lines_and_one_variable() -> None:
    assert len(COMPOSE.splitlines()) == 10
    assert set(yaml.safe_load(COMPOSE)["services"]) == {"localstack", "emulator"}
    assert f"export AWS_ENDPOINT_URL=http://{PUBLISHED}\n" == EXPORT


@pytest.mark.parametrize("place", [0, 1, 2, 3], ids=["job", "function", "schedule", "features"])
def test_a_program_prints_what_the_page_says(project: tuple[Path, str], place: int) -> None:
    folder, published = project
    (folder / "program.py").write_text(PROGRAMS[place], encoding="utf-8")
    export = EXPORT.replace(PUBLISHED, published)
    any_will_do = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
    }

    printed = shell(f"{export}python program.py", folder, **any_will_do)

    assert printed == re.findall(r"^prints `([^`]+)`", TEXT, re.MULTILINE)[place]


def test_the_monitor_gets_the_name_by_which_the_sdk_asks_for_aws_analyzer() -> None:
    build, tag = ANALYZER.splitlines()
    package = find_spec("sagemaker.core")
    assert package is not None
    assert package.origin is not None
    uris = Path(package.origin).parent / "image_uri_config" / "model-monitor.json"

    assert build == "make images IMAGE=monitor"
    assert f'"repository": "{tag.split()[-1]}"' in uris.read_text("utf-8")


def test_two_days_pass_as_the_page_says(emulator_with: Callable[..., Emulator]) -> None:
    emulator = emulator_with(SLIPWAY_ALLOW_RESET="1")
    command = re.fullmatch(r"curl --data '(.+)' http://127\.0\.0\.1:4500(/\S+)\n", CLOCK)
    assert command is not None

    with urlopen(Request(emulator.endpoint_url + command[2], data=command[1].encode())) as answer:
        assert json.load(answer)["ahead_seconds"] == 2 * 86400


def test_the_sdk_finds_account_bucket_and_role(project: tuple[Path, str], tmp_path: Path) -> None:
    _, published = project
    assert SDK.count("~/.slipway") == 1
    script = EXPORT.replace(PUBLISHED, published) + SDK.replace("~/.slipway", str(tmp_path))
    program = (
        "from sagemaker.core.helper.session_helper import Session, get_execution_role as role;"
        "session = Session(); print(session.account_id(), session.default_bucket(), role(session))"
    )

    printed = shell(f"{script}python -c '{program}'", ROOT)

    assert printed.splitlines()[-1] == (
        "000000000000 sagemaker-us-east-1-000000000000 arn:aws:iam::000000000000:role/slipway"
    )


def test_jobs_run_in_the_projects_own_volume_and_on_its_network(project: tuple[Path, str]) -> None:
    folder, published = project
    name = yaml.safe_load(shell("docker compose config", folder))["name"]
    sagemaker = boto3.client(
        "sagemaker",
        endpoint_url=f"http://{published}",
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    job = {"ProcessingJobName": "look-at-me"}
    created = sagemaker.create_processing_job(
        **job,
        AppSpecification={"ImageUri": "slipway/emulator:1", "ContainerEntrypoint": ["sleep", "600"]},
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}
        },
        RoleArn="arn:aws:iam::000000000000:role/any",
    )

    with closing(docker.from_env()) as engine:
        label = {"label": f"slipway.resource={created['ProcessingJobArn']}"}
        [container] = wait_until(lambda: engine.containers.list(filters=label) or None, "the job to run")
        volumes = {mount["Name"] for mount in container.attrs["Mounts"]}
        networks = set(container.attrs["NetworkSettings"]["Networks"])
    sagemaker.stop_processing_job(**job)
    # `sleep` as PID 1 takes no SIGTERM; nobody waits here for the grace period to pass.
    container.remove(force=True)

    assert volumes == {f"{name}_jobs"}
    assert networks == {f"{name}_default"}
