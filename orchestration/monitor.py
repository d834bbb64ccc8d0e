"""`make monitor`: a project's monitors set up, and run on the newest hours that they have."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from botocore.exceptions import ClientError

from orchestration.clients import Aws
from orchestration.console import Console
from orchestration.errors import MonitoringError
from orchestration.execution import Execution, Step
from orchestration.handlers.alerts import FAILED as FAILED_ALERT
from orchestration.handlers.alerts import kind_of as kind_of_alert
from orchestration.handlers.monitored_window import Baseline, NothingToMonitorError, baseline_of
from orchestration.handlers.windows import Window, moment_text
from orchestration.kinds import kind_of
from orchestration.monitor_record import COMPLETED, FAILED, VIOLATIONS, Found, MonitorRecord
from orchestration.monitors import Monitors
from orchestration.names import (
    MONITORS,
    SCHEDULED_TIME,
    WINDOW,
    bucket_name,
    endpoint_name,
    monitor_name,
    monitoring_name,
)
from orchestration.pipeline_execution import Pipeline, PipelineExecution
from orchestration.storage import Bucket
from orchestration.summary import shown


@dataclass(frozen=True, slots=True)
class Watch:
    """One project watched; `record` is true at every moment of it."""

    monitors: Monitors
    console: Console
    record: MonitorRecord

    @property
    def aws(self) -> Aws:
        """The account."""
        return self.monitors.aws

    def execute(self) -> None:
        """Set everything up and look at the newest hours.

        Raises MonitoringError: before anything is set up where there is nothing to compare or to
        compare with, and at the end where a monitor has failed for another reason than a lack of data.
        """
        end = self._newest_end()
        baselines = {monitor: self._baseline(monitor) for monitor in MONITORS}
        self._set_up(baselines)
        for monitor, look in self._looks(baselines, end).items():
            self._note(monitor, baselines[monitor], look)
        bad = [
            f"{monitor}: {found.reason}"
            for monitor, found in self.record.monitors.items()
            if found.status == FAILED and kind_of_alert(found.reason or "") == FAILED_ALERT
        ]
        if bad:
            raise MonitoringError("\n  ".join(bad))

    def _looks(self, baselines: Mapping[str, Baseline], end: datetime) -> dict[str, Callable[[], Found]]:
        """How to come to each monitor's findings; pipelines are at work meanwhile."""
        if self.record.by == "schedule":
            return {monitor: partial(self._ask, monitor, baselines[monitor]) for monitor in MONITORS}
        started = {monitor: self._start(monitor, end) for monitor in MONITORS}
        return {
            monitor: partial(self._follow, monitor, execution, self._window(monitor, end))
            for monitor, execution in started.items()
        }

    def _newest_end(self) -> datetime:
        """The end of the last hour, or day, that there is something to say of. Raises MonitoringError."""
        project = self.monitors.project
        try:
            return kind_of(project).newest_end(self.aws)
        except ClientError as error:
            raise MonitoringError(
                f"the bucket of {project.name} cannot be read ({error}); "
                f"`make run PROJECT={project.name}` makes it"
            ) from error

    def _baseline(self, monitor: str) -> Baseline:
        project = self.monitors.project.name
        try:
            return baseline_of(self.aws.sagemaker, monitor, endpoint_name(project))
        except NothingToMonitorError as error:
            raise MonitoringError(f"{error} `make run PROJECT={project}` does both.") from error

    def _set_up(self, baselines: Mapping[str, Baseline]) -> None:
        self.console.step("monitors")
        self.record.topic_arn = self.monitors.ensure_topic()
        arns = self.monitors.ensure_pipelines(self.record.topic_arn)
        self.console.done(", ".join(arn.rpartition("/")[2] for arn in arns.values()))
        self.console.step("schedules")
        self.record.schedules = self.monitors.ensure_schedules(baselines)
        times = {self.monitors.monitoring.monitor(monitor).schedule for monitor in MONITORS}
        who = "SageMaker's monitoring schedules" if self.record.by == "schedule" else "EventBridge Scheduler"
        self.console.done(f"{', '.join(sorted(times))}, by {who}")

    def _start(self, monitor: str, end: datetime) -> PipelineExecution:
        """Have the monitor look at the hours up to `end`, as its schedule would."""
        project, settings = self.monitors.project.name, self.monitors.monitoring.monitor(monitor)
        scheduled = end + timedelta(hours=settings.end_hours)
        pipeline = Pipeline(self.aws, monitor_name(project, monitor))
        display_name = f"make-monitor-{scheduled:%Y%m%dT%H}"
        return pipeline.start({SCHEDULED_TIME: moment_text(scheduled)}, display_name)

    def _window(self, monitor: str, end: datetime) -> Window:
        settings = self.monitors.monitoring.monitor(monitor)
        return Window(end - timedelta(hours=settings.start_hours - settings.end_hours), end)

    def _note(self, monitor: str, baseline: Baseline, look: Callable[[], Found]) -> None:
        """What a look finds into the record, and its files beside it."""
        started = time.monotonic()
        found = look()
        # Pipelines run beside each other; of theirs the steps' own times count.
        found.seconds = round(found.seconds or time.monotonic() - started, 3)
        folder = self.monitors.build_dir / "monitor" / monitor
        self._bucket.download_folder(baseline.statistics_uri.rpartition("/")[0], folder / "baseline")
        found.baseline = shown(folder / "baseline")
        if found.report_uri is not None:
            self._bucket.download_folder(found.report_uri, folder / "window")
            found.window = shown(folder / "window")
        self.record.monitors[monitor] = found
        self.console.ended(monitor, found.seconds, found.line)

    def _follow(self, monitor: str, execution: PipelineExecution, window: Window) -> Found:
        """What the monitor's pipeline finds."""
        ended = execution.follow(_Progress(self.console, monitor))
        hours = (moment_text(window.start), moment_text(window.end))
        if ended.succeeded:
            found = self._reported(execution.arn, hours, _outputs(ended, WINDOW)["report"])
        else:
            step = ended.failed_step
            reason = step.failure_reason if step else f"the execution is {ended.status}"
            found = Found(FAILED, execution.arn, *hours, reason=reason)
        found.seconds = sum(step.seconds for step in ended.steps)
        return found

    def _ask(self, monitor: str, baseline: Baseline) -> Found:
        """What SageMaker's own schedule finds."""
        self.console.running([monitor])
        summary = self.monitors.of_sagemaker.look(monitor, baseline)
        arn = summary.get("ProcessingJobArn", "")
        hours = ("", moment_text(summary["ScheduledTime"]))
        if summary["MonitoringExecutionStatus"] not in (COMPLETED, VIOLATIONS):
            return Found(FAILED, arn, *hours, reason=summary.get("FailureReason"))
        job = self.aws.sagemaker.describe_processing_job(ProcessingJobName=arn.rpartition("/")[2])
        variables = job["Environment"]
        report_uri = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].rstrip("/")
        return self._reported(arn, (variables["start_time"], variables["end_time"]), report_uri)

    def _reported(self, arn: str, hours: tuple[str, str], report_uri: str) -> Found:
        report = self._bucket.read_json(f"{report_uri}/monitoring_report.json")
        violations = self._bucket.read_json(f"{report_uri}/constraint_violations.json")["violations"]
        return Found(
            VIOLATIONS if violations else COMPLETED,
            arn,
            *hours,
            rows=report["rows"],
            left_out=report["left_out"],
            violations=violations,
            report_uri=report_uri,
        )

    @property
    def _bucket(self) -> Bucket:
        return Bucket(self.aws.s3, bucket_name(self.monitors.project.name))


