import logging

from orchestration.execution import Execution, Step, StepHandler


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


def test_the_failed_step_is_found() -> None:
    steps = (
        Step("preprocess", "Processing", "Succeeded", 1.0, None, {}),
        Step("train", "Training", "Failed", 1.0, "no", {}),
    )
    execution = Execution("ABC", "Failed", steps)

    assert execution.failed_step == steps[1]
    assert execution.step("preprocess").has_container
    assert not execution.succeeded
