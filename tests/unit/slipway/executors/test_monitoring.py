"""From a monitoring schedule's time to its jobs and to what its execution has earned."""

from pathlib import Path
from typing import Any

import pytest
from slipway.faults import FaultPoint, Faults
from slipway.resources.document import Document
from slipway.resources.resource import Key, Kind

from tests.support.monitoring import (
    BUCKET,
    DAILY,
    ENDPOINT,
    FIRST_START,
    HOUR_SECONDS,
    INPUT_PATH,
    OUTPUT_PATH,
    OWNER,
    ROLE_ARN,
    SCHEDULE,
    VARIANT,
    MonitoringPlane,
    definition,
    inline,
)

# The hour before the first start, and its labels.
HOUR, NEXT_HOUR = "2023/11/14/22", "2023/11/14/23"
NO_VIOLATIONS = "Completed: Job completed successfully with no violations."
VIOLATIONS = "CompletedWithViolations: Job completed successfully with 60 violations."


class KilledError(BaseException):
    """The process ends here; what it would have done next, nobody does."""


@pytest.fixture
def plane(tmp_path: Path) -> MonitoringPlane:
    made = MonitoringPlane(tmp_path)
    made.watched()
    return made


def start(plane: MonitoringPlane, config: Document | None = None, hours: int = 1) -> None:
    """Make a schedule, and let so many of its hours begin."""
    plane.create(config=config)
    plane.work()
    plane.clock.seconds = FIRST_START + (hours - 1) * HOUR_SECONDS
    plane.work()


def inputs(job: Document) -> dict[str, tuple[str, str]]:
    """URI and path of each input by its name."""
    return {
        each["InputName"]: (each["S3Input"]["S3Uri"], each["S3Input"]["LocalPath"])
        for each in job["ProcessingInputs"]
    }


def statuses(plane: MonitoringPlane) -> list[str]:
    """Of all executions, the earliest first."""
    found = plane.listed(SortBy="ScheduledTime", SortOrder="Ascending", MaxResults=100)
    return [each["MonitoringExecutionStatus"] for each in found]


def stamp_and_identity(job: Document) -> tuple[str, str]:
    _, stamp, identity = job["ProcessingJobName"].rsplit("-", 2)
    return stamp, identity


def test_an_hour_of_data_quality_is_one_job_over_what_was_captured_in_it(plane: MonitoringPlane) -> None:
    plane.captured("2023/11/14/21", HOUR, NEXT_HOUR)
    config = inline()
    config["MonitoringJobDefinition"]["BaselineConfig"] = {
        "ConstraintsResource": {"S3Uri": f"s3://{BUCKET}/baseline/constraints.json"},
        "StatisticsResource": {"S3Uri": f"s3://{BUCKET}/baseline/statistics.json"},
    }
    config["MonitoringJobDefinition"]["Environment"] = {"other_records": "leave_out"}

    start(plane, config)

    [job] = plane.jobs()
    stamp, identity = stamp_and_identity(job)
    assert job["ProcessingJobName"] == f"data-quality-monitoring-{stamp}-{identity}"
    assert (stamp, len(bytes.fromhex(identity))) == ("202311142300", 12)
    assert inputs(job) == {
        "constraints": (
            f"s3://{BUCKET}/baseline/constraints.json",
            "/opt/ml/processing/baseline/constraints",
        ),
        "statistics": (f"s3://{BUCKET}/baseline/statistics.json", "/opt/ml/processing/baseline/stats"),
        "endpoint_input_1": (
            f"s3://{BUCKET}/captured/{ENDPOINT}/{VARIANT}/{HOUR}",
            f"{INPUT_PATH}/{ENDPOINT}/{VARIANT}/{HOUR}",
        ),
    }
    # Contracts, 5.1.
    assert job["Environment"] == {
        "dataset_format": '{"sagemakerCaptureJson":{"captureIndexNames":["endpointInput","endpointOutput"]}}',
        "dataset_source": INPUT_PATH,
        "output_path": OUTPUT_PATH,
        "start_time": "2023-11-14T22:00:00Z",
        "end_time": "2023-11-14T23:00:00Z",
        "metric_time": "2023-11-14T22:00:00Z",
        "baseline_constraints": "/opt/ml/processing/baseline/constraints/constraints.json",
        "baseline_statistics": "/opt/ml/processing/baseline/stats/statistics.json",
        "publish_cloudwatch_metrics": "Enabled",
        "sagemaker_endpoint_name": ENDPOINT,
        "sagemaker_monitoring_schedule_name": SCHEDULE,
        "sagemaker_endpoint_datacapture_prefix": f"s3://{BUCKET}/captured",
        "monitoring_input_type": "ENDPOINT_INPUT",
        "other_records": "leave_out",
    }
    [output] = job["ProcessingOutputConfig"]["Outputs"]
    assert (output["OutputName"], output["S3Output"]) == (
        "result",
        {
            "S3Uri": f"s3://{BUCKET}/reports/{ENDPOINT}/{SCHEDULE}/{NEXT_HOUR}",
            "LocalPath": OUTPUT_PATH,
            "S3UploadMode": "Continuous",
        },
    )
    assert job["MonitoringScheduleArn"] == plane.described()["MonitoringScheduleArn"]
    assert (job["RoleArn"], job["StoppingCondition"]) == (ROLE_ARN, {"MaxRuntimeInSeconds": 3600})
    # What was captured to the last moment is stored before it is looked for.
    assert plane.flushes == 1


