"""`make run`: a project's rows through its pipeline, the model registered, approved, deployed and asked.

Everything is asked of SageMaker's own API, at AWS_ENDPOINT_URL; nothing here
knows what answers there.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestration.clients import Aws
from orchestration.console import Console
from orchestration.data_source import DataSource
from orchestration.definition import Definition, training_definition
from orchestration.endpoint import Endpoint
from orchestration.errors import PipelineError
from orchestration.execution import Execution, Step
from orchestration.extract import extract_of
from orchestration.jobs import Job
from orchestration.kinds import kind_of
from orchestration.kinds.kind import Answers, Kind
from orchestration.model_registry import APPROVED, Registry, Version, metadata
from orchestration.names import (
    BASELINE,
    CONDITION,
    DATA_QUALITY,
    EVALUATE,
    FAIL,
    MODEL_BASELINE,
    MODEL_QUALITY,
    PREPROCESS,
    REGISTER,
    TRAIN,
    bucket_name,
    pipeline_name,
)
from orchestration.outcome import baseline_detail, compared, missed, model_digest
from orchestration.pipeline_execution import Pipeline, PipelineExecution
from orchestration.project import Project
from orchestration.run_record import RunRecord, StepFigures
from orchestration.settings import Settings
from orchestration.storage import Bucket, StoredFile, upload
from orchestration.triggers import Triggers

CACHED = "cached"
# The monitors that compare with what these steps leave.
BASELINES = {BASELINE: DATA_QUALITY, MODEL_BASELINE: MODEL_QUALITY}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one project; `record` is true at every moment of it."""

    project: Project
    settings: Settings
    images: Mapping[str, str]
    build_dir: Path
    console: Console
    record: RunRecord
    # Whether rows that are there already are stored again, so that nothing cached fits them.
    is_fresh: bool = False

    @property
    def kind(self) -> Kind:
        """What is done otherwise for projects of another kind."""
        return kind_of(self.project)

    def execute(self, data: DataSource) -> Answers:
        """From rows to answers of the endpoint, which goes on serving.

        Raises OrchestrationError with the reason in plain words.
        """
        aws = Aws(self.settings)
        bucket = Bucket(aws.s3, bucket_name(self.project.name))
        self.console.step("upload")
        stored = upload(bucket, self.project, data, again=self.is_fresh)
        if extract := extract_of(self.project, self.build_dir):
            extract.store(bucket)
        self.console.done(stored.uri)
        self.console.step("definition")
        definition = training_definition(self.project, self.settings, self.images, self.build_dir)
        self.console.done(f"{self.build_dir.name}/pipelines/{definition.file.name}")
        execution = self._start(aws, definition, stored)
        started = time.monotonic()
        progress = _Progress(self, aws, bucket)
        try:
            # The jobs of the first step are being started meanwhile.
            self._set_up(aws)
            ended = execution.follow(progress)
        except BaseException:
            # Nobody would look at what it comes to.
            self.console.line(f"  stopping the execution {execution.execution_id} …")
            with suppress(BotoCoreError, ClientError):  # what went wrong first is what counts
                self.console.line(f"  the execution is {execution.stop()}")
            raise
        self.record.pipeline_seconds = round(time.monotonic() - started, 3)
        try:
            version = self._note(ended, progress, aws, bucket)
            self._approve(aws, version)
            return self._answers(aws, version, progress, bucket)
        finally:
            # Last: the lines that say so travel beside the jobs and may come after them.
            progress.note_work()

    def _start(self, aws: Aws, definition: Definition, stored: StoredFile) -> PipelineExecution:
        self.console.step("start")
        # A step of the pipeline may not be the first to find out that there is none.
        Registry(aws, self.project.name).ensure_group()
        pipeline = Pipeline(aws, pipeline_name(self.project.name))
        arn = pipeline.upsert(definition.text)
        display_name = f"make-run-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        execution = pipeline.start({**definition.values, **stored.parameters}, display_name)
        self.record.execution_id = execution.execution_id
        self.record.pipeline = {
            "name": pipeline.name,
            "arn": arn,
            "execution_arn": execution.arn,
            "definition": str(definition.file),
        }
        self.console.done(f"{pipeline.name}, execution {execution.execution_id}")
        return execution

    def _set_up(self, aws: Aws) -> None:
        self.console.step("triggers")
        triggers = Triggers(aws, self.project.name)
        triggers.ensure(self.record.pipeline["arn"])
        self.console.done(f"{triggers.incoming_uri} starts the pipeline, an approval deploys")

    def _note(self, ended: Execution, progress: "_Progress", aws: Aws, bucket: Bucket) -> Version:
        """Into the record what the execution left. Raises PipelineError where it did not succeed."""
        if not ended.succeeded:
            raise PipelineError(self._reason(ended, progress))
        self.record.model_uri = progress.jobs[TRAIN].model_uri
        self.record.model_digest = model_digest(bucket.read(self.record.model_uri), self.kind.model_file)
        bucket.download_folder(
            progress.jobs[EVALUATE].output_uris["evaluation"],
            self.build_dir / "report" / self.project.name,
        )
        registry = Registry(aws, self.project.name)
        arn = ended.step(REGISTER).properties["RegisterModel"]["Arn"]
        package = registry.describe(arn)
        version = Version(package["ModelPackageVersion"], arn, package["ModelApprovalStatus"])
        self.record.model_package = {
            "group": registry.group,
            "version": version.number,
            "arn": arn,
            "status": version.status,
            "metadata": metadata(package),
            "evaluation": package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"],
        }
        return version

    def _reason(self, ended: Execution, progress: "_Progress") -> str:
        step = ended.failed_step
        if step is None:
            return f"the execution {ended.execution_id} is {ended.status}"
        if step.name == FAIL:
            return missed(self.project, self.record.metrics)
        reason = f"{step.name}: {step.failure_reason}"
        lines = progress.jobs[step.name].lines() if step.name in progress.jobs else []
        return reason + "".join(f"\n    {line}" for line in lines)

    def _approve(self, aws: Aws, version: Version) -> None:
        self.console.step("approve")
        value = compared(self.project, self.record.metrics)
        approved = Registry(aws, self.project.name).decide(version, APPROVED, f"make run: {value}")
        self.record.model_package["status"] = approved.status
        seconds = self.console.done(f"version {version.number} of {self.record.model_package['group']}")
        self.record.steps.append(StepFigures("approve", "Succeeded", round(seconds, 3)))

    def _answers(self, aws: Aws, version: Version, progress: "_Progress", bucket: Bucket) -> Answers:
        self.console.step("endpoint")
        started = time.monotonic()
        endpoint = Endpoint(aws, self.project.name)
        endpoint.wait_until_it_serves(version.arn, is_new=True)
        live = progress.jobs[PREPROCESS].output_uris["live"]
        asked = time.monotonic()
        answers = self.kind.ask(endpoint.invoke, lambda name: bucket.read(f"{live}/{name}").decode())
        work_seconds = time.monotonic() - asked
        seconds = self.console.done(answers.said)
        self.record.steps.append(
            StepFigures("endpoint", "Succeeded", round(seconds, 3), work_seconds=round(work_seconds, 3))
        )
        self.record.endpoint = {
            "name": endpoint.name,
            "model_package_arn": version.arn,
            "seconds_to_first_answer": round(asked - started, 3),
            **answers.figures(),
        }
        return answers


