"""A pipeline and its executions on SageMaker: written, started, followed step by step, stopped."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import ClientError

from orchestration.clients import Aws, error_code
from orchestration.errors import PipelineError
from orchestration.execution import Execution, Step
from orchestration.handlers.alerts import in_words

POLL_SECONDS = 0.2
# A stopped training job has 120 s to save what it has (API reference, StopTrainingJob).
STOP_SECONDS = 150.0
ENDED = frozenset({"Succeeded", "Failed", "Stopped", "CompletedWithFailures"})
STEP_ENDED = frozenset({"Succeeded", "Failed", "Stopped"})
# The member of a step's Metadata that names a job.
JOBS = {"ProcessingJob": "Processing", "TrainingJob": "Training"}


class Progress(Protocol):
    """Whoever wants to know how far an execution is."""

    def steps_running(self, names: Sequence[str]) -> None:
        """These steps are at work; called when that changes."""

    def step_ended(self, step: Step) -> None:
        """A step has ended, one way or another; called once for each."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of this account."""

    aws: Aws
    name: str

    def upsert(self, definition: str) -> str:
        """Make the pipeline what `definition` says, and return its ARN."""
        given = {
            "PipelineName": self.name,
            "PipelineDefinition": definition,
            "RoleArn": self.aws.settings.role_arn,
        }
        try:
            return str(self.aws.sagemaker.update_pipeline(**given)["PipelineArn"])
        except ClientError as error:
            if error_code(error) != "ResourceNotFound":
                raise PipelineError(f"the pipeline {self.name} is refused: {error}") from error
        try:
            return str(self.aws.sagemaker.create_pipeline(**given)["PipelineArn"])
        except ClientError as error:
            raise PipelineError(f"the pipeline {self.name} is refused: {error}") from error

    def start(self, values: Mapping[str, str], display_name: str) -> "PipelineExecution":
        """Start an execution with `values`; however often the call is repeated, one starts."""
        answer = self.aws.sagemaker.start_pipeline_execution(
            PipelineName=self.name,
            PipelineExecutionDisplayName=display_name,
            PipelineParameters=[{"Name": name, "Value": value} for name, value in values.items()],
            # 32 characters at least (API reference).
            ClientRequestToken=secrets.token_hex(16),
        )
        return PipelineExecution(self.aws, answer["PipelineExecutionArn"])


@dataclass(frozen=True, slots=True)
class PipelineExecution:
    """An execution, at work or ended."""

    aws: Aws
    arn: str
    wait: Callable[[float], None] = field(default=time.sleep)

    @property
    def execution_id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]

    def follow(self, progress: Progress) -> Execution:
        """Tell `progress` what happens until the execution has ended, and return how."""
        told: set[str] = set()
        running: tuple[str, ...] = ()
        while True:
            # Asked before the steps: those of an execution that has ended do not change.
            status = self.status()
            items = self.steps()
            for item in items:
                if item["StepStatus"] in STEP_ENDED and item["StepName"] not in told:
                    told.add(item["StepName"])
                    progress.step_ended(step_of(item))
            if status in ENDED:
                return Execution(self.execution_id, status, tuple(step_of(item) for item in items))
            now = tuple(item["StepName"] for item in items if item["StepStatus"] not in STEP_ENDED)
            if now != running:
                running = now
                progress.steps_running(running)
            self.wait(POLL_SECONDS)

    def status(self) -> str:
        """What DescribePipelineExecution says."""
        answer = self.aws.sagemaker.describe_pipeline_execution(PipelineExecutionArn=self.arn)
        return str(answer["PipelineExecutionStatus"])

    def steps(self) -> list[dict[str, Any]]:
        """The steps that were reached, in the order in which they began."""
        pages = self.aws.sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=self.arn, SortOrder="Ascending"
        )
        return [item for page in pages for item in page["PipelineExecutionSteps"]]

    def stop(self) -> str:
        """Stop it, wait until it has stopped, and return its status."""
        deadline = time.monotonic() + STOP_SECONDS
        try:
            self.aws.sagemaker.stop_pipeline_execution(
                PipelineExecutionArn=self.arn, ClientRequestToken=secrets.token_hex(16)
            )
        except ClientError:
            # It has just ended by itself.
            return self.status()
        while (status := self.status()) not in ENDED and time.monotonic() < deadline:
            self.wait(POLL_SECONDS)
        return status


def step_of(item: Mapping[str, Any]) -> Step:
    """A PipelineExecutionStep as a Step; its properties are its Metadata."""
    metadata: dict[str, Any] = item.get("Metadata", {})
    kind = next(iter(metadata), "")
    ended = item.get("EndTime", item["StartTime"])
    reason = item.get("FailureReason")
    return Step(
        name=item["StepName"],
        step_type=JOBS.get(kind, kind),
        status=item["StepStatus"],
        seconds=(ended - item["StartTime"]).total_seconds(),
        failure_reason=None if reason is None else in_words(reason),
        properties=metadata,
        is_cached="CacheHitResult" in item,
    )
