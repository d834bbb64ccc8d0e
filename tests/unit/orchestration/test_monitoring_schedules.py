"""SageMaker's own schedules of a project, against the control plane's operations and executors."""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestration.clients import Aws
from orchestration.errors import MonitoringError
from orchestration.handlers.monitored_window import Baseline
from orchestration.monitoring_schedules import MonitoringSchedules
from orchestration.project_file import load_project
from orchestration.settings import Settings
from tests.support.monitoring import MonitoringPlane

ENDPOINT = "slipway-bank"
DATA, MODEL = "data-quality", "model-quality"
BASELINE = Baseline("s3://bucket/baseline/statistics.json", "s3://bucket/baseline/constraints.json")
OTHER = Baseline("s3://bucket/other/statistics.json", "s3://bucket/other/constraints.json")


@pytest.fixture
def plane(tmp_path: Path) -> MonitoringPlane:
    made = MonitoringPlane(tmp_path)
    made.watched(ENDPOINT)
    return made


@pytest.fixture
def schedules(plane: MonitoringPlane) -> MonitoringSchedules:
    aws = Aws(Settings.from_environ({}))
    # Of a cached property, what is there already is what is taken.
    vars(aws)["sagemaker"] = plane.sagemaker

    def work(_seconds: float) -> None:
        plane.clock.move(1)
        plane.work()

    return MonitoringSchedules(aws, load_project("bank"), {"monitor": "monitor:1"}, wait=work)


def definitions(plane: MonitoringPlane, monitor: str) -> list[str]:
    list_them = getattr(plane.sagemaker, f"list_{monitor.replace('-', '_')}_job_definitions")
    return [item["MonitoringJobDefinitionName"] for item in list_them()["JobDefinitionSummaries"]]


def test_both_monitors_are_started_at_the_projects_times(
    plane: MonitoringPlane, schedules: MonitoringSchedules
) -> None:
    names = [schedules.ensure(monitor, BASELINE) for monitor in (DATA, MODEL)]

    assert names == ["slipway-bank-data-quality", "slipway-bank-model-quality"]
    for name, kind in zip(names, ("DataQuality", "ModelQuality"), strict=True):
        described = plane.described(name)
        assert described["MonitoringType"] == kind
        config = described["MonitoringScheduleConfig"]["ScheduleConfig"]
        assert config["ScheduleExpression"] == "cron(0 * ? * * *)"


def test_setting_up_again_changes_nothing_and_other_baselines_are_another_definition(
    plane: MonitoringPlane, schedules: MonitoringSchedules
) -> None:
    schedules.ensure(DATA, BASELINE)
    (first,) = definitions(plane, DATA)

    schedules.ensure(DATA, BASELINE)
    assert definitions(plane, DATA) == [first]

    schedules.ensure(DATA, OTHER)
    (second,) = definitions(plane, DATA)
    assert second != first
    config = plane.described("slipway-bank-data-quality")["MonitoringScheduleConfig"]
    assert config["MonitoringJobDefinitionName"] == second


def test_its_job_is_told_what_a_pipelines_is(plane: MonitoringPlane, schedules: MonitoringSchedules) -> None:
    schedules.ensure(DATA, BASELINE)
    plane.work()
    # The control plane's clock begins at 22:13:20 (tests/support/monitoring.py).
    plane.captured("2023/11/14/22", endpoint=ENDPOINT)
    plane.clock.move(3600)
    plane.work()

    (job,) = plane.jobs()
    variables = job["Environment"]
    # Columns of the request alone: what the baseline is of.
    assert json.loads(variables["dataset_format"]) == {
        "sagemakerCaptureJson": {"captureIndexNames": ["endpointInput"]}
    }
    assert variables["other_records"] == "leave_out"
    assert variables["baseline_constraints"].endswith("/constraints.json")
    assert (variables["start_time"], variables["end_time"]) == (
        "2023-11-14T22:00:00Z",
        "2023-11-14T23:00:00Z",
    )
    report = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert report.startswith("s3://slipway-bank/monitoring/data-quality/")


def test_a_look_is_a_schedule_that_runs_once_and_is_waited_for(
    plane: MonitoringPlane, schedules: MonitoringSchedules
) -> None:
    plane.captured("2023/11/14/22", endpoint=ENDPOINT)
    ended: list[Any] = []

    def work(_seconds: float) -> None:
        plane.clock.move(1)
        plane.work()
        for job in plane.jobs():
            if job["ProcessingJobName"] not in ended:
                ended.append(job["ProcessingJobName"])
                plane.end(
                    job, message="CompletedWithViolations: Job completed successfully with 1 violations."
                )

    asked = MonitoringSchedules(schedules.aws, schedules.project, schedules.images, wait=work)
    first, again = (asked.look(DATA, BASELINE) for _ in range(2))

    assert (
        first["MonitoringExecutionStatus"] == again["MonitoringExecutionStatus"] == "CompletedWithViolations"
    )
    assert first["ProcessingJobArn"] != again["ProcessingJobArn"]


def test_a_look_at_nothing_ends_failed_with_the_reason(schedules: MonitoringSchedules) -> None:
    found = schedules.look(DATA, BASELINE)

    assert found["MonitoringExecutionStatus"] == "Failed"
    assert "Job inputs had no data" in found["FailureReason"]


def test_a_schedule_that_cannot_be_is_told_of(schedules: MonitoringSchedules) -> None:
    gone = schedules.project.model_copy(update={"name": "retail"})
    asked = MonitoringSchedules(schedules.aws, gone, schedules.images, wait=schedules.wait)

    with pytest.raises(MonitoringError, match="slipway-retail-data-quality-now is Failed"):
        asked.look(DATA, BASELINE)


def test_nothing_is_left_of_schedules_that_are_removed(
    plane: MonitoringPlane, schedules: MonitoringSchedules
) -> None:
    for monitor in (DATA, MODEL):
        schedules.ensure(monitor, BASELINE)
        assert schedules.remove(monitor)
        assert not schedules.remove(monitor)
        assert definitions(plane, monitor) == []
    assert plane.sagemaker.list_monitoring_schedules()["MonitoringScheduleSummaries"] == []
