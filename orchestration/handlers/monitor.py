"""What surrounds an analysis of a monitor: its window before it, its metrics and alerts after it.

The steps of a monitoring pipeline call it with `{"action": "window" | "publish" | "notify"}`,
EventBridge with an execution that has failed or, where SageMaker's own schedules start the
jobs, with a job that has ended. It keeps nothing and asks no clock: all counts from the time
for which the monitor was scheduled.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

import boto3
from botocore.config import Config

from orchestration.handlers.alerts import GROUND_TRUTH_MISSING, VIOLATIONS, Alert, in_words, kind_of, tell
from orchestration.handlers.monitored_window import (
    MODEL_QUALITY,
    MonitoredWindow,
    baseline_of,
    scheduled_window,
)
from orchestration.handlers.windows import moment_text

Document = dict[str, Any]

# Model Monitor's own (developer guide, "CloudWatch Metrics for Bring Your Own Containers").
NAMESPACES = {
    "data-quality": "aws/sagemaker/Endpoints/data-metrics",
    "model-quality": "aws/sagemaker/Endpoints/model-metrics",
}
# PutMetricData takes 1,000 at a time and 1 MB (API reference).
METRICS_AT_ONCE = 200
EXECUTION_EVENT = "SageMaker Model Building Pipeline Execution Status Change"


@dataclass(frozen=True)
class Settings:
    """What the function's own configuration says."""

    project: str
    endpoint: str
    captured_uri: str
    ground_truth_uri: str
    monitoring_uri: str
    topic_arn: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises KeyError with the name of a variable that is missing."""
        return cls(
            environ["PROJECT"],
            environ["ENDPOINT_NAME"],
            environ["CAPTURED_URI"],
            environ["GROUND_TRUTH_URI"],
            environ["MONITORING_URI"],
            environ["TOPIC_ARN"],
        )


@dataclass(frozen=True)
class Services:
    """The services that a monitor speaks with."""

    s3: Any
    sagemaker: Any
    metrics: Any
    events: Any
    topics: Any

    @classmethod
    def of_account(cls) -> "Services":
        """The account's own; buckets by path, which needs no name for each."""
        s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
        names = ("sagemaker", "cloudwatch", "events", "sns")
        return cls(s3, *(boto3.client(name) for name in names))


# What a window holds: the outputs `captured` and `labels`, from a call of the step `window`.
FindObjects = Callable[[Services, Settings, Document, MonitoredWindow, str], Document]


def captured_and_labels(
    services: Services, settings: Settings, event: Document, found: MonitoredWindow, folder: str
) -> Document:
    """The calls of the window and, for how good the answers were, labels that may be of them.

    Raises NothingToMonitorError.
    """
    return {
        "captured": found.captured(services.s3, settings.captured_uri, folder),
        "labels": found.labels(services.s3, settings.ground_truth_uri, folder)
        if event["monitor"] == MODEL_QUALITY
        else "",
    }


def handler(event: Document, _context: object) -> Document:
    """The entry point: what was done, which is also the line in the log."""
    return answered(event, os.environ, captured_and_labels)


def answered(event: Document, environ: Mapping[str, str], find: FindObjects) -> Document:
    """The answer to a call about monitors whose windows `find` looks into."""
    outcome = Monitor(Services.of_account(), Settings.from_environ(environ), find).answer(event)
    print(f"monitor.{event.get('action', 'event')} {json.dumps(outcome)}", flush=True)
    return outcome


