"""The monitor function against services in memory: which window, what is told, what fails in which words."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestration.handlers.monitor import Monitor, Services, Settings
from orchestration.handlers.monitored_window import NothingToMonitorError, scheduled_window
from orchestration.handlers.windows import moment_text, newest_hour
from tests.support.objects import Objects

SETTINGS = Settings(
    project="bank",
    endpoint="slipway-bank",
    captured_uri="s3://bank/captured",
    ground_truth_uri="s3://bank/ground-truth",
    monitoring_uri="s3://bank/monitoring",
    topic_arn="arn:aws:sns:us-east-1:000000000000:slipway-bank-monitoring",
)
VERSION = "arn:aws:sagemaker:us-east-1:000000000000:model-package/slipway-bank/3"
PIPELINE = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/slipway-bank-model-quality"
EXECUTION = f"{PIPELINE}/execution/abc"
FILES = {
    name: {
        "Statistics": {"S3Uri": f"s3://bank/{name}/s.json"},
        "Constraints": {"S3Uri": f"s3://bank/{name}/c.json"},
    }
    for name in ("ModelDataQuality", "ModelQuality")
}
CALL = "s3://bank/captured/slipway-bank/AllTraffic/2026/11/26/04/00-00-001-a.jsonl"
LABEL = "s3://bank/ground-truth/2026/11/26/05/a.jsonl"
REPORT = "s3://bank/monitoring/data-quality/2026/11/26/05"
VIOLATION = {
    "feature_name": "age",
    "constraint_check_type": "baseline_drift_check",
    "description": "Distance 0.4 is above 0.1",
}
WINDOW = {
    "action": "window",
    "monitor": "model-quality",
    "scheduled_time": "2026-11-26T05:00:00Z",
    "start_offset": "-PT1H",
    "end_offset": "-PT0H",
    "execution_id": "abc",
}


class Reading(Objects):
    """The objects, also read."""

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        """As boto3."""
        return {"Body": io.BytesIO(self.stored[Bucket, Key])}


@dataclass
class Account:
    """SageMaker, CloudWatch, EventBridge and SNS, as far as the function asks them."""

    baselines: dict[str, Any] = field(default_factory=lambda: FILES)
    model: dict[str, Any] = field(default_factory=lambda: {"ModelPackageName": VERSION})
    has_endpoint: bool = True
    steps: list[dict[str, str]] = field(default_factory=list)
    metrics: list[tuple[str, int]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, str]] = field(default_factory=list)
    is_full: bool = False

    def describe_endpoint(self, EndpointName: str) -> dict[str, str]:  # noqa: N803
        if not self.has_endpoint:
            text = f'Could not find endpoint "{EndpointName}".'
            raise ClientError({"Error": {"Code": "ValidationException", "Message": text}}, "DescribeEndpoint")
        return {"EndpointConfigName": "config"}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:  # noqa: N803
        return {"ProductionVariants": [{"ModelName": EndpointConfigName}]}

    def describe_model(self, ModelName: str) -> dict[str, Any]:  # noqa: N803
        return {"ModelName": ModelName, "Containers": [self.model]}

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803
        assert ModelPackageName == VERSION
        return {"DriftCheckBaselines": self.baselines} if self.baselines else {}

    def list_pipeline_execution_steps(self, PipelineExecutionArn: str) -> dict[str, Any]:  # noqa: N803
        assert PipelineExecutionArn == EXECUTION
        return {"PipelineExecutionSteps": self.steps}

    def list_pipeline_parameters_for_execution(self, PipelineExecutionArn: str) -> dict[str, Any]:  # noqa: N803
        assert PipelineExecutionArn == EXECUTION
        values = {"ScheduledTime": "2026-11-26T05:00:00Z", "StartOffset": "-PT1H", "EndOffset": "-PT0H"}
        return {"PipelineParameters": [{"Name": name, "Value": value} for name, value in values.items()]}

    def put_metric_data(self, Namespace: str, MetricData: list[Any]) -> None:  # noqa: N803
        self.metrics.append((Namespace, len(MetricData)))

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        if self.is_full:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}
        self.events += Entries
        return {"FailedEntryCount": 0}

    def publish(self, **message: str) -> None:
        self.messages.append(message)


@pytest.fixture
def s3() -> Reading:
    objects = Reading()
    objects.put(CALL, LABEL)
    return objects


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def monitor(s3: Reading, account: Account) -> Monitor:
    return Monitor(Services(s3, account, account, account, account), SETTINGS)


def manifest(s3: Reading, uri: str) -> Any:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return json.loads(s3.stored[bucket, key])


def report(s3: Reading, violations: int, metrics: int = 0) -> None:
    """What a job leaves at REPORT."""
    found = json.dumps({"violations": [VIOLATION] * violations}).encode()
    s3.put(f"{REPORT}/constraint_violations.json", content=found)
    line = json.dumps({"MetricName": "feature_data_age", "Value": 1.0})
    s3.put(f"{REPORT}/cloudwatch_metrics.jsonl", content=f"{line}\n".encode() * metrics)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        # Developer guide, "Ingest ground truth": the hour before, unless offsets say otherwise.
        ("-PT1H", "-PT0H", ("2026-11-26T04:00:00Z", "2026-11-26T05:00:00Z")),
        # contracts 5.3: a run with -P8D and -P1D reads eight days before to one day before.
        ("-P8D", "-P1D", ("2026-11-18T05:00:00Z", "2026-11-25T05:00:00Z")),
    ],
)
def test_hours_count_from_the_time_of_the_schedule(start: str, end: str, hours: tuple[str, str]) -> None:
    # A late delivery changes nothing: the schedule is of whole hours.
    window = scheduled_window("2026-11-26T05:00:07Z", start, end)

    assert (moment_text(window.start), moment_text(window.end)) == hours


def test_an_offset_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match="'an hour' is no offset such as -PT1H"):
        scheduled_window("2026-11-26T05:00:00Z", "an hour", "-PT0H")


def test_a_window_names_its_objects_its_baselines_and_where_its_report_goes(
    monitor: Monitor, s3: Reading
) -> None:
    found = monitor.answer(WINDOW)

    assert manifest(s3, found["captured"]) == [
        {"prefix": "s3://bank/captured/"},
        "slipway-bank/AllTraffic/2026/11/26/04/00-00-001-a.jsonl",
    ]
    assert manifest(s3, found["labels"]) == [{"prefix": "s3://bank/ground-truth/"}, "2026/11/26/05/a.jsonl"]
    assert (found["statistics"], found["constraints"]) == (
        "s3://bank/ModelQuality/s.json",
        "s3://bank/ModelQuality/c.json",
    )
    # Under the hour of the schedule, not that of the window (contracts 5.2).
    assert found["report"] == "s3://bank/monitoring/model-quality/2026/11/26/05"
    assert (found["window_start"], found["window_end"]) == ("2026-11-26T04:00:00Z", "2026-11-26T05:00:00Z")


def test_the_columns_monitor_needs_no_label_and_reads_its_own_baseline(monitor: Monitor, s3: Reading) -> None:
    s3.stored.pop(("bank", "ground-truth/2026/11/26/05/a.jsonl"))

    found = monitor.answer(WINDOW | {"monitor": "data-quality"})

    assert found["labels"] == ""
    assert found["constraints"] == "s3://bank/ModelDataQuality/c.json"


def test_the_trend_is_of_the_same_monitors_reports_before_this_hour(monitor: Monitor, s3: Reading) -> None:
    earlier, later = (f"s3://bank/monitoring/model-quality/2026/11/26/{hour}" for hour in ("04", "06"))
    s3.put(*(f"{uri}/monitoring_report.json" for uri in (earlier, later, REPORT)), f"{earlier}/report.html")

    found = monitor.answer(WINDOW)

    # The manifest needs one object at least: its window's own, which is no report.
    assert manifest(s3, found["previous"]) == [
        {"prefix": "s3://bank/monitoring/"},
        "windows/abc/captured.manifest",
        "model-quality/2026/11/26/04/monitoring_report.json",
    ]


def test_a_window_without_calls_fails_in_model_monitors_words(monitor: Monitor) -> None:
    # contracts 5.3: "Job inputs had no data".
    with pytest.raises(
        NothingToMonitorError, match=r"^Job inputs had no data: no call was captured from 2026"
    ):
        monitor.answer(WINDOW | {"scheduled_time": "2026-11-26T09:00:00Z"})


def test_a_window_without_labels_fails_and_names_its_hours(monitor: Monitor, s3: Reading) -> None:
    s3.stored.pop(("bank", "ground-truth/2026/11/26/05/a.jsonl"))

    with pytest.raises(
        NothingToMonitorError,
        match=r"^no ground truth found from 2026-11-26T04:00:00Z to 2026-11-26T05:00:00Z",
    ):
        monitor.answer(WINDOW)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"has_endpoint": False}, "there is no endpoint slipway-bank"),
        ({"model": {"Image": "any:1"}}, "which is no version of the model registry"),
        ({"baselines": {}}, "model-package/slipway-bank/3, .*names no baseline of model-quality"),
    ],
)
def test_what_cannot_be_compared_is_named_with_the_way_out(
    monitor: Monitor, account: Account, change: dict[str, Any], words: str
) -> None:
    for name, value in change.items():
        setattr(account, name, value)

    with pytest.raises(NothingToMonitorError, match=f"{words}.*approve"):
        monitor.answer(WINDOW)


def test_metrics_go_to_model_monitors_namespace_as_many_as_the_api_takes(
    monitor: Monitor, s3: Reading, account: Account
) -> None:
    report(s3, violations=2, metrics=450)

    outcome = monitor.answer({"action": "publish", "monitor": "data-quality", "report": REPORT})

    assert outcome == {"metrics": 450, "violations": 2}
    namespace = "aws/sagemaker/Endpoints/data-metrics"
    assert account.metrics == [(namespace, 200), (namespace, 200), (namespace, 50)]


def notify(monitor: Monitor) -> dict[str, Any]:
    return monitor.answer(
        {
            "action": "notify",
            "monitor": "data-quality",
            "report": REPORT,
            "window_start": "2026-11-26T04:00:00Z",
            "window_end": "2026-11-26T05:00:00Z",
            "execution_arn": EXECUTION,
        }
    )


def test_violations_are_an_event_for_programs_and_a_text_for_people(
    monitor: Monitor, s3: Reading, account: Account
) -> None:
    report(s3, violations=1)

    notify(monitor)

    (event,) = account.events
    assert (event["Source"], event["DetailType"]) == ("slipway.monitoring", "Monitoring Violations")
    assert json.loads(event["Detail"]) == {
        "project": "bank",
        "endpoint": "slipway-bank",
        "monitor": "data-quality",
        "window_start": "2026-11-26T04:00:00Z",
        "window_end": "2026-11-26T05:00:00Z",
        "violations": [VIOLATION],
        "violation_count": 1,
        "report_uri": REPORT,
        "execution_arn": EXECUTION,
        "reason": None,
    }
    (message,) = account.messages
    assert message["TopicArn"] == SETTINGS.topic_arn
    assert message["Subject"] == "slipway-bank data-quality: 1 violation"
    assert "age baseline_drift_check: Distance 0.4 is above 0.1" in message["Message"]
    assert f"Report: {REPORT}" in message["Message"]


def test_an_event_holds_twenty_violations_and_says_how_many_there_are(
    monitor: Monitor, s3: Reading, account: Account
) -> None:
    report(s3, violations=2000)

    notify(monitor)

    detail = json.loads(account.events[0]["Detail"])
    assert (len(detail["violations"]), detail["violation_count"]) == (20, 2000)
    # An event's limit (EventBridge quotas).
    assert len(account.events[0]["Detail"]) < 256 * 1024
    assert "and 1980 more" in account.messages[0]["Message"]


def test_an_event_that_is_not_taken_fails_the_step(monitor: Monitor, s3: Reading, account: Account) -> None:
    report(s3, violations=1)
    account.is_full = True

    with pytest.raises(RuntimeError, match=r"does not take 'Monitoring Violations'.*Throttling"):
        notify(monitor)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("no ground truth found from 2026-11-26T04:00:00Z", "Monitoring Ground Truth Missing"),
        (
            "AlgorithmError: no ground truth found from 2026, exit code: 255",
            "Monitoring Ground Truth Missing",
        ),
        ("Job inputs had no data: no call was captured", "Monitoring Window Empty"),
        ("AlgorithmError: out of memory", "Monitoring Failed"),
    ],
)
def test_an_execution_that_failed_is_told_of_with_its_reason(
    monitor: Monitor, account: Account, reason: str, kind: str
) -> None:
    account.steps = [
        {"StepName": "window", "StepStatus": "Succeeded"},
        {"StepName": "merge", "StepStatus": "Failed", "FailureReason": reason},
    ]

    monitor.answer(
        {
            "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
            "detail": {"pipelineArn": PIPELINE, "pipelineExecutionArn": EXECUTION},
        }
    )

    (event,) = account.events
    detail = json.loads(event["Detail"])
    assert event["DetailType"] == kind
    assert (detail["monitor"], detail["reason"], detail["execution_arn"]) == (
        "model-quality",
        reason,
        EXECUTION,
    )
    assert (detail["window_start"], detail["window_end"]) == ("2026-11-26T04:00:00Z", "2026-11-26T05:00:00Z")
    assert reason in account.messages[0]["Message"]


def job(schedule: str, said: str) -> dict[str, Any]:
    """The event of a job that a monitoring schedule has started."""
    return {
        "detail-type": "SageMaker Processing Job State Change",
        "detail": {
            "ProcessingJobName": "data-quality-monitoring-202611260500-abc",
            "ProcessingJobArn": "arn:job",
            "ExitMessage": said,
            "Environment": {
                "sagemaker_monitoring_schedule_name": schedule,
                "start_time": "2026-11-26T04:00:00Z",
                "end_time": "2026-11-26T05:00:00Z",
            },
            "ProcessingOutputConfig": {"Outputs": [{"S3Output": {"S3Uri": f"{REPORT}/"}}]},
        },
    }


def test_a_job_of_sagemakers_own_schedule_is_told_of_as_a_pipelines_is(
    monitor: Monitor, s3: Reading, account: Account
) -> None:
    report(s3, violations=1)

    monitor.answer(job("slipway-bank-data-quality", "CompletedWithViolations: … with 1 violations."))

    detail = json.loads(account.events[0]["Detail"])
    assert (detail["monitor"], detail["violations"]) == ("data-quality", [VIOLATION])
    assert (detail["window_end"], detail["report_uri"]) == ("2026-11-26T05:00:00Z", REPORT)


def test_another_projects_job_is_not_ours(monitor: Monitor, account: Account) -> None:
    outcome = monitor.answer(job("slipway-retail-data-quality", "CompletedWithViolations: …"))

    assert outcome["action"] == "nothing"
    assert account.events == []


def test_an_action_that_is_none_is_refused_with_those_that_are(monitor: Monitor) -> None:
    with pytest.raises(ValueError, match="action is one of window, publish, notify, not 'look'"):
        monitor.answer({"action": "look"})


def test_the_newest_hour_is_found_over_variants_months_and_years(s3: Reading) -> None:
    place = "s3://bank/captured/slipway-bank"
    s3.put(f"{place}/B/2026/12/01/00/a.jsonl", f"{place}/B/2025/12/31/23/a.jsonl")

    newest = newest_hour(s3, "s3://bank/captured", "slipway-bank")

    assert newest is not None
    assert moment_text(newest) == "2026-12-01T00:00:00Z"
    assert newest_hour(s3, "s3://bank/captured", "another") is None
