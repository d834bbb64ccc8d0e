"""EventBridge Scheduler's schedules of a project, against the control plane's own Scheduler."""

from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from orchestration.clients import Aws
from orchestration.monitoring import Monitor
from orchestration.schedules import Schedules
from orchestration.settings import Settings
from tests.support.schedules import Plane

GROUP, NAME = "slipway-bank-monitoring", "slipway-bank-data-quality"


@pytest.fixture
def plane(tmp_path: Path) -> Plane:
    return Plane(tmp_path)


@pytest.fixture
def schedules(plane: Plane) -> Schedules:
    aws = Aws(Settings.from_environ({}))
    # Of a cached property, what is there already is what is taken.
    vars(aws)["schedules"] = plane.scheduler
    return Schedules(aws, "bank")


def test_each_hour_the_pipeline_is_started_once_and_told_for_when(plane: Plane, schedules: Schedules) -> None:
    schedules.ensure("data-quality", Monitor())

    with plane.running() as executor:
        # From 22:13:20 (tests/support/control_plane.py) over two full hours.
        plane.clock.move(2 * 3600)
        executor.ring()
        calls = plane.services.wait_for(2)

    service = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    shape = service.operation_model("StartPipelineExecution").input_shape
    asked: list[Any] = [document for _, _, _, document in calls]
    assert [(called, operation) for called, operation, _, _ in calls] == [
        ("sagemaker", "StartPipelineExecution")
    ] * 2
    for document in asked:
        assert not ParamValidator().validate(document, shape).has_errors()
        assert document["PipelineName"] == NAME
        # API reference, IdempotencyToken: 32 to 128 characters.
        assert 32 <= len(document["ClientRequestToken"]) <= 128
    assert len({document["ClientRequestToken"] for document in asked}) == 2
    assert [document["PipelineParameters"] for document in asked] == [
        [{"Name": "ScheduledTime", "Value": f"2023-11-{moment}:00:00Z"}] for moment in ("14T23", "15T00")
    ]


def test_setting_up_again_changes_what_the_project_says_otherwise(plane: Plane, schedules: Schedules) -> None:
    schedules.ensure("data-quality", Monitor())
    schedules.ensure("data-quality", Monitor(schedule="cron(0 6 ? * * *)"))

    (listed,) = plane.scheduler.list_schedules(GroupName=GROUP)["Schedules"]
    described = plane.scheduler.get_schedule(GroupName=GROUP, Name=listed["Name"])
    assert (described["Name"], described["ScheduleExpression"]) == (NAME, "cron(0 6 ? * * *)")


def test_a_schedule_is_removed_once(plane: Plane, schedules: Schedules) -> None:
    assert not schedules.remove("data-quality")
    schedules.ensure("data-quality", Monitor())

    assert schedules.remove("data-quality")
    assert not schedules.remove("data-quality")
    assert plane.scheduler.list_schedules(GroupName=GROUP)["Schedules"] == []