def test_an_execution_is_listed_from_its_start_to_its_end(plane: MonitoringPlane) -> None:
    plane.captured(HOUR)
    start(plane)
    [job] = plane.jobs()

    [under_way] = plane.listed()
    plane.clock.move(40)
    plane.end(job, message=NO_VIOLATIONS)
    plane.work()
    [over] = plane.listed()

    assert under_way == {
        "MonitoringScheduleName": SCHEDULE,
        "ScheduledTime": under_way["ScheduledTime"],
        "CreationTime": under_way["CreationTime"],
        "LastModifiedTime": under_way["LastModifiedTime"],
        "MonitoringExecutionStatus": "InProgress",
        "ProcessingJobArn": job["ProcessingJobArn"],
        "EndpointName": ENDPOINT,
        "MonitoringType": "DataQuality",
    }
    assert under_way["ScheduledTime"].timestamp() == FIRST_START
    assert over["MonitoringExecutionStatus"] == "Completed"
    assert over["LastModifiedTime"].timestamp() == FIRST_START + 40
    assert plane.described()["LastMonitoringExecutionSummary"] == over


def test_model_quality_is_a_merge_and_then_an_analysis_as_recorded(plane: MonitoringPlane) -> None:
    """Names, inputs, variables and outputs of contracts, 5.2: jobs that AWS started at 23:00."""
    plane.captured(HOUR)
    plane.put(f"labels/{HOUR}/part.jsonl")
    start(plane, plane.define("ModelQuality"))

    [merge] = plane.jobs()
    [merging] = plane.listed()
    plane.put(f"reports/merge/{ENDPOINT}/{VARIANT}/{HOUR}/part-00000-id.c000.jsonl")
    plane.end(merge, message="merged")
    plane.work()
    [_, analysis] = plane.jobs()
    [analysing] = plane.listed()

    stamp, identity = stamp_and_identity(merge)
    assert merge["ProcessingJobName"] == f"groundtruth-merge-202311142300-{identity}"
    assert inputs(merge) == {
        "groundtruth_input_1": (f"s3://{BUCKET}/labels/{HOUR}", f"/opt/ml/processing/groundtruth/{HOUR}"),
        "endpoint_input_1": (
            f"s3://{BUCKET}/captured/{ENDPOINT}/{VARIANT}/{HOUR}",
            f"{INPUT_PATH}/{ENDPOINT}/{VARIANT}/{HOUR}",
        ),
    }
    assert merge["Environment"] == {
        "dataset_source": INPUT_PATH,
        "ground_truth_source": "/opt/ml/processing/groundtruth",
        "output_path": OUTPUT_PATH,
    }
    assert merge["ProcessingOutputConfig"]["Outputs"][0]["S3Output"] == {
        "S3Uri": f"s3://{BUCKET}/reports/merge",
        "LocalPath": OUTPUT_PATH,
        "S3UploadMode": "EndOfJob",
    }
    assert analysis["ProcessingJobName"] == f"model-quality-monitoring-{stamp}-{identity}"
    assert inputs(analysis) == {
        "constraints": (
            f"s3://{BUCKET}/baseline/constraints.json",
            "/opt/ml/processing/baseline/constraints",
        ),
        "endpoint_input_1": (
            f"s3://{BUCKET}/reports/merge/{ENDPOINT}/{VARIANT}/{HOUR}",
            f"{INPUT_PATH}/{ENDPOINT}/{VARIANT}/{HOUR}",
        ),
    }
    recorded = {
        "analysis_type": "MODEL_QUALITY",
        "baseline_constraints": "/opt/ml/processing/baseline/constraints/constraints.json",
        "dataset_format": '{"sagemakerMergeJson":{"captureIndexNames":["endpointOutput"]}}',
        "dataset_source": INPUT_PATH,
        "end_time": "2023-11-14T23:00:00Z",
        "inference_attribute": "0",
        "metric_time": "2023-11-14T22:00:00Z",
        "output_path": OUTPUT_PATH,
        "problem_type": "Regression",
        "publish_cloudwatch_metrics": "Enabled",
        "sagemaker_endpoint_name": ENDPOINT,
        "sagemaker_monitoring_schedule_name": SCHEDULE,
        "start_time": "2023-11-14T22:00:00Z",
    }
    assert recorded.items() <= analysis["Environment"].items()
    [output] = analysis["ProcessingOutputConfig"]["Outputs"]
    assert output["S3Output"]["S3Uri"] == f"s3://{BUCKET}/reports/{ENDPOINT}/{SCHEDULE}/{NEXT_HOUR}"
    assert merge["StoppingCondition"] == analysis["StoppingCondition"] == {"MaxRuntimeInSeconds": 1800}
    assert merge["MonitoringScheduleArn"] == analysis["MonitoringScheduleArn"]
    assert merging["ProcessingJobArn"] == merge["ProcessingJobArn"]
    assert analysing["ProcessingJobArn"] == analysis["ProcessingJobArn"]
    assert analysing["MonitoringJobDefinitionName"] == "definition"


