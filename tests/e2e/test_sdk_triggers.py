"""The SageMaker SDKs' triggers and functions, v3 and v2, unmodified, over one endpoint."""

import json
import subprocess
from typing import Any

import pytest

from scripts.commands import ROOT
from tests.support.emulator import Emulator
from tests.support.localstack_calls import fresh
from tests.support.sdk_shell import PYTHONS, environment

PROGRAM_SECONDS = 300


@pytest.fixture(scope="module", params=["v3", "v2"])
def told(
    request: pytest.FixtureRequest, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What an SDK was told, and under which name it asked."""
    folder, name = tmp_path_factory.mktemp(f"triggers-{request.param}"), fresh(f"sdk-{request.param}")
    python = PYTHONS[request.param]
    assert python.exists(), f"{python.parents[1].name} is not there; `make test` makes it"
    program = ["-m", "tests.support.sdk_triggers", request.param, name, str(folder / "told.json")]
    ended = subprocess.run(
        [str(python), *program],
        check=False,
        cwd=ROOT,
        env=environment(emulator.localstack.endpoint_url, folder),
        capture_output=True,
        text=True,
        timeout=PROGRAM_SECONDS,
    )
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-6000:]
    return {"name": name, **json.loads((folder / "told.json").read_text("utf-8"))}


def test_a_pipelines_trigger_starts_it_once(told: dict[str, Any]) -> None:
    arn = f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/{told['name']}-scheduled"

    scheduled = told["scheduled"]
    assert (scheduled["arns"], scheduled["updated"]) == ([arn], [arn])
    assert (scheduled["expression"], scheduled["executions"]) == (scheduled["at"], 1)


def test_a_function_is_what_its_script_says_now(told: dict[str, Any]) -> None:
    assert told["called"] == {
        "answers": [{"times": 14}, {"times": 21}],
        "arn": f"arn:aws:lambda:us-east-1:000000000000:function:{told['name']}-called",
    }
