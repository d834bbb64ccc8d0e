"""Ticks: what each does to an execution and its steps, whatever came before it."""

import pytest
from slipway.executors.pipeline.job_watch import JobWatch
from slipway.resources.document import Document
from slipway.resources.resource import Key, Kind, Resource

from tests.support.emulator_pipelines import condition
from tests.support.pipeline_ticks import ROLE, DeadError, Ticking, processing

MODEL: Document = {
    "Name": "Step",
    "Type": "Model",
    "Arguments": {"PrimaryContainer": {"Image": "image"}, "ExecutionRoleArn": ROLE},
}
REGISTER: Document = {
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


def test_every_execution_registers_a_version_of_its_own_in_a_group_with_the_steps_tags(
    ticking: Ticking,
) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    first = ticking.start(REGISTER | {"Arguments": REGISTER["Arguments"] | {"Tags": tags}})
    ticking.tick(first)
    ticking.tick(ticking.start_again(first.name.partition("/")[0]))

    versions = ticking.client.list_model_packages(ModelPackageGroupName="models")["ModelPackageSummaryList"]
    group = ticking.client.describe_model_package_group(ModelPackageGroupName="models")
    assert len(versions) == 2
    assert ticking.store.tags(group["ModelPackageGroupArn"]) == tags


def test_a_step_that_names_no_group_registers_a_package_that_has_the_steps_name(ticking: Ticking) -> None:
    arguments = {
        name: value for name, value in REGISTER["Arguments"].items() if name != "ModelPackageGroupName"
    }
    execution = ticking.start(REGISTER | {"Arguments": arguments})

    assert ticking.tick(execution) == "Succeeded"

    [package] = ticking.client.list_model_packages()["ModelPackageSummaryList"]
    identity = execution.name.rpartition("/")[2]
    # sagemaker-python-sdk, test_model_steps.py: the step's name is in the package's.
    assert package["ModelPackageName"].startswith(f"pipelines-{identity}-Step-")


def test_a_step_begins_after_the_end_of_what_it_waited_for_in_stamps_of_milliseconds(
    ticking: Ticking,
) -> None:
    execution = ticking.start(condition("A", 1, 1), condition("B", 1, 1) | {"DependsOn": ["A"]})
    ticking.tick(execution)

    listed = ticking.client.list_pipeline_execution_steps(PipelineExecutionArn=execution.arn)
    last, first = listed["PipelineExecutionSteps"]
    assert first["EndTime"] < last["StartTime"] <= last["EndTime"]


def test_a_job_has_the_executions_tag_and_no_experiment(ticking: Ticking) -> None:
    step = processing("A")
    step["Arguments"] |= {
        "Tags": [{"Key": "team", "Value": "a"}],
        "ExperimentConfig": {"ExperimentName": "e"},
    }
    execution = ticking.start(step)
    ticking.tick(execution)

    job = ticking.row(ticking.job(execution, "A"))
    assert "ExperimentConfig" not in job.document
    assert ticking.store.tags(job.arn) == [
        {"Key": "team", "Value": "a"},
        {"Key": "sagemaker:pipeline-execution-arn", "Value": execution.arn},
    ]


def test_an_execution_that_is_told_to_stop_as_it_ends_has_stopped(ticking: Ticking) -> None:
    execution = ticking.start(condition("Always", 1, 1))

    def stop(resource: Resource) -> None:
        if resource.key.kind is Kind.PIPELINE_STEP and resource.status == "Succeeded":
            ticking.client.stop_pipeline_execution(PipelineExecutionArn=execution.arn)

    ticking.store.subscribe(stop)

    assert ticking.tick(execution) == "Stopped"


def test_only_the_end_of_a_job_wakes_who_waits_for_it(ticking: Ticking) -> None:
    execution = ticking.start(processing("A"))
    ticking.tick(execution)
    job, woken = ticking.row(ticking.job(execution, "A")), list[Key]()
    watch = JobWatch(woken.append)
    watch.add(job.key, execution)

    for status in ("InProgress", "Stopping", "Stopped"):
        watch.on_change(job.in_status(status))
    watch.discard(job.key)
    watch.on_change(job.in_status("Stopped"))

    assert woken == [execution]