def test_attributes_scripts_and_a_baselining_job_reach_the_analysis(plane: MonitoringPlane) -> None:
    plane.captured(HOUR)
    baseline_output = {
        "S3Uri": f"s3://{BUCKET}/baselined/",
        "LocalPath": OUTPUT_PATH,
        "S3UploadMode": "EndOfJob",
    }
    plane.sagemaker.create_processing_job(
        ProcessingJobName="baselining",
        AppSpecification={"ImageUri": "monitor:1"},
        RoleArn=ROLE_ARN,
        ProcessingResources={"ClusterConfig": definition("DataQuality")["JobResources"]["ClusterConfig"]},
        ProcessingOutputConfig={"Outputs": [{"OutputName": "o", "S3Output": baseline_output}]},
    )
    config = inline(
        FeaturesAttribute="f",
        InferenceAttribute="i",
        ProbabilityAttribute="p",
        ProbabilityThresholdAttribute=0.5,
        ExcludeFeaturesAttribute="id,name",
        S3DataDistributionType="ShardedByS3Key",
    )
    job = config["MonitoringJobDefinition"]
    job["BaselineConfig"] = {"BaseliningJobName": "baselining"}
    job["MonitoringAppSpecification"] |= {
        "ContainerEntrypoint": ["python", "-m", "monitor"],
        "ContainerArguments": ["drift"],
        "RecordPreprocessorSourceUri": f"s3://{BUCKET}/scripts/before.py",
        "PostAnalyticsProcessorSourceUri": f"s3://{BUCKET}/scripts/after.py",
    }
    job["Environment"] = {"publish_cloudwatch_metrics": "Disabled"}

    start(plane, config)

    [_, analysis] = plane.jobs()
    assert analysis["AppSpecification"]["ContainerArguments"] == ["drift"]
    expected = {
        "features_attribute": "f",
        "inference_attribute": "i",
        "probability_attribute": "p",
        "probability_threshold_attribute": "0.5",
        "exclude_features_attribute": "id,name",
        "publish_cloudwatch_metrics": "Disabled",
    }
    assert expected.items() <= analysis["Environment"].items()
    found = inputs(analysis)
    assert found["constraints"][0] == f"s3://{BUCKET}/baselined/constraints.json"
    assert found["statistics"][0] == f"s3://{BUCKET}/baselined/statistics.json"
    for name, file in (("record_preprocessor", "before.py"), ("post_analytics_processor", "after.py")):
        uri, path = found[f"{name}_script_input"]
        assert uri == f"s3://{BUCKET}/scripts/{file}"
        assert analysis["Environment"][f"{name}_script"] == f"{path}/{file}"
    data = analysis["ProcessingInputs"][-1]["S3Input"]
    assert data["S3DataDistributionType"] == "ShardedByS3Key"


