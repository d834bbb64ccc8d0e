import logging

from orchestration.containers import JobContainer
from orchestration.execution import Step
from orchestration.local_execution import StepHandler, step_figures
from orchestration.run_record import StepFigures


class Seen:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, ...]] = []

    def step_started(self, name: str) -> None:
        self.events.append(("started", name))

    def step_finished(self, name: str, execution_id: str) -> None:
        self.events.append(("finished", name, execution_id))

    def step_failed(self, name: str) -> None:
        self.events.append(("failed", name))


def emit(handler: StepHandler, message: str, *arguments: str) -> None:
    handler.emit(logging.LogRecord("x", logging.INFO, "", 0, message, arguments, None))


def test_local_modes_messages_become_progress() -> None:
    # The messages of sagemaker.mlops.local.pipeline_entities 1.27, word for word.
    seen = Seen()
    handler = StepHandler(seen)

    emit(handler, "Starting execution for pipeline %s. Execution ID is %s", "bank", "ABC")
    emit(handler, "Starting pipeline step: '%s'", "preprocess")
    emit(handler, "Pipeline step '%s' SUCCEEDED.", "preprocess")
    emit(handler, "Starting pipeline step: '%s'", "train")
    emit(handler, "Pipeline step '%s' FAILED. Failure message is: %s", "train", "no")
    emit(handler, "Pipeline execution %s FAILED because step '%s' failed.", "ABC", "train")

    assert seen.events == [
        ("started", "preprocess"),
        ("finished", "preprocess", "ABC"),
        ("started", "train"),
        ("failed", "train"),
    ]


def step(name: str, step_type: str, status: str = "Succeeded") -> Step:
    return Step(name, step_type, status, 2.0, None, {})


def container(seconds: float, work: float) -> JobContainer:
    return JobContainer("abc", 0, seconds, False, f"job.finished kind=training seconds={work}\n")


def test_containers_belong_to_the_job_steps_in_their_order() -> None:
    steps = (step("preprocess", "Processing"), step("gate", "Condition"), step("train", "Training"))

    figures = step_figures(steps, [container(1.5, 1.0), container(1.75, 1.25)])

    assert figures == [
        StepFigures("preprocess", "Succeeded", 2.0, 1.5, 1.0),
        StepFigures("gate", "Succeeded", 2.0, None, None),
        StepFigures("train", "Succeeded", 2.0, 1.75, 1.25),
    ]


def test_a_step_that_failed_before_its_container_has_none() -> None:
    figures = step_figures((step("preprocess", "Processing", "Failed"),), [])

    assert figures[0].container_seconds is None
