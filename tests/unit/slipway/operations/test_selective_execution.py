"""What a selective execution may select (developer guide, "Selective execution of pipeline steps")."""

from typing import Any

import pytest

from tests.support.pipeline_plane import PipelinePlane, callback_step, create, definition, start
from tests.support.registry import PREFIX, refused

# Process -> Train -> Evaluate -> Report, the last one by DependsOn; Audit stands alone.
STEPS = [
    callback_step("Process"),
    callback_step("Train", "Process"),
    callback_step("Evaluate", "Train"),
    callback_step("Report", None, "Evaluate"),
    callback_step("Audit"),
]


@pytest.fixture
def bank(sagemaker: Any, pipelines: PipelinePlane) -> Any:
    """The client, once there is a pipeline of STEPS."""
    create(sagemaker, PipelineDefinition=definition(*STEPS))
    return sagemaker


def selection(*names: str, source: str | None = None) -> dict[str, Any]:
    config: dict[str, Any] = {"SelectedSteps": [{"StepName": name} for name in names]}
    return config if source is None else {**config, "SourcePipelineExecutionArn": source}


def refusal(sagemaker: Any, config: dict[str, Any], name: str = "Bank") -> str:
    code, message = refused(
        sagemaker.start_pipeline_execution, PipelineName=name, SelectiveExecutionConfig=config
    )
    assert code == "ValidationException"
    return message


@pytest.fixture
def source(bank: Any, pipelines: PipelinePlane) -> str:
    """An execution whose first two steps have succeeded, and whose third has failed."""
    arn = start(bank)
    for name, status in (("Process", "Succeeded"), ("Train", "Succeeded"), ("Evaluate", "Failed")):
        pipelines.step(arn, name, status)
    pipelines.end(arn, "Failed")
    return arn


@pytest.mark.parametrize("status", ["Failed", "Stopped", "Succeeded"])
def test_steps_take_what_they_refer_to_from_an_execution_that_has_ended(
    bank: Any, pipelines: PipelinePlane, status: str
) -> None:
    # The SDK's SelectiveExecutionConfig: the reference's status "can be Stopped, Failed, or Succeeded".
    source = start(bank)
    pipelines.step(source, "Train", "Succeeded")
    pipelines.end(source, status)
    config = selection("Evaluate", source=source)

    arn = start(bank, SelectiveExecutionConfig=config)

    described = bank.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["SelectiveExecutionConfig"] == config


def test_steps_that_refer_to_nothing_outside_need_no_source(bank: Any) -> None:
    for names in (("Process",), ("Process", "Train"), ("Audit", "Process"), ("Report",)):
        start(bank, SelectiveExecutionConfig=selection(*names))


def test_steps_that_refer_to_others_need_a_source(bank: Any) -> None:
    # sagemaker-python-sdk, issue 4444.
    assert refusal(bank, selection("Train")) == (
        "Invalid SourcePipelineExecutionArn: null. The selected steps [Train] have dependencies on [Process]"
    )


def test_a_step_between_two_that_are_selected_is_selected_too(bank: Any, source: str) -> None:
    # The guide: "you cannot select just AbaloneTrain and AbaloneMSECond"; by DependsOn as by reference.
    assert "[Evaluate] between them" in refusal(bank, selection("Train", "Report", source=source))
    assert "[Evaluate, Train] between them" in refusal(bank, selection("Process", "Report", source=source))


def test_a_step_that_is_not_there_is_not_selected(bank: Any) -> None:
    assert refusal(bank, selection("Trian")).startswith("Invalid SelectedSteps: 'Trian' is no step")


def test_a_source_is_an_execution_of_the_same_pipeline_in_which_the_steps_succeeded(
    bank: Any, pipelines: PipelinePlane, source: str
) -> None:
    create(bank, "Other", PipelineDefinition=definition(*STEPS))
    running = start(bank)
    missing = f"{PREFIX}:pipeline/Bank/execution/000000000000"
    begins = f"Invalid SourcePipelineExecutionArn: {source}. "

    told = refusal(bank, selection("Train", source=source), "Other")
    assert told == f"{begins}It must be an execution of '{PREFIX}:pipeline/Other'."
    assert "Its status is Executing" in refusal(bank, selection("Train", source=running))
    assert "does not exist" in refusal(bank, selection("Train", source=missing))
    pipelines.end(source, "Failed")
    not_there = callback_step("Report", "Evaluate")
    bank.update_pipeline(PipelineName="Bank", PipelineDefinition=definition(*STEPS[:3], not_there))
    assert refusal(bank, selection("Report", source=source)) == (
        f"{begins}The selected steps have dependencies on [Evaluate], which did not succeed there."
    )