def test_bias_is_merged_too_and_has_its_analysis_configuration(plane: MonitoringPlane) -> None:
    plane.captured(HOUR)
    plane.put(f"labels/{HOUR}/part.jsonl", f"reports/merge/{ENDPOINT}/{VARIANT}/{HOUR}/old.jsonl")
    start(plane, plane.define("ModelBias"))
    [merge] = plane.jobs()
    plane.put(f"reports/merge/{ENDPOINT}/{VARIANT}/{HOUR}/part-00000-id.c000.jsonl")
    plane.end(merge)
    plane.work()

    analysis = plane.jobs()[1]

    assert analysis["ProcessingJobName"].startswith("model-bias-monitoring-202311142300-")
    assert analysis["Environment"]["analysis_type"] == "MODEL_BIAS"
    assert inputs(analysis)["analysis_config"] == (
        f"s3://{BUCKET}/analysis_config.json",
        "/opt/ml/processing/input/config",
    )
    # What an earlier merge of the hour had left would have been counted twice.
    assert f"reports/merge/{ENDPOINT}/{VARIANT}/{HOUR}/old.jsonl" not in plane.objects.content


@pytest.mark.parametrize(
    ("message", "content", "status"),
    [
        (NO_VIOLATIONS, '{"violations": [{}]}', "Completed"),
        (VIOLATIONS, '{"violations": []}', "CompletedWithViolations"),
        (None, '{"violations": [{"feature_name": "age"}]}', "CompletedWithViolations"),
        ("done", '{"violations": []}', "Completed"),
        (None, None, "Completed"),
        (None, "[1", "Failed"),
        (None, '{"violations": "none"}', "Failed"),
        (None, '{"other": 1}', "Failed"),
    ],
)
def test_violations_are_told_by_the_message_or_else_by_the_file(
    plane: MonitoringPlane, message: str | None, content: str | None, status: str
) -> None:
    plane.captured(HOUR)
    start(plane)
    if content is not None:
        report = f"reports/{ENDPOINT}/{SCHEDULE}/{NEXT_HOUR}/constraint_violations.json"
        plane.put(report, content=content.encode())

    plane.end(plane.jobs()[0], message=message)
    plane.work()

    assert statuses(plane) == [status]
    assert ("constraint_violations.json" in plane.listed()[0].get("FailureReason", "")) == (
        status == "Failed"
    )


def test_hours_without_a_call_have_failed_and_no_job_was_started(plane: MonitoringPlane) -> None:
    plane.captured("2023/11/14/21", NEXT_HOUR)

    start(plane)

    [execution] = plane.listed()
    assert execution["MonitoringExecutionStatus"] == "Failed"
    # As recorded of AWS (aws/sagemaker-python-sdk issue 2634).
    assert execution["FailureReason"] == "Job inputs had no data"
    assert "ProcessingJobArn" not in execution
    assert plane.jobs() == []


def test_hours_without_a_label_have_failed_and_no_job_was_started(plane: MonitoringPlane) -> None:
    plane.captured(HOUR)
    plane.put("labels/2023/11/14/21/too-early.jsonl", "labels/2023/11/15/00/too-late.jsonl")

    start(plane, plane.define("ModelQuality"))

    [execution] = plane.listed()
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert execution["FailureReason"] == (
        "Job inputs had no data: no ground truth found for 2023-11-14T22:00:00Z to 2023-11-14T23:00:00Z "
        f"below s3://{BUCKET}/labels"
    )
    assert plane.jobs() == []


def test_labels_that_were_uploaded_by_a_clock_that_was_not_moved_are_found(plane: MonitoringPlane) -> None:
    plane.captured(HOUR)
    plane.put("labels/2023/11/12/07/part.jsonl")
    plane.ahead_seconds = 3 * 86400

    start(plane, plane.define("ModelQuality"))

    assert "groundtruth_input_1" in inputs(plane.jobs()[0])


