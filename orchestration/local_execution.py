"""A pipeline execution under local mode: started, followed step by step, its outcome read."""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from orchestration.containers import JobContainer
from orchestration.execution import Execution, Step
from orchestration.local_mode import LocalMode
from orchestration.run_record import StepFigures

STEP_LOGGER = "sagemaker.mlops.local.pipeline_entities"


class Progress(Protocol):
    """Whoever wants to know how far an execution is."""

    def step_started(self, name: str) -> None:
        """A step begins."""

    def step_finished(self, name: str, execution_id: str) -> None:
        """A step succeeded."""

    def step_failed(self, name: str) -> None:
        """A step failed."""


class StepHandler(logging.Handler):
    """Turns local mode's log messages into progress; it reports in no other way."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self.progress = progress
        self.execution_id = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on what a message means; others are for the log file alone."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        if record.msg.startswith("Starting execution"):
            self.execution_id = str(arguments[1])
        elif record.msg.startswith("Starting pipeline step"):
            self.progress.step_started(str(arguments[0]))
        elif record.msg.startswith("Pipeline step") and "SUCCEEDED" in record.msg:
            # Local mode says so of a Fail step too, and then that it failed.
            self.progress.step_finished(str(arguments[0]), self.execution_id)
        elif record.msg.startswith("Pipeline step") and "FAILED" in record.msg:
            self.progress.step_failed(str(arguments[0]))


def run_pipeline(
    local: LocalMode, pipeline: Any, values: Mapping[str, str | int | float], progress: Progress
) -> Execution:
    """Run `pipeline` with `values` to its end, good or bad."""
    handler = StepHandler(progress)
    logger = logging.getLogger(STEP_LOGGER)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        local.session.create_pipeline(pipeline, pipeline.name)
        execution = local.session.start_pipeline_execution(
            PipelineName=pipeline.name, PipelineParameters=dict(values)
        )
    finally:
        logger.removeHandler(handler)
    reached = [step for step in execution.step_execution.values() if step.status is not None]
    return Execution(
        execution_id=execution.pipeline_execution_name,
        status=execution.status,
        steps=tuple(_step(step) for step in sorted(reached, key=lambda step: float(step.start_time))),
    )


def step_figures(steps: tuple[Step, ...], containers: list[JobContainer]) -> list[StepFigures]:
    """The steps with the times of their containers; both lists are in the order of time.

    Local mode gives a job one container and runs jobs one after another; a
    step that failed before its container was made is the last one.
    """
    remaining = iter(containers)
    figures = []
    for step in steps:
        container = next(remaining, None) if step.has_container else None
        figures.append(
            StepFigures(
                name=step.name,
                status=step.status,
                seconds=round(step.seconds, 3),
                container_seconds=round(container.seconds, 3) if container else None,
                work_seconds=container.work_seconds if container else None,
            )
        )
    return figures


def _step(step: Any) -> Step:
    ended = step.end_time or step.start_time
    return Step(
        name=step.name,
        step_type=step.type.value,
        status=step.status,
        seconds=ended - step.start_time,
        failure_reason=step.failure_reason,
        properties=step.properties,
    )
