"""`make run MODE=sdk-local`: the same pipeline under the SDK's own local mode, as a second opinion."""

import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from orchestration.clients import boto_session, s3_client
from orchestration.console import Console
from orchestration.containers import ended_containers
from orchestration.data_source import DataSource
from orchestration.errors import PipelineError
from orchestration.execution import Execution
from orchestration.extract import extract_of
from orchestration.kinds import kind_of
from orchestration.kinds.kind import Answers, Kind
from orchestration.local_endpoint import LocalEndpoint
from orchestration.local_execution import run_pipeline, step_figures
from orchestration.local_mode import LocalMode, local_mode
from orchestration.names import (
    CONDITION,
    CREATE_MODEL,
    EVALUATE,
    FAIL,
    PREPROCESS,
    TRAIN,
    bucket_name,
    endpoint_name,
)
from orchestration.outcome import compared, missed, model_digest
from orchestration.pipelines.training import Keep, capture_session, training_pipeline
from orchestration.project import Project
from orchestration.run_record import RunRecord, StepFigures
from orchestration.settings import Settings
from orchestration.storage import Bucket, upload

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LocalRun:
    """One run of one project; `record` is true at every moment of it."""

    project: Project
    settings: Settings
    images: Mapping[str, str]
    build_dir: Path
    console: Console
    record: RunRecord

    @property
    def kind(self) -> Kind:
        """What is done otherwise for projects of another kind."""
        return kind_of(self.project)

    def execute(self, data: DataSource) -> Answers:
        """Run the pipeline, let the model answer, and leave only what is worth keeping.

        Raises PipelineError or EndpointError with the reason in plain words.
        """
        bucket = Bucket(s3_client(self.settings), bucket_name(self.project.name))
        self.console.step("upload")
        stored = upload(bucket, self.project, data)
        extract = extract_of(self.project, self.build_dir)
        if extract:
            extract.store(bucket)
        self.console.done(stored.uri)
        self.console.step("definition")
        session = capture_session(boto_session(self.settings), bucket.name)
        training = training_pipeline(
            self.project,
            session,
            bucket.name,
            self.settings.role_arn,
            self.images,
            Keep.CREATE_MODEL,
            extract.uri(bucket.name) if extract else None,
        )
        # What is refused is refused here and not in the first step.
        training.pipeline.definition()
        self.console.done("for local mode: the model is created, not registered")
        values = {**training.values, **stored.parameters}
        run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        with local_mode(self.settings, bucket.name, self.build_dir, run_id) as local:
            progress = _Progress(self, bucket)
            try:
                started = time.monotonic()
                execution = run_pipeline(local, training.pipeline, values, progress)
                self.record.pipeline_seconds = round(time.monotonic() - started, 3)
                self._note(execution, local, bucket)
                return self._answers(execution, local, bucket)
            except KeyboardInterrupt:
                self.console.failed()
                raise

    def _note(self, execution: Execution, local: LocalMode, bucket: Bucket) -> None:
        """Into the record what the execution left. Raises PipelineError where it failed."""
        containers = ended_containers(local.run_id)
        self.record.execution_id = execution.execution_id
        self.record.steps = step_figures(execution.steps, containers)
        failed = execution.failed_step
        if failed is not None:
            if failed.name == FAIL:
                raise PipelineError(missed(self.project, self.record.metrics))
            if failed.has_container and containers and containers[-1].exit_code:
                # The SDK's own stream of it may end before the last lines.
                log.info("container.failed step=%s log=\n%s", failed.name, containers[-1].log)
                raise PipelineError(f"{failed.name}: {containers[-1].failure_reason}")
            raise PipelineError(f"{failed.name}: {failed.failure_reason}")
        uri = execution.step(TRAIN).properties["ModelArtifacts"]["S3ModelArtifacts"]
        self.record.model_uri = uri
        self.record.model_digest = model_digest(bucket.read(uri), self.kind.model_file)
        bucket.download_folder(
            self.uri(bucket, execution.execution_id, EVALUATE, "evaluation"),
            self.build_dir / "report" / self.project.name,
        )

    def _answers(self, execution: Execution, local: LocalMode, bucket: Bucket) -> Answers:
        live = self.uri(bucket, execution.execution_id, PREPROCESS, "live")
        self.console.step("endpoint")
        started = time.monotonic()
        endpoint = LocalEndpoint(local, endpoint_name(self.project.name))
        model_name = execution.step(CREATE_MODEL).properties["ModelName"]
        endpoint.start(model_name, self.project.instance_types.endpoint)
        asked = time.monotonic()
        answers = self.kind.ask(endpoint.invoke, lambda name: bucket.read(f"{live}/{name}").decode())
        work_seconds = time.monotonic() - asked
        endpoint.stop()
        seconds = self.console.done(answers.said)
        container = ended_containers(local.run_id)[-1]
        self.record.steps.append(
            StepFigures(
                "endpoint",
                "Succeeded",
                round(seconds, 3),
                round(container.seconds, 3),
                round(work_seconds, 3),
            )
        )
        self.record.endpoint = {
            "seconds_to_first_answer": round(asked - started, 3),
            **answers.figures(),
        }
        return answers

    def uri(self, bucket: Bucket, execution_id: str, *names: str) -> str:
        """Where a step of an execution leaves its output."""
        return "/".join((f"s3://{bucket.name}/executions", execution_id, *names))


@dataclass(frozen=True, slots=True)
class _Progress:
    """Step lines on the console, each with what is worth knowing of its outcome."""

    run: LocalRun
    bucket: Bucket

    def step_started(self, name: str) -> None:
        self.run.console.step(name)

    def step_failed(self, name: str) -> None:  # noqa: ARG002
        self.run.console.failed()

    def step_finished(self, name: str, execution_id: str) -> None:
        if name == FAIL:
            return
        record, project = self.run.record, self.run.project
        detail = (
            compared(project, record.metrics)
            if name == CONDITION
            else self.run.kind.step_detail(name, partial(self._json, execution_id, name), record)
        )
        self.run.console.done(detail)

    def _json(self, execution_id: str, *names: str) -> Any:
        return self.bucket.read_json(self.run.uri(self.bucket, execution_id, *names))