def test_calls_of_which_none_could_be_merged_have_failed(plane: MonitoringPlane) -> None:
    plane.captured(HOUR)
    plane.put(f"labels/{HOUR}/part.jsonl")
    start(plane, plane.define("ModelQuality"))

    plane.end(plane.jobs()[0])
    plane.work()

    [execution] = plane.listed()
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert "no call from 2023-11-14T22:00:00Z" in execution["FailureReason"]
    assert len(plane.jobs()) == 1


@pytest.mark.parametrize("stage", [0, 1])
def test_a_job_that_fails_is_its_execution_s_failure(plane: MonitoringPlane, stage: int) -> None:
    plane.captured(HOUR)
    plane.put(f"labels/{HOUR}/part.jsonl")
    start(plane, plane.define("ModelQuality"))
    for _ in range(stage):
        plane.put(f"reports/merge/{ENDPOINT}/{VARIANT}/{HOUR}/part-00000-id.c000.jsonl")
        plane.end(plane.jobs()[0])
        plane.work()

    plane.end(plane.jobs()[-1], "Failed", reason="AlgorithmError: torn, exit code: 255")
    plane.work()

    [execution] = plane.listed()
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert execution["FailureReason"] == "AlgorithmError: torn, exit code: 255"
    assert len(plane.jobs()) == stage + 1


def test_offsets_widen_the_hours_and_labels_come_until_the_job_s_start(plane: MonitoringPlane) -> None:
    plane.captured("2023/11/14/19", "2023/11/14/20", "2023/11/14/21", HOUR)
    plane.put(f"labels/{HOUR}/late.jsonl", "labels/2023/11/14/20/part.jsonl")
    config = plane.define("ModelQuality")
    shifted = definition("ModelQuality", "shifted")
    shifted["ModelQualityJobInput"]["EndpointInput"] |= {"StartTimeOffset": "-PT3H", "EndTimeOffset": "-PT1H"}
    plane.sagemaker.create_model_quality_job_definition(**shifted)

    start(plane, config | {"MonitoringJobDefinitionName": "shifted"})

    [merge] = plane.jobs()
    assert {name: uri for name, (uri, _) in inputs(merge).items()} == {
        "groundtruth_input_1": f"s3://{BUCKET}/labels/2023/11/14/20",
        "groundtruth_input_2": f"s3://{BUCKET}/labels/{HOUR}",
        "endpoint_input_1": f"s3://{BUCKET}/captured/{ENDPOINT}/{VARIANT}/2023/11/14/20",
        "endpoint_input_2": f"s3://{BUCKET}/captured/{ENDPOINT}/{VARIANT}/2023/11/14/21",
    }


def test_a_day_of_hours_is_read_by_its_days(plane: MonitoringPlane) -> None:
    plane.captured(*(f"2023/11/14/{hour:02}" for hour in range(12, 24)), *["2023/11/15/00"])
    plane.create(config=inline(DAILY))
    plane.work()
    # Noon of the next day.
    plane.clock.seconds = FIRST_START + 13 * HOUR_SECONDS
    plane.work()

    [job] = plane.jobs()
    assert [uri.removeprefix(f"s3://{BUCKET}/captured/") for uri, _ in inputs(job).values()] == [
        f"{ENDPOINT}/{VARIANT}/2023/11/14",
        f"{ENDPOINT}/{VARIANT}/2023/11/15",
    ]
    assert job["Environment"]["start_time"] == "2023-11-14T12:00:00Z"
    assert job["Environment"]["end_time"] == "2023-11-15T12:00:00Z"


