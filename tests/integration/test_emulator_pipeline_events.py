"""What a rule on LocalStack hears of pipelines that really run, and of whatever ends."""

import json

import pytest

from tests.support.emulator import Emulator
from tests.support.emulator_jobs import Jobs
from tests.support.emulator_pipelines import Execution, Pipelines, fail
from tests.support.event_listener import Event, Listener

STATUS = "SageMaker Model Building Pipeline Execution Status Change"
STEP_STATUS = "SageMaker Model Building Pipeline Execution Step Status Change"
RUN_ENDED = "Slipway Run Ended"


@pytest.fixture(scope="module")
def pipelines(emulator: Emulator, preprocess_image: str) -> Pipelines:
    """Pipelines of the session's own emulator."""
    return Pipelines(Jobs(emulator, preprocess_image))


@pytest.fixture
def listener(emulator: Emulator) -> Listener:
    """What hears of executions, of steps, and of whatever ends."""
    return Listener(
        emulator,
        {"source": ["aws.sagemaker", "slipway"], "detail-type": [STATUS, STEP_STATUS, RUN_ENDED]},
    )


def heard_of(listener: Listener, execution: Execution, count: int) -> list[Event]:
    """Every event of an execution and of its jobs, whose names hold its id, once there are `count`."""
    identity = execution.arn.rpartition("/")[2]
    return listener.listen(count, lambda event: identity in json.dumps(event["detail"]))


def in_short(event: Event) -> tuple[str, ...]:
    """What it is of, what was before, and what is now."""
    detail = event["detail"]
    if event["detail-type"] == RUN_ENDED:
        return ("run", detail["kind"], detail["status"])
    if event["detail-type"] == STATUS:
        before = detail.get("previousPipelineExecutionStatus", "")
        return ("execution", before, detail["currentPipelineExecutionStatus"])
    return ("step", detail.get("previousStepStatus", ""), detail["currentStepStatus"])


WHOLE_RUN: list[tuple[str, ...]] = [
    ("execution", "", "Executing"),
    ("step", "", "Starting"),
    ("step", "Starting", "Executing"),
    ("run", "processing-job", "Completed"),
    ("step", "Executing", "Succeeded"),
    ("execution", "Executing", "Succeeded"),
    ("run", "pipeline-execution", "Succeeded"),
]

REFUSED_RUN: list[tuple[str, ...]] = [
    ("execution", "", "Executing"),
    ("step", "", "Starting"),
    ("step", "Starting", "Failed"),
    ("execution", "Executing", "Failed"),
    ("run", "pipeline-execution", "Failed"),
]


def test_a_run_is_told_from_its_beginning_to_its_end_each_change_once(
    pipelines: Pipelines, listener: Listener
) -> None:
    execution = pipelines.run(pipelines.processing("Prepare", "true"))

    heard = heard_of(listener, execution, len(WHOLE_RUN))

    assert sorted(in_short(event) for event in heard) == sorted(WHOLE_RUN)
    heard.sort(key=lambda event: WHOLE_RUN.index(in_short(event)))
    times = [event["time"] for event in heard]
    assert times == sorted(times)
    pipeline_arn = execution.describe()["PipelineArn"]
    job_arn = execution.steps()["Prepare"]["Metadata"]["ProcessingJob"]["Arn"]
    *_, job, step, ended, run = heard
    # The developer guide's members ("Events that Amazon SageMaker AI sends to Amazon EventBridge").
    assert step["resources"] == ended["resources"] == [pipeline_arn, execution.arn]
    assert step["detail"].keys() == {
        *("metadata", "stepStartTime", "stepEndTime", "stepName", "stepType"),
        *("previousStepStatus", "currentStepStatus", "pipelineArn", "pipelineExecutionArn"),
    }
    assert (step["detail"]["stepName"], step["detail"]["stepType"]) == ("Prepare", "Processing")
    assert step["detail"]["metadata"] == {"processingJob": {"arn": job_arn}}
    assert ended["detail"].keys() == {
        *("pipelineExecutionDisplayName", "currentPipelineExecutionStatus"),
        *("previousPipelineExecutionStatus", "executionStartTime", "executionEndTime"),
        *("pipelineArn", "pipelineExecutionArn"),
    }
    assert (job["resources"], run["resources"]) == ([job_arn], [execution.arn])
    assert job["detail"].keys() == {"kind", "name", "arn", "status", "startTime", "endTime"}


def test_a_failure_is_told_with_its_reason(pipelines: Pipelines, listener: Listener) -> None:
    execution = pipelines.run(fail("Refuse", "the rows are broken"))

    heard = heard_of(listener, execution, len(REFUSED_RUN))

    assert sorted(in_short(event) for event in heard) == sorted(REFUSED_RUN)
    details = {in_short(event): event["detail"] for event in heard}
    step, run = details["step", "Starting", "Failed"], details["run", "pipeline-execution", "Failed"]
    assert (step["stepType"], step["failureReason"]) == ("Fail", "the rows are broken")
    assert run["failureReason"] == execution.describe()["FailureReason"]


def test_a_training_job_that_nobody_ran_in_a_pipeline_ends_in_the_same_words(
    pipelines: Pipelines, listener: Listener
) -> None:
    jobs = pipelines.jobs
    name = jobs.train("exit 3")

    (event,) = listener.listen(1, lambda event: event["detail"].get("name") == name)

    described = jobs.ended(name)
    assert (event["source"], event["detail-type"]) == ("slipway", RUN_ENDED)
    assert event["detail"]["kind"] == "training-job"
    assert event["detail"]["status"] == "Failed"
    assert event["detail"]["arn"] == described["TrainingJobArn"]
    assert event["detail"]["failureReason"] == described["FailureReason"]
