"""Pipelines really run: their jobs, their decisions, and what is told of them."""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.support.emulator import Emulator
from tests.support.emulator_jobs import ROLE, Jobs
from tests.support.emulator_pipelines import WAITS, Document, Pipelines, condition, fail, get, join, token
from tests.support.output_shapes import complaints

REPORT = "/opt/ml/processing/report"
# Leaves an object, and waits for another.
MEET = """
import sys, time
from urllib.error import HTTPError
from urllib.request import Request, urlopen
place, own, other = sys.argv[1:]
urlopen(Request(place + own, data=b"here", method="PUT"))
while True:
    try:
        urlopen(place + other)
        break
    except HTTPError:
        time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def pipelines(emulator: Emulator, preprocess_image: str) -> Pipelines:
    """Pipelines of the session's own emulator."""
    return Pipelines(Jobs(emulator, preprocess_image))


@pytest.mark.parametrize(
    ("auc", "outcome", "status"), [("0.9", "True", "Succeeded"), ("0.7", "False", "Failed")]
)
def test_a_condition_reads_what_a_job_has_written(
    pipelines: Pipelines, auc: str, outcome: str, status: str
) -> None:
    files = [{"PropertyFileName": "metrics", "OutputName": "report", "FilePath": "deep/metrics.json"}]
    evaluate = pipelines.processing(
        "Evaluate",
        join(
            f"cd {REPORT}; mkdir deep; echo '",
            '{"m": {"auc": ',
            get("Parameters.Auc"),
            "}}' > deep/metrics.json",
        ),
        outputs={"report": "reports"},
        PropertyFiles=files,
    )
    measured = {"Std:JsonGet": {"PropertyFile": get("Steps.Evaluate.PropertyFiles.metrics"), "Path": "m.auc"}}
    accepted = pipelines.processing("Accepted", "true")
    refused = fail("Refused", join("auc is below", get("Parameters.Least"), on=" "))
    parameters: list[Document] = [
        {"Name": "Auc", "Type": "String"},
        {"Name": "Least", "Type": "Float", "DefaultValue": 0.8},
    ]
    pipeline = pipelines.create(
        evaluate,
        condition("IsGood", measured, get("Parameters.Least"), [accepted], [refused]),
        parameters=parameters,
    )

    execution = pipelines.start(pipeline, {"Auc": auc})

    assert execution.ended() == status
    steps = execution.steps()
    branch = "Accepted" if outcome == "True" else "Refused"
    assert list(steps) == ["Evaluate", "IsGood", branch]
    assert steps["IsGood"]["Metadata"] == {"Condition": {"Outcome": outcome}}
    assert steps[branch].get("FailureReason") == (None if outcome == "True" else "auc is below 0.8")
    assert complaints("sagemaker", "DescribePipelineExecution", execution.describe()) == []


def test_steps_run_at_once_unless_one_needs_the_other(pipelines: Pipelines) -> None:
    # Each of the two waits for the other's object: neither could end alone.
    pipelines.jobs.put({"meeting/code/meet.py": MEET})
    code = {"ProcessingInputs": [pipelines.jobs.processing_input("code", "meeting/code/")]}
    place = f"$AWS_ENDPOINT_URL/{pipelines.emulator.bucket}/meeting/"
    left, right = (
        pipelines.processing(
            own, f"python3 /opt/ml/processing/code/meet.py {place} {own} {other}", arguments=code
        )
        for own, other in (("Left", "Right"), ("Right", "Left"))
    )
    last = pipelines.processing("Last", "true", "Left", "Right")

    execution = pipelines.run(last, left, right)

    steps = execution.succeeded()
    assert steps["Last"]["StartTime"] >= max(steps[name]["EndTime"] for name in ("Left", "Right"))


def test_no_more_steps_run_at_once_than_the_pipeline_allows(pipelines: Pipelines) -> None:
    steps = [pipelines.processing(f"Step{number}", "true") for number in range(3)]

    execution = pipelines.run(*steps, ParallelismConfiguration={"MaxParallelExecutionSteps": 1})

    assert execution.status == "Succeeded"
    ran = sorted((step["StartTime"], step["EndTime"]) for step in execution.steps().values())
    assert [begin >= end for (_, end), (begin, _) in itertools.pairwise(ran)] == [True, True]


def test_a_model_is_trained_and_registered_in_a_group_that_nobody_made(pipelines: Pipelines) -> None:
    group = f"group-{uuid4().hex[:8]}"
    train = pipelines.training("Train", "echo weights > /opt/ml/model/w; echo auc=0.75")
    train["Arguments"]["AlgorithmSpecification"]["MetricDefinitions"] = [
        {"Name": "auc", "Regex": "auc=([0-9.]+)"}
    ]
    artifact = get("Steps.Train.ModelArtifacts.S3ModelArtifacts")
    measured = get("Steps.Train.FinalMetricDataList['auc'].Value")
    model = pipelines.model("Model", artifact)
    register = pipelines.register("Register", group, artifact)

    execution = pipelines.run(train, condition("IsGood", measured, 0.75, [register, model]))

    steps = execution.succeeded()
    (version,) = pipelines.sagemaker.list_model_packages(ModelPackageGroupName=group)[
        "ModelPackageSummaryList"
    ]
    assert steps["Register"]["Metadata"] == {"RegisterModel": {"Arn": version["ModelPackageArn"]}}
    described = pipelines.sagemaker.describe_model_package(ModelPackageName=version["ModelPackageArn"])
    (container,) = described["InferenceSpecification"]["Containers"]
    trained = pipelines.sagemaker.describe_training_job(TrainingJobName=execution.job("Train"))
    assert container["ModelDataUrl"] == trained["ModelArtifacts"]["S3ModelArtifacts"]
    name = steps["Model"]["Metadata"]["Model"]["Arn"].rpartition("/")[2]
    made = pipelines.sagemaker.describe_model(ModelName=name)
    assert made["PrimaryContainer"]["ModelDataUrl"] == container["ModelDataUrl"]
    tags = pipelines.sagemaker.list_tags(ResourceArn=trained["TrainingJobArn"])["Tags"]
    assert {"Key": "sagemaker:pipeline-execution-arn", "Value": execution.arn} in tags


