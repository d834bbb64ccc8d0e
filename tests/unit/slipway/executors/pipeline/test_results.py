"""Steps whose work was done before: found by their key, or taken over by a selection."""

from slipway.resources.resource import Key, Resource

from tests.support.emulator_pipelines import condition, fail, get
from tests.support.pipeline_ticks import Ticking, processing


def cached(ticking: Ticking, first_age: float, expires: str = "PT1H") -> tuple[Key, Resource]:
    """The step of an execution, and that of another `first_age` seconds after it."""
    step = processing("A", CacheConfig={"Enabled": True, "ExpireAfter": expires})
    first = ticking.start(step)
    ticking.tick(first)
    ticking.end_job(first, "A")
    ticking.tick(first)
    ticking.clock.move(first_age)
    second = ticking.start_again(first.name.partition("/")[0])
    ticking.tick(second)
    return first, ticking.steps(second)["A"]


def test_a_result_is_taken_while_it_is_young(ticking: Ticking) -> None:
    first, young = cached(ticking, 3600)

    assert young.status == "Succeeded"
    assert young.document["CacheHitResult"] == {"SourcePipelineExecutionArn": first.arn}
    assert young.document["Metadata"] == ticking.steps(first)["A"].document["Metadata"]


def test_a_result_is_not_taken_when_it_is_old(ticking: Ticking) -> None:
    _, old = cached(ticking, 3601)

    assert old.status == "Executing"
    assert "CacheHitResult" not in old.document


def test_the_most_recent_result_is_the_one_that_is_taken(ticking: Ticking) -> None:
    first, _ = cached(ticking, 3601)
    pipeline = first.name.partition("/")[0]
    second = ticking.start_again(pipeline)
    ticking.tick(second)
    ticking.end_job(second, "A")
    ticking.tick(second)
    third = ticking.start_again(pipeline)

    assert ticking.tick(third) == "Succeeded"
    hit = ticking.steps(third)["A"].document["CacheHitResult"]
    assert hit == {"SourcePipelineExecutionArn": second.arn}


def test_neither_another_step_nor_another_pipeline_has_the_result(ticking: Ticking) -> None:
    cache = {"CacheConfig": {"Enabled": True}}
    steps = (processing("A", **cache), processing("B", "A", **cache))
    first = ticking.start(*steps)
    ticking.tick(first)
    ticking.end_job(first, "A")
    ticking.tick(first)
    elsewhere = ticking.start(*steps)
    ticking.tick(elsewhere)

    assert ticking.statuses(first) == {"A": "Succeeded", "B": "Executing"}
    assert ticking.statuses(elsewhere) == {"A": "Executing"}


def test_a_result_whose_job_was_deleted_is_none(ticking: Ticking) -> None:
    first, _ = cached(ticking, 0)
    name = ticking.row(ticking.job(first, "A")).document["ProcessingJobName"]
    ticking.client.delete_processing_job(ProcessingJobName=name)

    second = ticking.start_again(first.name.partition("/")[0])
    ticking.tick(second)

    assert ticking.statuses(second) == {"A": "Executing"}


def test_a_selection_runs_its_steps_alone(ticking: Ticking) -> None:
    made = get("Steps.Make.ProcessingJobStatus")
    steps = (
        processing("Make"),
        processing("Use", "First", environment={"MADE": made}),
        processing("First"),
        condition("After", get("Steps.Use.ProcessingJobStatus"), "Completed", [], [fail("Never")]),
    )
    source = ticking.start(*steps)
    ticking.tick(source)
    for name in ("Make", "First", "Use"):
        ticking.end_job(source, name)
        ticking.tick(source)
    assert ticking.row(source).status == "Succeeded"

    config = {"SourcePipelineExecutionArn": source.arn, "SelectedSteps": [{"StepName": "Use"}]}
    selective = ticking.start_again(source.name.partition("/")[0], SelectiveExecutionConfig=config)
    ticking.tick(selective)
    ticking.end_job(selective, "Use")

    assert ticking.tick(selective) == "Succeeded"
    assert ticking.statuses(selective) == {"Make": "Succeeded", "Use": "Succeeded"}
    taken = ticking.steps(selective)["Make"].document
    assert taken["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": source.arn}
    assert ticking.row(ticking.job(selective, "Use")).document["Environment"] == {"MADE": "Completed"}