class Monitor:
    """Answers the calls about one project's monitors."""

    def __init__(
        self, services: Services, settings: Settings, find: FindObjects = captured_and_labels
    ) -> None:
        self._services = services
        self._settings = settings
        self._find = find

    def answer(self, event: Document) -> Document:
        """Do what the event asks for. Raises ValueError for one that asks for nothing known."""
        if event.get("detail-type") == EXECUTION_EVENT:
            return self.failed(event["detail"])
        if "detail" in event:
            return self.job_ended(event["detail"])
        actions = {"window": self.window, "publish": self.publish, "notify": self.notify}
        if event.get("action") not in actions:
            raise ValueError(f"action is one of {', '.join(actions)}, not {event.get('action')!r}")
        return actions[event["action"]](event)

    def window(self, event: Document) -> Document:
        """Find the window's objects and what they are compared with.

        Raises NothingToMonitorError, by which the execution fails in these words and is told of.
        """
        services, settings = self._services, self._settings
        found = MonitoredWindow(
            event["monitor"],
            settings.endpoint,
            scheduled_window(event["scheduled_time"], event["start_offset"], event["end_offset"]),
        )
        baseline = baseline_of(services.sagemaker, event["monitor"], settings.endpoint)
        folder = f"{settings.monitoring_uri}/windows/{event['execution_id']}"
        return {
            **self._find(services, settings, event, found, folder),
            "previous": found.previous_reports(
                services.s3, settings.monitoring_uri, event["scheduled_time"], folder
            ),
            "statistics": baseline.statistics_uri,
            "constraints": baseline.constraints_uri,
            "window_start": moment_text(found.window.start),
            "window_end": moment_text(found.window.end),
            "report": found.report_uri(settings.monitoring_uri, event["scheduled_time"]),
        }

    def publish(self, event: Document) -> Document:
        """Put the job's metrics into CloudWatch, and say how many violations there are."""
        metrics = list(self._metrics(event["report"]))
        for first in range(0, len(metrics), METRICS_AT_ONCE):
            self._services.metrics.put_metric_data(
                Namespace=NAMESPACES[event["monitor"]], MetricData=metrics[first : first + METRICS_AT_ONCE]
            )
        return {"metrics": len(metrics), "violations": len(self._violations(event["report"]))}

    def notify(self, event: Document) -> Document:
        """Tell of the violations."""
        return self._tell(
            Alert(
                detail_type=VIOLATIONS,
                project=self._settings.project,
                endpoint=self._settings.endpoint,
                monitor=event["monitor"],
                window_start=event["window_start"],
                window_end=event["window_end"],
                execution_arn=event["execution_arn"],
                violations=self._violations(event["report"]),
                report_uri=event["report"],
            )
        )

    def failed(self, detail: Document) -> Document:
        """Tell of an execution of a monitoring pipeline that has failed: nobody else looks."""
        arn = detail["pipelineExecutionArn"]
        sagemaker = self._services.sagemaker
        steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        reasons = [step.get("FailureReason", "") for step in steps if step["StepStatus"] == "Failed"]
        reason = in_words(reasons[0]) if reasons else "no step says why"
        given = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
        values = {each["Name"]: each["Value"] for each in given["PipelineParameters"]}
        window = scheduled_window(values["ScheduledTime"], values["StartOffset"], values["EndOffset"])
        pipeline = detail["pipelineArn"].rpartition("/")[2]
        return self._tell(
            Alert(
                detail_type=kind_of(reason),
                project=self._settings.project,
                endpoint=self._settings.endpoint,
                monitor=pipeline.removeprefix(f"slipway-{self._settings.project}-"),
                window_start=moment_text(window.start),
                window_end=moment_text(window.end),
                execution_arn=arn,
                reason=reason,
            )
        )

    def job_ended(self, detail: Document) -> Document:
        """Tell of a job that one of SageMaker's own monitoring schedules has started."""
        variables = detail.get("Environment", {})
        schedule = variables.get("sagemaker_monitoring_schedule_name", "")
        monitor = schedule.removeprefix(f"slipway-{self._settings.project}-").removesuffix("-now")
        said = detail.get("ExitMessage") or detail.get("FailureReason") or ""
        is_found = said.startswith("CompletedWithViolations")
        if monitor not in NAMESPACES and kind_of(said) != GROUND_TRUTH_MISSING:
            return {"action": "nothing", "reason": f"{detail['ProcessingJobName']} is no monitor of ours"}
        report = detail["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].rstrip("/")
        return self._tell(
            Alert(
                detail_type=VIOLATIONS if is_found else kind_of(said),
                project=self._settings.project,
                endpoint=self._settings.endpoint,
                # A merge is of model quality, and knows no schedule.
                monitor=monitor if monitor in NAMESPACES else MODEL_QUALITY,
                window_start=variables.get("start_time", ""),
                window_end=variables.get("end_time", ""),
                execution_arn=detail["ProcessingJobArn"],
                violations=self._violations(report) if is_found else (),
                report_uri=report if is_found else None,
                reason=None if is_found else said,
            )
        )

    def _tell(self, alert: Alert) -> Document:
        tell(self._services.events, self._services.topics, self._settings.topic_arn, alert)
        return {"told": alert.detail_type, "violations": len(alert.violations), "monitor": alert.monitor}

    def _violations(self, report_uri: str) -> list[dict[str, str]]:
        violations: list[dict[str, str]] = json.loads(self._read(f"{report_uri}/constraint_violations.json"))[
            "violations"
        ]
        return violations

    def _metrics(self, report_uri: str) -> Iterator[Document]:
        """The lines of the job's metric file, as PutMetricData takes them."""
        for line in self._read(f"{report_uri}/cloudwatch_metrics.jsonl").splitlines():
            if line.strip():
                yield json.loads(line)

    def _read(self, uri: str) -> str:
        place = urlparse(uri)
        body = self._services.s3.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"]
        text: str = body.read().decode("utf-8")
        return text