@dataclass(frozen=True, slots=True)
class _Progress:
    """Step lines on the console and figures in the record, each with what is worth knowing of its outcome."""

    run: Run
    aws: Aws
    bucket: Bucket
    jobs: dict[str, Job] = field(default_factory=dict)

    def steps_running(self, names: Sequence[str]) -> None:
        self.run.console.running(names)

    def step_ended(self, step: Step) -> None:
        job = Job.of(self.aws, step)
        if job is not None:
            self.jobs[step.name] = job
        ran = job if job and not step.is_cached else None
        seconds, started_at = (ran.container_seconds, ran.container_started_at) if ran else (None, None)
        succeeded = step.status == "Succeeded"
        self.run.record.steps.append(
            StepFigures(
                name=step.name,
                status=step.status,
                seconds=round(step.seconds, 3),
                container_seconds=None if seconds is None else round(seconds, 3),
                container_started_at=started_at.isoformat() if started_at else None,
                cached=step.is_cached,
            )
        )
        detail = self._detail(step, job) if succeeded else step.status.lower()
        self.run.console.ended(
            step.name, step.seconds, ", ".join(part for part in (step.is_cached * CACHED, detail) if part)
        )

    def note_work(self) -> None:
        """How long each job that ran here worked, by its own word."""
        for figures in self.run.record.steps:
            if figures.container_seconds is not None and figures.status == "Succeeded":
                figures.work_seconds = self.jobs[figures.name].work_seconds()

    def _detail(self, step: Step, job: Job | None) -> str:
        record, project = self.run.record, self.run.project
        if step.name in BASELINES and job:
            record.baselines[BASELINES[step.name]] = job.output_uris["monitoring_output"]
        if step.name == BASELINE and job:
            return baseline_detail(self._json(job, "monitoring_output", "statistics.json"))
        if step.name == CONDITION:
            return compared(project, record.metrics)
        if step.name == REGISTER:
            arn = step.properties["RegisterModel"]["Arn"]
            return f"version {arn.rpartition('/')[2]}, waits for a decision"
        if job is None:
            return ""
        return self.run.kind.step_detail(step.name, partial(self._json, job), record)

    def _json(self, job: Job, output: str, name: str) -> Any:
        return self.bucket.read_json(f"{job.output_uris[output]}/{name}")
