"""Training jobs as a client of AWS sees them; nobody carries them out here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from slipway.operations.training_jobs import TrainingJobs
from slipway.protocol.dispatch import Operation
from slipway.resources.resource import Key, Kind, Owner
from slipway.resources.training_job import ended
from slipway.store.store import Store

from tests.support.control_plane import ACCOUNT, REGION, ControlPlane, MovableClock
from tests.support.output_shapes import complaints

ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job"
S3_SOURCE = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train/"}


def channel(name: str = "train", source: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": S3_SOURCE | (source or {})}, **members}


def request(name: str = "job", **members: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
        "InputDataConfig": [channel()],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **members,
    }


class Plane(ControlPlane):
    """A control plane with training jobs; `submitted` is who was to be looked at."""

    def __init__(self, folder: Path) -> None:
        self.submitted: list[Key] = []
        self.time = MovableClock()
        super().__init__(folder, self._jobs)

    def _jobs(self, store: Store) -> Mapping[tuple[str, str], Operation]:
        return TrainingJobs(store, self.time, self.submitted.append).operations

    def end(self, name: str, status: str = "Completed") -> None:
        self.store.transition(key(name), lambda job: ended(job, status, status, self.time.now()))

    def begin(self, name: str) -> None:
        self.store.transition(key(name), lambda job: job.with_internal({"begun": self.time.now()}))


def key(name: str) -> Key:
    return Key(Owner(ACCOUNT, REGION), Kind.TRAINING_JOB, name)


@pytest.fixture
def plane(tmp_path: Path) -> Plane:
    return Plane(tmp_path)


@pytest.fixture
def sagemaker(plane: Plane) -> Any:
    return plane.client()


def refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_job_is_accepted_with_its_tags_and_submitted(sagemaker: Any, plane: Plane) -> None:
    tags = [{"Key": "team", "Value": "a"}]

    answer = sagemaker.create_training_job(**request(Tags=tags))

    assert answer["TrainingJobArn"] == f"{ARN}/job"
    assert plane.submitted == [key("job")]
    assert sagemaker.list_tags(ResourceArn=answer["TrainingJobArn"])["Tags"] == tags


def test_a_finished_job_is_described_as_the_model_promises(sagemaker: Any, plane: Plane) -> None:
    sagemaker.create_training_job(**request())
    plane.end("job")
    artifacts = {"S3ModelArtifacts": "s3://bucket/out/job/output/model.tar.gz"}
    plane.store.transition(key("job"), lambda job: job.with_document({"ModelArtifacts": artifacts}))

    described = sagemaker.describe_training_job(TrainingJobName="job")

    assert complaints("sagemaker", "DescribeTrainingJob", described) == []
    assert described["TrainingJobStatus"] == "Completed"


def test_a_name_is_taken_once(sagemaker: Any, plane: Plane) -> None:
    sagemaker.create_training_job(**request())

    # The text of amazon-sagemaker-examples pull request 3108.
    assert refusal(sagemaker.create_training_job, **request()) == (
        "ResourceInUse",
        "Training job names must be unique within an AWS account and region, "
        f"and a training job with this name already exists ({ARN}/job)",
    )
    assert plane.submitted == [key("job")]


@pytest.mark.parametrize("call", ["describe_training_job", "stop_training_job", "delete_training_job"])
def test_an_unknown_job_is_a_validation_error_as_at_aws(sagemaker: Any, call: str) -> None:
    # boto3 issue 2808: the model says ResourceNotFound, and clients rely on the real one.
    assert refusal(getattr(sagemaker, call), TrainingJobName="none") == (
        "ValidationException",
        "Requested resource not found.",
    )


def test_a_job_that_runs_is_stopping_until_it_has_ended(sagemaker: Any, plane: Plane) -> None:
    sagemaker.create_training_job(**request())
    plane.begin("job")

    sagemaker.stop_training_job(TrainingJobName="job")
    sagemaker.stop_training_job(TrainingJobName="job")

    described = sagemaker.describe_training_job(TrainingJobName="job")
    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Stopping", "Stopping")
    assert plane.submitted == [key("job")] * 3


def test_a_job_that_nobody_has_begun_is_stopped_at_once(sagemaker: Any) -> None:
    sagemaker.create_training_job(**request())

    sagemaker.stop_training_job(TrainingJobName="job")

    described = sagemaker.describe_training_job(TrainingJobName="job")
    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Stopped", "Stopped")


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopped"])
def test_a_job_that_has_ended_cannot_be_stopped(sagemaker: Any, plane: Plane, status: str) -> None:
    sagemaker.create_training_job(**request())
    plane.end("job", status)

    # The text of awslabs/benchmark-ai issue 928.
    assert refusal(sagemaker.stop_training_job, TrainingJobName="job") == (
        "ValidationException",
        f"The request was rejected because the training job is in status {status}.",
    )


def test_a_job_is_deleted_once_it_has_ended_and_its_name_is_free(sagemaker: Any, plane: Plane) -> None:
    sagemaker.create_training_job(**request(Tags=[{"Key": "a", "Value": "b"}]))
    assert refusal(sagemaker.delete_training_job, TrainingJobName="job")[0] == "ResourceInUse"
    plane.end("job")

    sagemaker.delete_training_job(TrainingJobName="job")

    arn = sagemaker.create_training_job(**request())["TrainingJobArn"]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == []


def names(answer: Any) -> list[str]:
    return [each["TrainingJobName"] for each in answer["TrainingJobSummaries"]]


def test_jobs_are_listed_oldest_first_ten_at_a_time(sagemaker: Any, plane: Plane) -> None:
    for number in range(12):
        sagemaker.create_training_job(**request(f"job-{number:02}"))
        plane.time.move(1)

    first = sagemaker.list_training_jobs()
    second = sagemaker.list_training_jobs(NextToken=first["NextToken"])

    assert names(first) == [f"job-{number:02}" for number in range(10)]
    assert names(second) == ["job-10", "job-11"]
    assert "NextToken" not in second
    assert complaints("sagemaker", "ListTrainingJobs", first) == []


def test_a_list_is_narrowed_and_sorted(sagemaker: Any, plane: Plane) -> None:
    for name in ("b-train", "a-train", "other"):
        sagemaker.create_training_job(**request(name))
        plane.time.move(10)
    plane.end("a-train", "Failed")

    ordered = sagemaker.list_training_jobs(NameContains="train", SortBy="Name", SortOrder="Descending")
    assert names(ordered) == ["b-train", "a-train"]
    assert names(sagemaker.list_training_jobs(StatusEquals="Failed")) == ["a-train"]
    since = plane.time.now() - 15
    assert names(sagemaker.list_training_jobs(CreationTimeAfter=since)) == ["other"]
    assert names(sagemaker.list_training_jobs(CreationTimeBefore=since)) == ["b-train", "a-train"]
    # No job has a warm pool here.
    assert names(sagemaker.list_training_jobs(WarmPoolStatusEquals="Available")) == []


def algorithm(**members: Any) -> dict[str, Any]:
    return {"AlgorithmSpecification": request()["AlgorithmSpecification"] | members}


def resources(**members: Any) -> dict[str, Any]:
    return {"ResourceConfig": request()["ResourceConfig"] | members}


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"InputDataConfig": [channel(), channel()]}, "Channel names must be unique"),
        ({"InputDataConfig": [channel(source={"S3Uri": "s3://B_/x"})]}, "S3Uri of channel 'train'"),
        ({"InputDataConfig": [channel(source={"S3Uri": "https://b/x"})]}, "must be s3://bucket/key"),
        ({"InputDataConfig": [channel(InputMode="Pipe")]}, "Pipe"),
        ({"InputDataConfig": [channel(CompressionType="Gzip")]}, "Pipe mode only"),
        (
            {"InputDataConfig": [channel(source={"S3DataType": "ManifestFile"}, InputMode="FastFile")]},
            "S3Prefix only",
        ),
        ({"OutputDataConfig": {"S3OutputPath": "s3://b"}}, "S3OutputPath"),
        ({"CheckpointConfig": {"S3Uri": "https://b/x"}}, "CheckpointConfig.S3Uri"),
        (algorithm(AlgorithmName="mine"), "AlgorithmName"),
        (algorithm(MetricDefinitions=[{"Name": "m", "Regex": "("}]), "Invalid regular expression"),
        (resources(InstanceCount=0), "resourceConfig.instanceCount"),
        (resources(VolumeSizeInGB=0), "resourceConfig.volumeSizeInGB"),
        ({"EnableManagedSpotTraining": True}, "Invalid MaxWaitTimeInSeconds"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "Duplicate tag keys"),
        ({"Tags": [{"Key": "aws:a", "Value": "1"}]}, "aws: prefixed tag key names are not allowed"),
        (
            {
                "ServerlessJobConfig": {
                    "BaseModelArn": "arn:aws:sagemaker:us-east-1:aws:hub-content/h/Model/m",
                    "JobType": "FineTuning",
                }
            },
            "ServerlessJobConfig",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_refused_and_not_kept(
    sagemaker: Any, plane: Plane, members: dict[str, Any], told: str
) -> None:
    code, message = refusal(sagemaker.create_training_job, **request(**members))

    assert code == "ValidationException"
    assert told in message
    assert names(sagemaker.list_training_jobs()) == []
    assert plane.submitted == []


@pytest.mark.parametrize("member", ["AlgorithmSpecification", "ResourceConfig"])
def test_what_the_model_leaves_open_for_other_jobs_is_required_here(sagemaker: Any, member: str) -> None:
    without = {name: value for name, value in request().items() if name != member}

    code, message = refusal(sagemaker.create_training_job, **without)

    place = member[0].lower() + member[1:]
    assert (code, message) == (
        "ValidationException",
        f"1 validation error detected: Value null at '{place}' failed to satisfy constraint: "
        "Member must not be null",
    )


def test_more_instances_than_anybody_has_are_refused_as_a_quota(sagemaker: Any) -> None:
    code, message = refusal(sagemaker.create_training_job, **request(**resources(InstanceCount=21)))

    assert code == "ResourceLimitExceeded"
    assert "'ml.m5.large for training job usage' is 20 Instances" in message
    assert "a request delta of 21 Instances" in message