def test_once_is_now_and_once_for_each_update(plane: MonitoringPlane) -> None:
    plane.captured(HOUR)
    config = inline("NOW")
    window = {"DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "-PT0H"}
    config["ScheduleConfig"] |= window

    plane.create(config=config)
    plane.work()
    plane.clock.move(3 * HOUR_SECONDS)
    plane.work()

    [job] = plane.jobs()
    assert (job["Environment"]["start_time"], job["Environment"]["end_time"]) == (
        "2023-11-14T21:13:20Z",
        "2023-11-14T22:13:20Z",
    )
    assert plane.described()["MonitoringScheduleStatus"] == "Scheduled"
    plane.end(job)
    plane.work()
    plane.sagemaker.stop_monitoring_schedule(MonitoringScheduleName=SCHEDULE)
    plane.sagemaker.start_monitoring_schedule(MonitoringScheduleName=SCHEDULE)
    plane.work()
    assert statuses(plane) == ["Completed"]
    plane.sagemaker.update_monitoring_schedule(
        MonitoringScheduleName=SCHEDULE, MonitoringScheduleConfig=config
    )
    plane.work()
    assert statuses(plane) == ["Completed", "Failed"]


def test_a_moved_clock_brings_every_hour_once_and_one_after_the_other(plane: MonitoringPlane) -> None:
    plane.captured(HOUR, "2023/11/15/00", "2023/11/15/23")
    start(plane, hours=48)

    first = plane.jobs()
    found = plane.listed(SortBy="ScheduledTime", SortOrder="Ascending", MaxResults=100)

    assert [each["ScheduledTime"].timestamp() for each in found] == [
        FIRST_START + number * HOUR_SECONDS for number in range(48)
    ]
    # The second hour waits for the end of the first.
    assert len(first) == 1
    assert statuses(plane) == ["InProgress"] + ["Pending"] * 47
    plane.end(first[0])
    plane.work()
    plane.end(plane.jobs()[1])
    plane.work()
    plane.end(plane.jobs()[2])
    plane.work()
    assert [number for number, status in enumerate(statuses(plane)) if status == "Completed"] == [0, 2, 25]
    assert statuses(plane).count("Failed") == 45


def test_a_schedule_that_is_stopped_starts_nothing_and_makes_up_for_nothing(plane: MonitoringPlane) -> None:
    plane.captured(HOUR, NEXT_HOUR)
    start(plane)
    plane.sagemaker.stop_monitoring_schedule(MonitoringScheduleName=SCHEDULE)
    plane.clock.move(5 * HOUR_SECONDS)

    plane.work()
    plane.end(plane.jobs()[0])
    plane.work()
    plane.sagemaker.start_monitoring_schedule(MonitoringScheduleName=SCHEDULE)
    plane.work()

    # What it had started went on.
    assert statuses(plane) == ["Completed"]
    plane.clock.move(HOUR_SECONDS)
    plane.work()
    assert len(statuses(plane)) == 2


def test_a_deleted_schedule_stops_what_it_started_and_its_history_stays(plane: MonitoringPlane) -> None:
    plane.captured(HOUR)
    start(plane, hours=2)
    [job] = plane.jobs()

    plane.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=SCHEDULE)
    stopping = statuses(plane)
    plane.work()
    plane.clock.move(5 * HOUR_SECONDS)
    plane.work()
    plane.create()

    assert stopping == ["Stopping", "Stopped"]
    # Nobody had begun the job: it is stopped at once.
    assert plane.job(job["ProcessingJobName"])["ProcessingJobStatus"] == "Stopped"
    assert statuses(plane) == ["Stopped", "Stopped"]
    # Another schedule of that name has not done that.
    assert "LastMonitoringExecutionSummary" not in plane.described()


def test_a_job_that_somebody_stops_is_its_execution_s_stop(plane: MonitoringPlane) -> None:
    plane.captured(HOUR)
    plane.put(f"labels/{HOUR}/part.jsonl")
    start(plane, plane.define("ModelQuality"))
    [job] = plane.jobs()

    plane.sagemaker.stop_processing_job(ProcessingJobName=job["ProcessingJobName"])
    plane.work()

    assert statuses(plane) == ["Stopped"]
    assert len(plane.jobs()) == 1


def test_a_job_that_somebody_deletes_is_its_execution_s_failure(plane: MonitoringPlane) -> None:
    plane.captured(HOUR)
    start(plane)
    [job] = plane.jobs()
    plane.end(job)
    plane.sagemaker.delete_processing_job(ProcessingJobName=job["ProcessingJobName"])

    plane.work()

    assert statuses(plane) == ["Failed"]
    assert "deleted before its end" in plane.listed()[0]["FailureReason"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("endpoint", "Could not find endpoint"),
        ("definition", "Monitoring Job Definition"),
    ],
)
def test_what_is_gone_when_the_time_has_come_is_told(plane: MonitoringPlane, change: str, word: str) -> None:
    plane.captured(HOUR)
    plane.create(config=plane.define("DataQuality"))
    plane.work()
    if change == "endpoint":
        plane.store.delete(Key(OWNER, Kind.ENDPOINT, ENDPOINT))
    else:
        # Its schedule keeps the operation from it.
        plane.store.delete(Key(OWNER, Kind.DATA_QUALITY_JOB_DEFINITION, "definition"))
    plane.clock.seconds = FIRST_START
    plane.work()

    [execution] = plane.listed()
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert word in execution["FailureReason"]