@dataclass(frozen=True, slots=True)
class _Progress:
    """Which step of a monitor is at work, on a terminal; its outcome is one line at the end."""

    console: Console
    monitor: str
    ended: list[Step] = field(default_factory=list)

    def steps_running(self, names: Sequence[str]) -> None:
        self.console.running([f"{self.monitor} {name}" for name in names])

    def step_ended(self, step: Step) -> None:
        self.ended.append(step)


def _outputs(ended: Execution, name: str) -> dict[str, str]:
    """What a step that calls a function has said; nothing where it did not come to that."""
    for step in ended.steps:
        if step.name == name:
            told: list[dict[str, str]] = step.properties.get("Lambda", {}).get("OutputParameters", [])
            return {each["Name"]: each["Value"] for each in told}
    return {}


def monitor(monitors: Monitors, console: Console, file: Path) -> MonitorRecord:
    """Watch a project; `file` says afterwards how far that came, whatever came of it."""
    started = time.monotonic()
    record = MonitorRecord(monitors.project.name, monitors.monitoring.by)
    try:
        Watch(monitors, console, record).execute()
    finally:
        record.seconds = round(time.monotonic() - started, 3)
        record.write(file)
    return record


def stop(monitors: Monitors, console: Console) -> list[str]:
    """Have nobody watch the project any more; what was found stays. Returns the schedules there were."""
    console.step("stop")
    removed = monitors.remove_schedules()
    name = monitoring_name(monitors.project.name)
    console.done(f"{', '.join(removed)} start no more" if removed else f"{name} has no schedule")
    return removed