def test_jobs_are_named_after_execution_and_step_and_work_in_the_pipelines_role(pipelines: Pipelines) -> None:
    step = "A_step-whose-name-is-as-long-as-any-can-be-0123456789-0123456789"
    arguments = {"Environment": {"WHERE": get("Execution.PipelineExecutionId")}}

    execution = pipelines.run(pipelines.processing(step, "test -n $WHERE", arguments=arguments))

    assert execution.status == "Succeeded"
    identity = execution.arn.rpartition("/")[2]
    described = pipelines.sagemaker.describe_processing_job(ProcessingJobName=execution.job(step))
    # Contracts, 6.2; names of jobs have at most 63 characters and no underscore.
    assert re.fullmatch(
        rf"pipelines-{identity}-A-step-whose-name-[a-z-]*-[A-Za-z0-9]{{10}}", described["ProcessingJobName"]
    )
    assert described["Environment"] == {"WHERE": identity}
    assert described["RoleArn"] == ROLE


def test_what_began_before_a_failure_ends_and_nothing_new_begins(pipelines: Pipelines) -> None:
    slow = pipelines.processing("Slow", WAITS)
    broken = pipelines.processing("Broken", "echo -n no such luck > /opt/ml/output/message; exit 3")
    never = pipelines.processing("Never", "true", "Slow")

    execution = pipelines.start(pipelines.create(slow, broken, never))
    steps = {"Broken": execution.step_in("Broken", "Failed")}
    execution.let_go("Slow")

    assert execution.ended() == "Failed"
    assert execution.statuses() == {"Slow": "Succeeded", "Broken": "Failed"}
    # The SDK's integration tests (test_step_decorator) have the job's reason so.
    assert steps["Broken"]["FailureReason"] == "ClientError: AlgorithmError: no such luck, exit code: 3"
    assert execution.describe()["FailureReason"] == "Step failure: One or multiple steps failed."


def test_a_property_file_that_is_not_there_fails_the_step_that_reads_it(pipelines: Pipelines) -> None:
    files = [{"PropertyFileName": "metrics", "OutputName": "report", "FilePath": "none.json"}]
    step = pipelines.processing("Evaluate", "true", outputs={"report": "nothing"}, PropertyFiles=files)
    measured = {"Std:JsonGet": {"PropertyFile": get("Steps.Evaluate.PropertyFiles.metrics"), "Path": "a"}}

    execution = pipelines.run(step, condition("Read", measured, 1))

    assert execution.statuses() == {"Evaluate": "Succeeded", "Read": "Failed"}
    assert f"{pipelines.jobs.uri('nothing')}/none.json" in execution.steps()["Read"]["FailureReason"]


def test_the_same_token_starts_one_execution(pipelines: Pipelines) -> None:
    pipeline, same = pipelines.create(condition("Always", 1, 1)), token()

    first, second = (pipelines.start(pipeline, ClientRequestToken=same) for _ in range(2))

    assert first.ended() == "Succeeded"
    assert first.arn == second.arn
    listed = pipelines.sagemaker.list_pipeline_executions(PipelineName=pipeline)
    assert len(listed["PipelineExecutionSummaries"]) == 1


def test_two_hundred_executions_at_once_all_end_as_they_should(pipelines: Pipelines) -> None:
    parameters = [{"Name": "Number", "Type": "Integer"}]
    pipeline = pipelines.create(
        condition("IsGreat", get("Parameters.Number"), 100, [], [fail("Small", get("Parameters.Number"))]),
        parameters=parameters,
    )

    with ThreadPoolExecutor(8) as threads:
        started = list(
            threads.map(lambda number: pipelines.start(pipeline, {"Number": str(number)}), range(200))
        )
        statuses = list(threads.map(lambda execution: execution.ended(), started))
        reasons = [execution.steps()["Small"]["FailureReason"] for execution in started[:100]]

    assert statuses == ["Failed"] * 100 + ["Succeeded"] * 100
    assert reasons == [str(number) for number in range(100)]


def test_a_definition_that_is_not_in_s3_is_named(emulator: Emulator) -> None:
    location = {"Bucket": emulator.bucket, "ObjectKey": "definitions/none.json"}

    with pytest.raises(ClientError) as refused:
        emulator.client("sagemaker").create_pipeline(
            PipelineName=f"none-{uuid4().hex[:8]}", RoleArn=ROLE, PipelineDefinitionS3Location=location
        )

    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert f"s3://{emulator.bucket}/definitions/none.json cannot be read" in str(refused.value)
