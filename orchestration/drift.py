"""`make drift`: live rows with a change in them, sent as clients send them, and all that follows from it.

The drill uses what is there: the inference API, the monitors' schedules, the rule that starts a
retraining. It moves the clock by which those plan to the end of the hour and then looks on.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.alerts import Alerts, listening
from orchestration.captured_calls import CapturedCalls
from orchestration.clients import Aws
from orchestration.clock import Clock
from orchestration.console import Console
from orchestration.drift_kind import Kind
from orchestration.drift_record import DriftRecord, Drill
from orchestration.drift_rows import LabelledRow, changed, live_rows
from orchestration.endpoint import Endpoint
from orchestration.errors import DriftError
from orchestration.execution import Execution, Step
from orchestration.figures_file import write_figures
from orchestration.handlers.windows import Window, captured_keys, moment_text
from orchestration.images import references
from orchestration.inference_api import WAY_OUT, InferenceApi
from orchestration.jobs import Job
from orchestration.kinds import kind_of
from orchestration.loop import Loop
from orchestration.model_registry import Registry, metadata
from orchestration.monitors import Monitors
from orchestration.names import (
    ANALYSE,
    CAPTURED,
    DATA_QUALITY,
    DATA_SHA256,
    EXECUTION_ID,
    GROUND_TRUTH_MISSING_EVENT,
    MODEL_QUALITY,
    MONITORS,
    PREPROCESS,
    TRAINING_SET,
    VIOLATIONS_EVENT,
    bucket_name,
    endpoint_name,
    pipeline_name,
)
from orchestration.outcome import model_digest
from orchestration.pipeline_execution import PipelineExecution, step_of
from orchestration.settings import Settings
from orchestration.storage import Bucket
from orchestration.tabular_project import TabularProject

HOUR = timedelta(hours=1)
# Requests that are sent later than this before the hour's end could fall into two of them.
LATEST = timedelta(minutes=2)
SHOWN_VIOLATIONS = 3
# Which monitor a change is for.
EXPECTED = {
    Kind.AGE: DATA_QUALITY,
    Kind.TYPE: DATA_QUALITY,
    Kind.LABELS: MODEL_QUALITY,
    Kind.LABELS_MISSING: MODEL_QUALITY,
}


@dataclass(frozen=True, slots=True)
class Drift:
    """One drill of one project; `record` is true at every moment of it."""

    project: TabularProject
    aws: Aws
    api: InferenceApi
    clock: Clock
    console: Console
    topic_arn: str
    record: DriftRecord

    def execute(self, drill: Drill) -> None:
        """Send, label, move the clock, look on.

        Raises OrchestrationError: where the drill cannot be carried out, and where the monitor
        that should have spoken says nothing. A retraining that fails is told, not raised.
        """
        bucket = Bucket(self.aws.s3, bucket_name(self.project.name))
        rows = changed(drill.kind, self._live(bucket, drill), self.project, drill.seed)
        start = self._hour()
        self._send(drill, rows, start)
        self._tell(rows)
        self._wait_until_captured(bucket, start)
        with listening(self.aws, self.project.name, self.topic_arn) as alerts:
            loop = Loop.from_now(self.aws, self.project.name, alerts, MONITORS)
            end = start + HOUR
            self.console.step("clock")
            self.clock.move(end)
            self.console.done(f"{end:%Y-%m-%d %H:%M} UTC: the schedules are due")
            try:
                self._look_on(drill, loop, alerts)
                if drill.kind is not Kind.LABELS_MISSING:
                    self._follow_retraining(drill, loop, bucket)
            finally:
                self.record.alerts, self.record.messages = alerts.events, alerts.messages

    def _live(self, bucket: Bucket, drill: Drill) -> list[dict[str, str]]:
        """Rows that the serving version was not trained on."""
        self.console.step("live rows")
        serving = Endpoint(self.aws, self.project.name).serving()
        if serving is None or serving.model_package_arn is None:
            raise DriftError(f"{endpoint_name(self.project.name)} serves no version; `make run` deploys one")
        package = Registry(self.aws, self.project.name).describe(serving.model_package_arn)
        pipeline = self.aws.sagemaker.describe_pipeline(PipelineName=pipeline_name(self.project.name))
        arn = f"{pipeline['PipelineArn']}/execution/{metadata(package)[EXECUTION_ID]}"
        uri = self._output(PipelineExecution(self.aws, arn), PREPROCESS, "live")
        rows = live_rows(bucket.read(f"{uri}/live.csv").decode(), drill.rows, drill.seed)
        self.console.done(
            f"{len(rows):,} of those that version {package['ModelPackageVersion']} has not seen"
        )
        return rows

    def _hour(self) -> datetime:
        """The hour in which the requests come: this one, or the next where it is about to end."""
        now = self.clock.now()
        start = now.replace(minute=0, second=0, microsecond=0)
        if start + HOUR - now < LATEST:
            start += HOUR
            self.clock.move(start)
        self.record.window = {"start": moment_text(start), "end": moment_text(start + HOUR)}
        return start

    def _send(self, drill: Drill, rows: Sequence[LabelledRow], start: datetime) -> None:
        self.console.step("requests")
        # Another drill in the same hour has other ids: labels are taken once.
        stem = f"drift-{drill.kind}-{self.clock.now():%Y%m%dT%H%M%S%f}"
        positive = 0
        with closing(self.api):
            for number, row in enumerate(rows):
                self.record.inference_ids.append(f"{stem}-{number}")
                answer = self.api.predict(self.project.name, row.record, f"{stem}-{number}")
                positive += answer["predictions"][0]["label"] == self.project.target.positive
        if self.clock.now() >= start + HOUR:
            raise DriftError("the hour ended while the requests were sent; start the drill again")
        self.console.done(
            f"{len(rows):,} rows, {WHAT[drill.kind]}; "
            f"the model says {self.project.target.positive} to {positive}"
        )

    def _tell(self, rows: Sequence[LabelledRow]) -> None:
        self.console.step("labels")
        labels = {
            name: row.label
            for name, row in zip(self.record.inference_ids, rows, strict=True)
            if row.label is not None
        }
        with closing(self.api):
            self.api.tell(self.project.name, labels)
        self.record.labels = len(labels)
        self.console.done(f"{len(labels):,} sent" if labels else "nobody tells any")

    def _wait_until_captured(self, bucket: Bucket, start: datetime) -> None:
        self.console.step("captured")
        uri, name = f"s3://{bucket.name}/{CAPTURED}", endpoint_name(self.project.name)
        calls = CapturedCalls(
            bucket, lambda: captured_keys(self.aws.s3, uri, name, Window(start, start + HOUR))
        )
        calls.wait_for(self.record.inference_ids)
        self.console.done(f"{len(calls.ids):,} requests in the hour from {start:%H:%M} UTC")

    def _look_on(self, drill: Drill, loop: Loop, alerts: Alerts) -> None:
        """Follow both monitors; the one that the drill is for must speak. Raises DriftError where not."""
        for monitor in MONITORS:
            execution = loop.monitor(monitor, self.record.window["end"])
            ended = execution.follow(_Progress(self.console, monitor))
            self.record.monitors[monitor] = self._monitored(execution, ended)
        monitor = EXPECTED[drill.kind]
        event = GROUND_TRUTH_MISSING_EVENT if drill.kind is Kind.LABELS_MISSING else VIOLATIONS_EVENT
        alert = alerts.wait_for(event, monitor)
        if alert is None:
            told = self.record.monitors[monitor]
            raise DriftError(
                f"the monitor {monitor} tells of no {event}: {told['failure_reason'] or told['exit_message']}"
            )
        self.console.line(
            f"  {event}: {monitor}, {self.record.window['start']} to {self.record.window['end']}"
        )
        for violation in alert.get("violations", [])[:SHOWN_VIOLATIONS]:
            name = violation.get("feature_name") or violation.get("metric_name")
            self.console.line(f"    {name}: {violation.get('description')}")
        if alert.get("report_uri"):
            self.console.line(f"    report: {alert['report_uri']}")

    def _monitored(self, execution: PipelineExecution, ended: Execution) -> dict[str, Any]:
        analyse = next((step for step in ended.steps if step.name == ANALYSE), None)
        job = Job.of(self.aws, analyse) if analyse else None
        failed = ended.failed_step
        return {
            "execution_arn": execution.arn,
            "status": ended.status,
            "failure_reason": failed.failure_reason if failed else None,
            "exit_message": job.description.get("ExitMessage") if job else None,
            "steps": {step.name: round(step.seconds, 3) for step in ended.steps},
        }

    def _follow_retraining(self, drill: Drill, loop: Loop, bucket: Bucket) -> None:
        self.console.step("retraining")
        decided = loop.retraining(self.record.window["end"])
        if decided.execution is None:
            self.record.retraining = {"skipped": decided.reason}
            self.console.done(f"none: {decided.reason}")
            return
        self.record.retraining = {"execution_arn": decided.execution.arn, "status": "Executing"}
        self.console.done(f"has started, execution {decided.execution.execution_id}")
        if drill.follow:
            self._follow_to_a_version(decided.execution, loop, bucket)

    def _follow_to_a_version(self, retraining: PipelineExecution, loop: Loop, bucket: Bucket) -> None:
        record = self.record
        ended = self._followed(retraining, "retraining", record.retraining)
        if not ended.succeeded:
            return
        training_set = bucket.read_json(
            f"{self._output(retraining, TRAINING_SET, 'report')}/training-set.json"
        )
        record.retraining["training_set"] = training_set
        self.console.line(
            f"  {training_set['rows']:,} rows: {training_set['base']['rows']:,} and "
            f"{training_set['captured']['rows']:,} captured ones with what came true"
        )
        training = loop.training(retraining)
        record.training = {"execution_arn": training.arn}
        if not self._followed(training, "training", record.training).succeeded:
            return
        package = loop.version(training)
        model_uri = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
        record.model_package = {
            "version": package["ModelPackageVersion"],
            "arn": package["ModelPackageArn"],
            "status": package["ModelApprovalStatus"],
            "data_sha256": metadata(package)[DATA_SHA256],
            "model_uri": model_uri,
            "model_digest": model_digest(bucket.read(model_uri), kind_of(self.project).model_file),
        }
        self.console.line(
            f"  version {package['ModelPackageVersion']} of {package['ModelPackageGroupName']} is "
            f"{package['ModelApprovalStatus']}; `make approve` deploys it"
        )

    def _followed(self, execution: PipelineExecution, name: str, record: dict[str, Any]) -> Execution:
        ended = execution.follow(_Progress(self.console, name))
        failed = ended.failed_step
        record |= {"status": ended.status, "failure_reason": failed.failure_reason if failed else None}
        if not ended.succeeded:
            self.console.line(f"  {name} is {ended.status}: {record['failure_reason']}")
        return ended

    def _output(self, execution: PipelineExecution, step_name: str, output: str) -> str:
        """Where a step of an execution has left an output. Raises DriftError."""
        for item in execution.steps():
            job = Job.of(self.aws, step_of(item)) if item["StepName"] == step_name else None
            if job is not None:
                return job.output_uris[output]
        raise DriftError(f"the execution {execution.execution_id} has no step {step_name} with outputs")


# What a drill does to its rows, in a line's words.
WHAT = {
    Kind.AGE: "a number in them grown",
    Kind.TYPE: "a number in them told in words",
    Kind.LABELS: "as they are",
    Kind.LABELS_MISSING: "as they are",
}


@dataclass(frozen=True, slots=True)
class _Progress:
    """Step lines on the console, each with whose step it is."""

    console: Console
    name: str

    def steps_running(self, names: Sequence[str]) -> None:
        self.console.running([f"{self.name} {name}" for name in names])

    def step_ended(self, step: Step) -> None:
        detail = "" if step.status == "Succeeded" else f"{step.status}: {step.failure_reason or ''}"
        cached = "cached" if step.is_cached else ""
        self.console.ended(step.name, step.seconds, ", ".join(p for p in (self.name, cached, detail) if p))


def carried_out(
    drill: Drill, project: TabularProject, settings: Settings, build_dir: Path, console: Console, file: Path
) -> DriftRecord:
    """Carry a drill out; `file` says afterwards how far it came, whatever came of it.

    Raises OrchestrationError.
    """
    started = time.monotonic()
    aws = Aws(settings)
    record = DriftRecord(project.name, drill.kind, drill.rows, drill.seed)
    try:
        topic_arn = _watched(Monitors(aws, project, references(project, settings), build_dir), console)
        api = InferenceApi(drill.api_url, _key(drill.api_key_file))
        Drift(project, aws, api, Clock(drill.emulator_port), console, topic_arn, record).execute(drill)
    finally:
        record.seconds = round(time.monotonic() - started, 3)
        write_figures(record, file)
    return record


def _watched(monitors: Monitors, console: Console) -> str:
    """Have the project's monitors started by their schedules; returns the topic's ARN. Raises DriftError."""
    if monitors.monitoring.by != "pipeline":
        raise DriftError(
            "make drift follows the pipelines that EventBridge Scheduler starts, and SageMaker's own "
            "schedules are asked for; set monitoring.by to pipeline"
        )
    console.step("monitors")
    topic_arn = monitors.ensure_topic()
    monitors.ensure_pipelines(topic_arn)
    console.done(f"started by the schedules {' and '.join(monitors.ensure_schedules())}")
    return topic_arn


def _key(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise DriftError(f"the API's key {file} cannot be read ({error.strerror}); {WAY_OUT}") from error
