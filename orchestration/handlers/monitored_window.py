"""Which hours a monitor looks at, what lies in them, and what it compares that with."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from orchestration.handlers.windows import (
    HOUR_FOLDER,
    Window,
    captured_keys,
    label_keys,
    objects_below,
    write_manifest,
)

MODEL_QUALITY = "model-quality"
# Which baselines of a version a monitor reads (API reference, DriftCheckBaselines).
BASELINES = {"data-quality": "ModelDataQuality", MODEL_QUALITY: "ModelQuality"}
# MonitoringTimeOffsetString (API reference).
OFFSET = re.compile(r"-P(?:(\d+)D)?(?:T(\d+)H)?")
# What a report's trend looks back on.
PREVIOUS_REPORTS = 24
REPORT = "/monitoring_report.json"


class NothingToMonitorError(Exception):
    """The monitor cannot run on this window; the message says what is missing."""


@dataclass(frozen=True)
class Baseline:
    """The two files that a monitor compares with."""

    statistics_uri: str
    constraints_uri: str


@dataclass(frozen=True)
class MonitoredWindow:
    """One monitor's window of one endpoint."""

    monitor: str
    endpoint: str
    window: Window

    def captured(self, s3: Any, captured_uri: str, folder: str) -> str:
        """A manifest of what the endpoint captured. Raises NothingToMonitorError where that is nothing."""
        keys = captured_keys(s3, captured_uri, self.endpoint, self.window)
        if not keys:
            raise NothingToMonitorError(f"Job inputs had no data: no call was captured {self.window}.")
        return write_manifest(s3, f"{folder}/captured.manifest", f"{captured_uri.rstrip('/')}/", keys)

    def labels(self, s3: Any, ground_truth_uri: str, folder: str) -> str:
        """A manifest of the labels that may be of these calls. Raises NothingToMonitorError."""
        keys = label_keys(s3, ground_truth_uri, self.window.start)
        if not keys:
            raise NothingToMonitorError(
                f"no ground truth found {self.window}: {ground_truth_uri} holds no label of these hours. "
                "The API writes labels down; they may come later than their calls."
            )
        return write_manifest(s3, f"{folder}/labels.manifest", f"{ground_truth_uri.rstrip('/')}/", keys)

    def previous_reports(self, s3: Any, monitoring_uri: str, scheduled_time: str, folder: str) -> str:
        """A manifest of the monitor's reports of hours before this one."""
        below = f"{monitoring_uri}/{self.monitor}/"
        this = f"{self.report_uri(monitoring_uri, scheduled_time)}/"
        reports = [uri for uri in objects_below(s3, below) if uri.endswith(REPORT) and uri < this]
        # A manifest names one object at least: this window's own, which is no report.
        names = [f"{folder}/captured.manifest", *reports[-PREVIOUS_REPORTS:]]
        return write_manifest(s3, f"{folder}/previous.manifest", f"{monitoring_uri}/", names)

    def report_uri(self, monitoring_uri: str, scheduled_time: str) -> str:
        """Where the report is: below the hour for which the monitor was scheduled."""
        return f"{monitoring_uri}/{self.monitor}/{scheduled(scheduled_time).strftime(HOUR_FOLDER)}"


def baseline_of(sagemaker: Any, monitor: str, endpoint: str) -> Baseline:
    """What the version behind the endpoint says that it is compared with.

    Raises NothingToMonitorError where there is no endpoint, no version or no baseline.
    """
    arn = _model_package_arn(sagemaker, endpoint)
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    files = package.get("DriftCheckBaselines", {}).get(BASELINES[monitor])
    if not files:
        raise NothingToMonitorError(
            f"{arn}, which {endpoint} serves, names no baseline of {monitor}: it was "
            "registered before the project was watched. Train a version and approve it."
        )
    return Baseline(files["Statistics"]["S3Uri"], files["Constraints"]["S3Uri"])


def _model_package_arn(sagemaker: Any, endpoint: str) -> str:
    try:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if "could not find" in str(error).lower():
            raise NothingToMonitorError(f"there is no endpoint {endpoint}; approve a version") from error
        raise
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    containers = model.get("Containers") or [model.get("PrimaryContainer", {})]
    arn = containers[0].get("ModelPackageName")
    if arn is None:
        raise NothingToMonitorError(
            f"{endpoint} serves {model['ModelName']}, which is no version of the model registry and "
            "has no baselines; approve a version"
        )
    return str(arn)


def scheduled(text: str) -> datetime:
    """The hour that a monitor is scheduled for, from a time as EventBridge Scheduler writes it."""
    moment = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    return moment.replace(minute=0, second=0)


def scheduled_window(scheduled_time: str, start_offset: str, end_offset: str) -> Window:
    """The hours before a scheduled time that two offsets, such as -PT1H and -PT0H, leave."""
    hour = scheduled(scheduled_time)
    return Window(hour - _offset(start_offset), hour - _offset(end_offset))


def _offset(text: str) -> timedelta:
    found = OFFSET.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        raise ValueError(f"'{text}' is no offset such as -PT1H or -P1D")
    return timedelta(days=int(found[1] or 0), hours=int(found[2] or 0))
