"""Monitoring schedules run real jobs over what a real endpoint has captured, by a clock that is moved."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

import pytest

from tests.support.containers import wait_until
from tests.support.emulator import running_emulator
from tests.support.emulator_jobs import Jobs
from tests.support.emulator_monitoring import Watched
from tests.support.emulator_schedules import Schedules
from tests.support.endpoints import capture_to, endpoints_of, variant
from tests.support.localstack import LocalStack
from tests.support.scripted_server import scripted_server_image

NO_VIOLATIONS = "Completed: Job completed successfully with no violations."
VIOLATIONS = "CompletedWithViolations: Job completed successfully with 2 violations."
NEVER_ENDS = "trap 'exit 0' TERM; sleep 600 & wait"


@dataclass(frozen=True)
class Survivor:
    """A schedule whose first job a killed emulator had not asked for yet."""

    schedule: str
    identities: set[str]
    report_hour: str


@pytest.fixture(scope="module")
def plane(
    emulator_image: str, localstack: LocalStack, preprocess_image: str
) -> Iterator[tuple[Watched, Survivor]]:
    """An endpoint, and a schedule over which the emulator has died once, before it asked for the job."""
    environment = {"SLIPWAY_ALLOW_RESET": "1", "SLIPWAY_FAULT": "before-monitoring-job"}
    with ExitStack() as stack:
        image = stack.enter_context(scripted_server_image(preprocess_image))
        name = f"emulator-{uuid4().hex[:8]}"
        emulator = stack.enter_context(running_emulator(emulator_image, localstack, environment, name))
        endpoints = stack.enter_context(endpoints_of(emulator, image))
        config = endpoints.config(
            variant(endpoints.answering("0.91")),
            DataCaptureConfig=capture_to(f"s3://{emulator.bucket}/captured"),
        )
        endpoint = endpoints.in_service(config)
        made = Watched(endpoints, Jobs(emulator, preprocess_image), Schedules(emulator), endpoint)
        report_hour = made.enter_hour()
        survivor = Survivor(made.watch(NO_VIOLATIONS), made.call(), report_hour)
        made.pass_hour()
        assert emulator.container.wait()["StatusCode"] == 137
        emulator.restart()
        made.ended(survivor.schedule)
        made.sagemaker.stop_monitoring_schedule(MonitoringScheduleName=survivor.schedule)
        yield made, survivor


@pytest.fixture
def watched(plane: tuple[Watched, Survivor]) -> Iterator[Watched]:
    """The endpoint; whatever a test has watching it stops at the end."""
    made, _ = plane
    yield made
    listed = made.sagemaker.list_monitoring_schedules(StatusEquals="Scheduled")
    for each in listed["MonitoringScheduleSummaries"]:
        made.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=each["MonitoringScheduleName"])


def test_a_death_between_a_schedule_s_time_and_its_job_costs_nothing_and_repeats_nothing(
    plane: tuple[Watched, Survivor],
) -> None:
    watched, survivor = plane

    [execution] = watched.executions(survivor.schedule)
    [job] = watched.job_names(survivor.schedule)

    assert execution["MonitoringExecutionStatus"] == "Completed"
    assert execution["ProcessingJobArn"].endswith(job)
    assert watched.seen(survivor.schedule, survivor.report_hour) == survivor.identities


def test_an_hour_s_calls_are_analysed_when_it_is_over_and_the_hours_without_a_call_fail(
    watched: Watched,
) -> None:
    report_hour = watched.enter_hour()
    schedule, identities = watched.watch(VIOLATIONS), watched.call()

    watched.pass_hour()
    execution = watched.ended(schedule)
    watched.pass_hour()
    empty = watched.ended(schedule, 2)

    assert execution["MonitoringExecutionStatus"] == "CompletedWithViolations"
    assert watched.described(schedule)["LastMonitoringExecutionSummary"] == empty
    assert (empty["MonitoringExecutionStatus"], empty["FailureReason"]) == (
        "Failed",
        "Job inputs had no data",
    )
    [job] = watched.job_names(schedule)
    described = watched.job(job)
    assert (described["ProcessingJobStatus"], described["ExitMessage"]) == ("Completed", VIOLATIONS)
    assert execution["ProcessingJobArn"] == described["ProcessingJobArn"]
    assert f"{execution['ScheduledTime']:%Y/%m/%d/%H}" == report_hour
    assert watched.seen(schedule, report_hour) == identities


def test_model_quality_merges_with_labels_of_the_machine_s_own_hour_and_then_analyses(
    watched: Watched,
) -> None:
    report_hour = watched.enter_hour()
    schedule = watched.watch_quality({**watched.app(), "Environment": {"SAYS": NO_VIOLATIONS}})
    identities = watched.call()
    watched.label(min(identities), "1")

    watched.pass_hour()
    execution = watched.ended(schedule)

    assert execution["MonitoringExecutionStatus"] == "Completed", execution
    merge, analysis = watched.job_names(schedule)
    assert merge.startswith("groundtruth-merge-")
    assert analysis.startswith("model-quality-monitoring-")
    assert merge.rpartition("-")[2] == analysis.rpartition("-")[2]
    # The analyzer saw what the merge had left.
    assert watched.seen(schedule, report_hour) == identities


def test_the_monitor_image_merges_and_measures_a_schedule_s_model_quality(
    watched: Watched, monitor_image: str
) -> None:
    constraint = {"threshold": 0.5, "comparison_operator": "GreaterThanThreshold"}
    constraints = {"version": 0.0, "regression_constraints": {"mae": constraint}}
    watched.jobs.put({"baseline/constraints.json": json.dumps(constraints)})
    report_hour = watched.enter_hour()
    schedule = watched.watch_quality(
        {"ImageUri": monitor_image, "Environment": {"model_quality_tolerance": "0"}},
        {"ConstraintsResource": {"S3Uri": watched.jobs.uri("baseline/constraints.json")}},
    )
    # Each was answered 0.91, and the last one has no label.
    for identity in sorted(watched.call(4))[:3]:
        watched.label(identity, "2.91")

    watched.pass_hour()
    execution = watched.ended(schedule)

    assert execution["MonitoringExecutionStatus"] == "CompletedWithViolations", execution
    report = watched.report(schedule, report_hour)
    statistics = json.loads(report["statistics.json"])
    assert statistics["dataset"]["item_count"] == 3
    assert statistics["regression_metrics"]["mae"]["value"] == pytest.approx(2.0)
    [violation] = json.loads(report["constraint_violations.json"])["violations"]
    assert violation["metric_name"] == "mae"


def test_now_is_at_once_and_up_to_now(watched: Watched) -> None:
    watched.enter_hour()
    identities = watched.call()

    schedule = watched.watch(
        NO_VIOLATIONS,
        ScheduleExpression="NOW",
        DataAnalysisStartTime="-PT1H",
        DataAnalysisEndTime="-PT0H",
    )
    execution = watched.ended(schedule)

    assert execution["MonitoringExecutionStatus"] == "Completed", execution
    assert identities <= watched.seen(schedule, f"{execution['ScheduledTime']:%Y/%m/%d/%H}")


def test_a_deleted_schedule_s_running_job_is_stopped(watched: Watched) -> None:
    watched.enter_hour()
    schedule = watched.watch(command=NEVER_ENDS)
    watched.call(1)
    watched.pass_hour()
    job = watched.under_way(schedule)["ProcessingJobArn"].rpartition("/")[2]
    wait_until(lambda: watched.containers(job) or None, f"{job} to run")

    watched.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=schedule)

    assert watched.ended(schedule)["MonitoringExecutionStatus"] == "Stopped"
    assert watched.job(job)["ProcessingJobStatus"] == "Stopped"
    assert watched.containers(job) == []
