"""Ticks: what each does to an execution and its steps, whatever came before it."""

import pytest
from slipway.resources.document import Document

from tests.support.emulator_pipelines import condition
from tests.support.pipeline_ticks import ROLE, DeadError, Ticking, processing

MODEL = {
    "Name": "Step",
    "Type": "Model",
    "Arguments": {"PrimaryContainer": {"Image": "image"}, "ExecutionRoleArn": ROLE},
}
REGISTER = {
    "Name": "Step",
    "Type": "RegisterModel",
    "Arguments": {
        "ModelPackageGroupName": "models",
        "InferenceSpecification": {
            "Containers": [{"Image": "image"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    },
}


def test_a_tick_begins_what_can_begin_and_goes_through_what_needs_no_waiting(ticking: Ticking) -> None:
    decided = condition("Decide", 2, 1, [processing("Yes")], [processing("No")])
    execution = ticking.start(decided, processing("Beside"), processing("Later", "Yes"))

    status = ticking.tick(execution)

    assert status == "Executing"
    assert ticking.statuses(execution) == {"Decide": "Succeeded", "Beside": "Executing", "Yes": "Executing"}


def test_a_tick_without_news_changes_nothing(ticking: Ticking) -> None:
    execution = ticking.start(processing("A"), processing("B", "A"))
    ticking.tick(execution)
    before = (ticking.row(execution), ticking.steps(execution))

    ticking.tick(execution)

    assert (ticking.row(execution), ticking.steps(execution)) == before
    assert ticking.calls.count("CreateProcessingJob") == 1


def test_the_end_of_a_job_wakes_its_execution(ticking: Ticking) -> None:
    execution = ticking.start(processing("A"), processing("B", "A"))
    ticking.tick(execution)

    ticking.end_job(execution, "A")
    ticking.tick_when_woken(execution)
    ticking.end_job(execution, "B")

    assert ticking.tick_when_woken(execution) == "Succeeded"
    assert ticking.statuses(execution) == {"A": "Succeeded", "B": "Succeeded"}


def test_after_a_restart_jobs_are_still_waited_for(ticking: Ticking) -> None:
    execution = ticking.start(processing("A"))
    ticking.tick(execution)

    ticking.restart()
    ticking.tick(execution)
    ticking.end_job(execution, "A")

    assert ticking.tick_when_woken(execution) == "Succeeded"


@pytest.mark.parametrize(
    ("call", "step", "listed"),
    [
        ("CreateProcessingJob", processing("Step"), "list_processing_jobs"),
        ("CreateModel", MODEL, "list_models"),
        ("CreateModelPackage", REGISTER, "list_model_packages"),
    ],
)
def test_what_a_process_made_that_died_of_it_is_not_made_again(
    ticking: Ticking, call: str, step: Document, listed: str
) -> None:
    execution = ticking.start(step)
    ticking.dies_after = call
    with pytest.raises(DeadError):
        ticking.tick(execution)

    ticking.restart()
    ticking.tick(execution)

    narrowing = {"ModelPackageGroupName": "models"} if call == "CreateModelPackage" else {}
    (made,) = next(value for value in getattr(ticking.client, listed)(**narrowing).values() if value)
    (arn,) = ticking.steps(execution)["Step"].document["Metadata"].values()
    assert arn["Arn"] in made.values()


@pytest.mark.parametrize("limit", [1, 2])
def test_no_more_steps_are_at_work_than_may_be(ticking: Ticking, limit: int) -> None:
    members: Document = {"ParallelismConfiguration": {"MaxParallelExecutionSteps": limit}}
    execution = ticking.start(*(processing(name) for name in "ABC"), **members)

    ticking.tick(execution)
    at_first = len(ticking.statuses(execution))
    ticking.end_job(execution, "A")
    ticking.tick(execution)

    assert at_first == limit
    assert len(ticking.statuses(execution)) == limit + 1


def test_a_control_plane_that_was_emptied_meanwhile_is_no_error(ticking: Ticking) -> None:
    execution = ticking.start(processing("A"))
    ticking.tick(execution)
    ticking.store.reset()

    ticking.executor.carry_out(execution)
    ticking.executor.fail(execution, "anything")

    assert ticking.store.get(execution) is None


def test_an_error_of_ours_ends_the_execution_and_its_steps(ticking: Ticking) -> None:
    execution = ticking.start(processing("A"), condition("B", 1, 1))
    ticking.tick(execution)

    ticking.executor.fail(execution, "InternalServerError: a bug")

    assert ticking.row(execution).document["FailureReason"] == "InternalServerError: a bug"
    assert ticking.statuses(execution) == {"A": "Failed", "B": "Succeeded"}
