"""Executions as they are followed, against the control plane's operations; their steps are made by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestration.errors import PipelineError
from orchestration.execution import Step
from orchestration.pipeline_execution import Pipeline, PipelineExecution
from tests.support.account import account
from tests.support.control_plane import ControlPlane
from tests.support.pipeline_plane import PipelinePlane, definition

DATA = [{"Name": "DataKey", "Type": "String"}, {"Name": "Rounds", "Type": "Integer", "DefaultValue": 4}]


@dataclass
class Seen:
    """A Progress that remembers."""

    running: list[tuple[str, ...]] = field(default_factory=list)
    ended: list[Step] = field(default_factory=list)

    def steps_running(self, names: Sequence[str]) -> None:
        self.running.append(tuple(names))

    def step_ended(self, step: Step) -> None:
        self.ended.append(step)


@pytest.fixture
def pipelines(tmp_path: Path) -> PipelinePlane:
    return PipelinePlane(ControlPlane(tmp_path))


@pytest.fixture
def pipeline(pipelines: PipelinePlane) -> Pipeline:
    return Pipeline(account(pipelines.plane.client()), "slipway-bank-training")


def started(pipeline: Pipeline, *acts: Callable[[str], object]) -> PipelineExecution:
    """An execution to which one of `acts` happens at each time that somebody waits for it."""
    pipeline.upsert(definition(parameters=DATA))
    execution = pipeline.start({"DataKey": "rows.csv"}, "make-run-1")
    remaining = iter(acts)

    def wait(_seconds: float) -> None:
        next(remaining)(execution.arn)

    return PipelineExecution(execution.aws, execution.arn, wait)


def test_a_pipeline_is_created_and_then_updated(pipeline: Pipeline) -> None:
    sagemaker = pipeline.aws.sagemaker
    arn = pipeline.upsert(definition())
    assert sagemaker.describe_pipeline(PipelineName=pipeline.name)["PipelineArn"] == arn

    assert pipeline.upsert(definition(parameters=DATA)) == arn

    assert '"Rounds"' in sagemaker.describe_pipeline(PipelineName=pipeline.name)["PipelineDefinition"]


def test_a_definition_that_is_refused_says_why(pipeline: Pipeline) -> None:
    with pytest.raises(PipelineError, match=r"slipway-bank-training is refused: .*ValidationException"):
        pipeline.upsert("no JSON")


def test_an_execution_has_the_values_that_it_was_started_with(pipeline: Pipeline) -> None:
    execution = started(pipeline)

    listed = pipeline.aws.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=execution.arn)
    assert {item["Name"]: item["Value"] for item in listed["PipelineParameters"]} == {
        "DataKey": "rows.csv",
        "Rounds": "4",
    }
    described = pipeline.aws.sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution.arn)
    assert described["PipelineExecutionDisplayName"] == "make-run-1"


def test_each_step_is_told_of_once_and_when_it_has_ended(
    pipelines: PipelinePlane, pipeline: Pipeline
) -> None:
    clock = pipelines.plane.clock
    job = {"ProcessingJob": {"Arn": "arn:aws:sagemaker:eu-west-1:123456789012:processing-job/one"}}

    def end_preprocess(arn: str) -> None:
        clock.move(2)
        ended = {"StepStatus": "Succeeded", "EndTime": clock.now(), "Metadata": job}
        pipelines.plane.store.transition(
            preprocess[0], lambda step: step.with_document(ended).in_status("Succeeded")
        )
        pipelines.step(arn, "train", "Executing")

    preprocess = []
    execution = started(
        pipeline,
        lambda arn: preprocess.append(pipelines.step(arn, "preprocess", "Executing")),
        end_preprocess,
        lambda _: None,
        lambda arn: pipelines.end(arn, "Succeeded"),
    )
    seen = Seen()

    ended = execution.follow(seen)

    assert seen.running == [("preprocess",), ("train",)]
    assert seen.ended == [Step("preprocess", "Processing", "Succeeded", 2.0, None, job)]
    assert ended.succeeded
    assert ended.execution_id == execution.arn[-12:]


def test_a_step_that_failed_brings_its_reason(pipelines: PipelinePlane, pipeline: Pipeline) -> None:
    def fail(arn: str) -> None:
        now = pipelines.plane.clock.now()
        pipelines.step(arn, "train", "Failed", FailureReason="eta is no number", EndTime=now)
        pipelines.end(arn, "Failed")

    ended = started(pipeline, fail).follow(Seen())

    assert not ended.succeeded
    assert ended.failed_step is not None
    assert ended.failed_step.failure_reason == "eta is no number"


def test_a_step_of_an_earlier_execution_is_known_as_cached(
    pipelines: PipelinePlane, pipeline: Pipeline
) -> None:
    def cached(arn: str) -> None:
        hit = {"SourcePipelineExecutionArn": arn}
        pipelines.step(arn, "train", "Succeeded", CacheHitResult=hit, EndTime=pipelines.plane.clock.now())
        pipelines.end(arn, "Succeeded")

    ended = started(pipeline, cached).follow(Seen())

    assert ended.step("train").is_cached


def test_stopping_waits_until_it_has_stopped(pipelines: PipelinePlane, pipeline: Pipeline) -> None:
    execution = started(pipeline, lambda _: None, lambda arn: pipelines.end(arn, "Stopped"))

    assert execution.stop() == "Stopped"


def test_stopping_what_has_just_ended_says_how_it_ended(pipelines: PipelinePlane, pipeline: Pipeline) -> None:
    execution = started(pipeline)
    pipelines.end(execution.arn, "Succeeded")

    assert execution.stop() == "Succeeded"
