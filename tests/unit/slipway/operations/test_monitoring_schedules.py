"""Monitoring schedules as boto3 sees them."""

from pathlib import Path
from typing import Any

import pytest
from slipway.resources.document import Document

from tests.support.control_plane import ACCOUNT, REGION
from tests.support.monitoring import (
    BEGIN,
    BUCKET,
    DAILY,
    ENDPOINT,
    SCHEDULE,
    MonitoringPlane,
    definition,
    inline,
    named,
)
from tests.support.registry import refused

ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:monitoring-schedule"
BATCH_INPUT = {
    "DataCapturedDestinationS3Uri": f"s3://{BUCKET}/captured",
    "DatasetFormat": {"Csv": {"Header": True}},
    "LocalPath": "/opt/ml/processing/input/batch",
}


@pytest.fixture
def plane(tmp_path: Path) -> MonitoringPlane:
    made = MonitoringPlane(tmp_path)
    made.watched()
    return made


def refusal(plane: MonitoringPlane, config: Document, name: str = SCHEDULE) -> tuple[str, str]:
    client = plane.client()
    return refused(
        client.create_monitoring_schedule, MonitoringScheduleName=name, MonitoringScheduleConfig=config
    )


def changed(config: Document, **job: Any) -> Document:
    """An inline configuration with members of its job replaced."""
    return {**config, "MonitoringJobDefinition": {**config["MonitoringJobDefinition"], **job}}


def names(plane: MonitoringPlane, **parameters: Any) -> list[str]:
    found = plane.sagemaker.list_monitoring_schedules(**parameters)["MonitoringScheduleSummaries"]
    return [each["MonitoringScheduleName"] for each in found]


def test_a_schedule_is_pending_until_its_endpoint_was_looked_at(plane: MonitoringPlane) -> None:
    arn = plane.create()

    before = plane.described()
    plane.work()
    after = plane.described()

    assert arn == f"{ARN}/{SCHEDULE}"
    assert before["MonitoringScheduleStatus"] == "Pending"
    assert after["MonitoringScheduleStatus"] == "Scheduled"
    assert (after["EndpointName"], after["MonitoringType"]) == (ENDPOINT, "DataQuality")
    assert after["MonitoringScheduleConfig"] == inline()
    assert "LastMonitoringExecutionSummary" not in after


@pytest.mark.parametrize(
    ("endpoint", "word"), [("missing", 'Could not find endpoint "'), ("deaf", "does not capture its calls")]
)
def test_a_schedule_with_nothing_to_watch_has_failed_and_is_looked_at_again_when_started(
    plane: MonitoringPlane, endpoint: str, word: str
) -> None:
    plane.watched("deaf", EnableCapture=False)
    plane.create(config=inline(endpoint=endpoint))

    plane.work()
    failed = plane.described()
    plane.sagemaker.update_monitoring_schedule(
        MonitoringScheduleName=SCHEDULE, MonitoringScheduleConfig=inline()
    )
    plane.work()

    assert failed["MonitoringScheduleStatus"] == "Failed"
    assert word in failed["FailureReason"]
    mended = plane.described()
    assert mended["MonitoringScheduleStatus"] == "Scheduled"
    assert "FailureReason" not in mended


def test_a_schedule_of_a_definition_is_of_its_type_and_endpoint(plane: MonitoringPlane) -> None:
    plane.create(config=plane.define("ModelQuality", "churn-quality"))

    described = plane.described()

    assert (described["MonitoringType"], described["EndpointName"]) == ("ModelQuality", ENDPOINT)
    [listed] = plane.sagemaker.list_monitoring_schedules()["MonitoringScheduleSummaries"]
    assert (listed["MonitoringJobDefinitionName"], listed["MonitoringType"]) == (
        "churn-quality",
        "ModelQuality",
    )


