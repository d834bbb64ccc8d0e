"""What `make monitor` says where a project cannot be watched yet; what it does then is tried end to end."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestration.clients import Aws
from orchestration.console import Console
from orchestration.errors import MonitoringError
from orchestration.monitor import monitor
from orchestration.monitors import Monitors
from orchestration.project_file import load_project
from orchestration.settings import Settings
from tests.support.objects import Objects

CALL = "s3://slipway-bank/captured/slipway-bank/AllTraffic/2026/11/26/04/00-00-001-a.jsonl"
VERSION = "arn:aws:sagemaker:us-east-1:000000000000:model-package/slipway-bank/1"


class Serving:
    """An endpoint's version, which names no baselines; or no endpoint."""

    def __init__(self, is_there: bool) -> None:
        self.is_there = is_there

    def describe_endpoint(self, **_: str) -> dict[str, str]:
        if self.is_there:
            return {"EndpointConfigName": "config"}
        error = {"Code": "ValidationException", "Message": 'Could not find endpoint "slipway-bank".'}
        raise ClientError({"Error": error}, "DescribeEndpoint")

    def describe_endpoint_config(self, **_: str) -> dict[str, Any]:
        return {"ProductionVariants": [{"ModelName": "model"}]}

    def describe_model(self, **_: str) -> dict[str, Any]:
        return {"ModelName": "model", "Containers": [{"ModelPackageName": VERSION}]}

    def describe_model_package(self, **_: str) -> dict[str, Any]:
        return {}


def refusal(tmp_path: Path, objects: Objects, serving: Serving, *overrides: str) -> str:
    """What a person is told. Nothing is set up before: no other service is there to be asked."""
    aws = Aws(Settings.from_environ({}))
    # Of a cached property, what is there already is what is taken.
    vars(aws).update(s3=objects, sagemaker=serving)
    monitors = Monitors(aws, load_project("bank", overrides), {}, tmp_path)
    with pytest.raises(MonitoringError) as error:
        monitor(monitors, Console(io.StringIO()), tmp_path / "monitor.json")
    return str(error.value)


@pytest.fixture
def objects() -> Objects:
    made = Objects()
    made.put(CALL)
    return made


def test_before_anything_was_asked_it_says_how_to_ask(tmp_path: Path) -> None:
    told = refusal(tmp_path, Objects(), Serving(is_there=True))

    assert "holds no call of slipway-bank" in told
    assert "`make run PROJECT=bank`" in told
    # The figures say so too: a program reads that nothing was found.
    assert json.loads((tmp_path / "monitor.json").read_text(encoding="utf-8"))["monitors"] == {}


def test_without_an_endpoint_it_says_what_deploys_one(tmp_path: Path, objects: Objects) -> None:
    told = refusal(tmp_path, objects, Serving(is_there=False))

    assert "there is no endpoint slipway-bank" in told
    assert "`make run PROJECT=bank`" in told


def test_a_version_from_before_the_project_was_watched_is_named(tmp_path: Path, objects: Objects) -> None:
    told = refusal(tmp_path, objects, Serving(is_there=True))

    assert f"{VERSION}, which slipway-bank serves, names no baseline of data-quality" in told
    assert "`make run PROJECT=bank`" in told


def test_a_project_that_is_not_watched_is_told_what_its_file_lacks(tmp_path: Path, objects: Objects) -> None:
    told = refusal(tmp_path, objects, Serving(is_there=True), "monitoring=null")

    assert "the project bank is not watched" in told
    assert "`monitoring:`" in told