class Deadly(Faults):
    """Kills by an exception, which the test's own process survives."""

    def at(self, point: FaultPoint) -> None:
        if point is self.point:
            raise KilledError


@pytest.mark.parametrize("point", [FaultPoint.BEFORE_MONITORING_JOB, FaultPoint.AFTER_MONITORING_JOB])
def test_a_process_that_dies_beside_a_job_leaves_one_job(
    plane: MonitoringPlane, tmp_path: Path, point: FaultPoint
) -> None:
    plane.captured(HOUR)
    plane.create()
    plane.work()
    plane.clock.seconds = FIRST_START
    plane.schedules().look()
    [execution] = plane.unfinished()
    with pytest.raises(KilledError):
        plane.executions(Deadly(point, tmp_path)).carry_out(execution.key)

    plane.work()
    plane.work()

    [job] = plane.jobs()
    assert job["MonitoringScheduleArn"]
    assert plane.listed()[0]["ProcessingJobArn"] == job["ProcessingJobArn"]
    plane.end(job, message=VIOLATIONS)
    plane.work()
    assert statuses(plane) == ["CompletedWithViolations"]


def test_executions_are_listed_by_every_filter_and_order_the_newest_first(plane: MonitoringPlane) -> None:
    plane.watched("other")
    plane.captured(HOUR)
    plane.captured(HOUR, endpoint="other")
    plane.create("a")
    plane.create("b", inline(endpoint="other"))
    plane.create("c", plane.define("DataQuality"))
    plane.work()
    plane.clock.seconds = FIRST_START
    plane.work()
    plane.clock.move(HOUR_SECONDS)
    plane.end(next(job for job in plane.jobs() if job["Environment"]["sagemaker_endpoint_name"] == "other"))
    plane.work()

    def found(**parameters: Any) -> list[tuple[str, int]]:
        return [
            (each["MonitoringScheduleName"], round(each["ScheduledTime"].timestamp() - FIRST_START))
            for each in plane.listed(**parameters)
        ]

    assert len(found()) == 6
    assert {name for name, _ in found()[:3]} == {"a", "b", "c"}
    assert {moment for _, moment in found()[:3]} == {HOUR_SECONDS}
    assert found(MonitoringScheduleName="a") == [("a", HOUR_SECONDS), ("a", 0)]
    assert found(MonitoringScheduleName="a", SortOrder="Ascending") == [("a", 0), ("a", HOUR_SECONDS)]
    assert found(EndpointName="other", SortBy="ScheduledTime") == [("b", HOUR_SECONDS), ("b", 0)]
    assert found(MonitoringJobDefinitionName="definition", StatusEquals="InProgress") == [("c", 0)]
    assert found(MonitoringTypeEquals="ModelQuality") == []
    assert found(StatusEquals="Completed") == [("b", 0)]
    assert {moment for _, moment in found(ScheduledTimeAfter=FIRST_START)} == {HOUR_SECONDS}
    assert {moment for _, moment in found(ScheduledTimeBefore=FIRST_START + 1)} == {0}
    assert len(found(CreationTimeAfter=FIRST_START + 1)) == 3
    assert found(LastModifiedTimeBefore=FIRST_START + 1, MonitoringScheduleName="a") == [("a", 0)]
    assert [each["MonitoringExecutionStatus"] for each in plane.listed(SortBy="Status", MaxResults=1)] == [
        "Pending"
    ]
    first = plane.sagemaker.list_monitoring_executions(MaxResults=4, SortBy="ScheduledTime")
    rest = plane.sagemaker.list_monitoring_executions(
        MaxResults=4, SortBy="ScheduledTime", NextToken=first["NextToken"]
    )
    assert len(rest["MonitoringExecutionSummaries"]) == 2