def test_a_name_is_taken_once_whatever_its_case(plane: MonitoringPlane) -> None:
    plane.create("Watch")

    assert refusal(plane, inline(), "watch")[0] == "ResourceInUse"


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({}, "one of MonitoringJobDefinition and"),
        ({**inline(), "MonitoringJobDefinitionName": "d"}, "one of MonitoringJobDefinition and"),
        ({"MonitoringJobDefinitionName": "d"}, "MonitoringType is required"),
        (named("ModelQuality", "missing"), "model-quality-job-definition/missing not found"),
        ({**inline(), "MonitoringType": "ModelQuality"}, "is of the type DataQuality, not ModelQuality"),
        (inline("rate(1 hour)"), "'rate(1 hour)' is not valid; write cron(0 * ? * * *)"),
        (inline("NOW"), "DataAnalysisStartTime is required"),
        (inline(EndTimeOffset="-PT1H"), "give both"),
        (inline(S3InputMode="Pipe"), "Pipe"),
        (inline(LocalPath="/tmp/data"), "/opt/ml/processing/"),
        (
            changed(inline(), MonitoringInputs=[{"BatchTransformInput": BATCH_INPUT}]),
            "BatchTransformInput is not implemented",
        ),
        (changed(inline(), StoppingCondition={"MaxRuntimeInSeconds": 3601}), "3600 at most"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_by_name(
    plane: MonitoringPlane, config: Document, word: str
) -> None:
    code, text = refusal(plane, config)

    assert code == "ValidationException"
    assert word in text
    assert names(plane) == []


def test_two_jobs_of_an_hour_may_take_half_of_it_each(plane: MonitoringPlane) -> None:
    # API reference, MonitoringStoppingCondition.
    config = plane.define("ModelQuality", StoppingCondition={"MaxRuntimeInSeconds": 1801})

    assert "1800 at most" in refusal(plane, config)[1]
    plane.create(config=named("ModelQuality", expression=DAILY))


def test_a_definition_for_batch_transforms_is_refused_by_name(plane: MonitoringPlane) -> None:
    config = plane.define("DataQuality", DataQualityJobInput={"BatchTransformInput": BATCH_INPUT})

    assert "BatchTransformInput is not implemented" in refusal(plane, config)[1]


def test_a_definition_without_a_place_of_labels_is_refused(plane: MonitoringPlane) -> None:
    job_input = definition("ModelQuality")["ModelQualityJobInput"] | {"GroundTruthS3Input": {}}
    config = plane.define("ModelQuality", ModelQualityJobInput=job_input)

    assert "GroundTruthS3Input must have S3Uri" in refusal(plane, config)[1]


def test_a_stopped_schedule_stays_so_until_it_is_started(plane: MonitoringPlane) -> None:
    plane.create()
    plane.work()
    plane.sagemaker.stop_monitoring_schedule(MonitoringScheduleName=SCHEDULE)

    plane.sagemaker.update_monitoring_schedule(
        MonitoringScheduleName=SCHEDULE, MonitoringScheduleConfig=inline(DAILY)
    )
    plane.work()
    stopped = plane.described()
    plane.sagemaker.start_monitoring_schedule(MonitoringScheduleName=SCHEDULE)
    plane.work()

    assert stopped["MonitoringScheduleStatus"] == "Stopped"
    assert stopped["MonitoringScheduleConfig"] == inline(DAILY)
    assert plane.described()["MonitoringScheduleStatus"] == "Scheduled"


@pytest.mark.parametrize("verb", ["describe", "start", "stop", "delete"])
def test_a_schedule_that_is_not_there_is_not_found(plane: MonitoringPlane, verb: str) -> None:
    call = getattr(plane.client(), f"{verb}_monitoring_schedule")

    assert refused(call, MonitoringScheduleName="x") == (
        "ResourceNotFound",
        f"Monitoring Schedule {ARN}/x not found",
    )


def test_schedules_have_tags_until_they_are_deleted(plane: MonitoringPlane) -> None:
    arn = plane.create(Tags=[{"Key": "team", "Value": "a"}])

    plane.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "cost", "Value": "b"}])
    tags = plane.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    plane.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=SCHEDULE)

    assert tags == [{"Key": "team", "Value": "a"}, {"Key": "cost", "Value": "b"}]
    assert names(plane) == []
    assert refused(plane.client().list_tags, ResourceArn=arn)[0] == "ValidationException"


def test_schedules_are_listed_by_every_filter_and_order_the_newest_first(plane: MonitoringPlane) -> None:
    plane.watched("other")
    plane.create("b")
    plane.clock.move(10)
    plane.create("a", inline(endpoint="other"))
    plane.clock.move(10)
    plane.create("c", plane.define("ModelQuality", "d"))
    plane.work()
    plane.clock.move(10)
    plane.sagemaker.stop_monitoring_schedule(MonitoringScheduleName="b")

    assert names(plane) == ["c", "a", "b"]
    assert names(plane, SortBy="Name", SortOrder="Ascending") == ["a", "b", "c"]
    assert names(plane, SortBy="Status", SortOrder="Descending")[0] == "b"
    assert names(plane, EndpointName="other") == ["a"]
    assert names(plane, MonitoringJobDefinitionName="d") == ["c"]
    assert names(plane, MonitoringTypeEquals="DataQuality") == ["a", "b"]
    assert names(plane, StatusEquals="Stopped") == ["b"]
    assert names(plane, NameContains="a") == ["a"]
    assert names(plane, CreationTimeAfter=BEGIN + 5, CreationTimeBefore=BEGIN + 15) == ["a"]
    assert names(plane, LastModifiedTimeAfter=BEGIN + 25) == ["b"]
    first = plane.sagemaker.list_monitoring_schedules(MaxResults=2)
    assert names(plane, MaxResults=2, NextToken=first["NextToken"]) == ["b"]
