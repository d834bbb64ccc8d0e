"""The loop as it goes on by itself: monitors, a retraining, the training pipeline, a version that waits."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from orchestration.alerts import Alerts
from orchestration.clients import Aws, error_code
from orchestration.errors import DriftError
from orchestration.model_registry import Registry, metadata
from orchestration.names import (
    DATA_PARAMETERS,
    EXECUTION_ID,
    RETRAINED,
    RETRAINING_SKIPPED_EVENT,
    SCHEDULED_TIME,
    monitor_name,
    pipeline_name,
    retraining_pipeline_name,
)
from orchestration.pipeline_execution import PipelineExecution

T = TypeVar("T")

# From what starts an execution until it is there: a schedule or an event, and a cold function.
START_SECONDS = 120.0
POLL_SECONDS = 0.3
NEWEST = 20
_, DATA_KEY, _ = DATA_PARAMETERS


@dataclass(frozen=True, slots=True)
class Decided:
    """A retraining that has started, or the reason why there is none."""

    execution: PipelineExecution | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Loop:
    """What a project's monitors and pipelines do from a moment on; `known` executions were there before."""

    aws: Aws
    project: str
    alerts: Alerts
    known: frozenset[str]

    @classmethod
    def from_now(cls, aws: Aws, project: str, alerts: Alerts, monitors: tuple[str, ...]) -> "Loop":
        """Everything that will have started after this call."""
        names = (
            *(monitor_name(project, monitor) for monitor in monitors),
            retraining_pipeline_name(project),
            pipeline_name(project),
        )
        there = (item["PipelineExecutionArn"] for name in names for item in _executions(aws, name))
        return cls(aws, project, alerts, frozenset(there))

    def monitor(self, monitor: str, scheduled_time: str) -> PipelineExecution:
        """The execution that a monitor's schedule starts for that time. Raises DriftError."""
        name = monitor_name(self.project, monitor)

        def look() -> PipelineExecution | None:
            # One of an earlier hour may be late.
            found = (each for each in self._new(name) if self._value(each, SCHEDULED_TIME) == scheduled_time)
            return next(found, None)

        return self._started(name, look, f"its schedule for {scheduled_time} should have")

    def retraining(self, window_end: str) -> Decided:
        """What was decided about the violations of the window to that moment. Raises DriftError."""
        name = retraining_pipeline_name(self.project)

        def look() -> Decided | None:
            self.alerts.hear()
            for skipped in self.alerts.of(RETRAINING_SKIPPED_EVENT):
                if skipped["window_end"] == window_end:
                    return Decided(None, str(skipped["reason"]))
            started = next(self._new(name), None)
            return Decided(started) if started else None

        return self._started(name, look, f"the violations of the window to {window_end} should have")

    def training(self, retraining: PipelineExecution) -> PipelineExecution:
        """The training pipeline's execution on what a retraining has left. Raises DriftError."""
        name = pipeline_name(self.project)
        prefix = f"{RETRAINED}{retraining.execution_id}/"

        def look() -> PipelineExecution | None:
            found = (each for each in self._new(name) if self._value(each, DATA_KEY).startswith(prefix))
            return next(found, None)

        return self._started(name, look, f"an object below {prefix} should have")

    def version(self, training: PipelineExecution) -> dict[str, Any]:
        """DescribeModelPackage of what the training pipeline has registered. Raises DriftError."""
        registry = Registry(self.aws, self.project)
        for version in registry.versions():
            package = registry.describe(version.arn)
            if metadata(package).get(EXECUTION_ID) == training.execution_id:
                return package
        raise DriftError(f"{registry.group} has no version of the execution {training.execution_id}")

    def _new(self, name: str) -> Iterator[PipelineExecution]:
        for item in _executions(self.aws, name):
            if item["PipelineExecutionArn"] not in self.known:
                yield PipelineExecution(self.aws, item["PipelineExecutionArn"])

    def _value(self, execution: PipelineExecution, parameter: str) -> str:
        answer = self.aws.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=execution.arn)
        values = {each["Name"]: each["Value"] for each in answer["PipelineParameters"]}
        return str(values.get(parameter, ""))

    def _started(self, name: str, look: Callable[[], T | None], who: str) -> T:
        deadline = time.monotonic() + START_SECONDS
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise DriftError(f"no execution of {name} has started after {START_SECONDS:.0f} s; {who}")
            time.sleep(POLL_SECONDS)
        return found


def _executions(aws: Aws, name: str) -> list[dict[str, Any]]:
    """A pipeline's newest executions; none where there is no such pipeline."""
    try:
        answer = aws.sagemaker.list_pipeline_executions(
            PipelineName=name, SortBy="CreationTime", SortOrder="Descending", MaxResults=NEWEST
        )
    except ClientError as error:
        if error_code(error) != "ResourceNotFound":
            raise
        return []
    found: list[dict[str, Any]] = answer["PipelineExecutionSummaries"]
    return found
