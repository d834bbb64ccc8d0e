"""Processing jobs as a client of AWS sees them; nobody carries them out here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from slipway.operations.processing_jobs import ProcessingJobs
from slipway.protocol.dispatch import Operation
from slipway.resources.processing_job import ended
from slipway.resources.resource import Key, Kind, Owner
from slipway.store.store import Store

from tests.support.control_plane import ACCOUNT, REGION, ControlPlane, MovableClock
from tests.support.output_shapes import complaints

ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job"


def an_input(name: str = "in", path: str = "/opt/ml/processing/in", **members: Any) -> dict[str, Any]:
    s3_input = {"S3Uri": "s3://bucket/in", "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": s3_input | members}


def an_output(name: str = "out", path: str = "/opt/ml/processing/out", **members: Any) -> dict[str, Any]:
    s3_output = {"S3Uri": "s3://bucket/out", "LocalPath": path, "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": s3_output | members}


def request(
    name: str = "job",
    inputs: list[dict[str, Any]] | None = None,
    outputs: list[dict[str, Any]] | None = None,
    **members: Any,
) -> dict[str, Any]:
    return {
        "ProcessingJobName": name,
        "AppSpecification": {"ImageUri": "image:1"},
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        },
        "ProcessingInputs": [an_input()] if inputs is None else inputs,
        "ProcessingOutputConfig": {"Outputs": [an_output()] if outputs is None else outputs},
        **members,
    }


class Plane(ControlPlane):
    """A control plane with processing jobs; `submitted` is who was to be looked at."""

    def __init__(self, folder: Path) -> None:
        self.submitted: list[Key] = []
        self.time = MovableClock()
        super().__init__(folder, self._jobs)

    def _jobs(self, store: Store) -> Mapping[tuple[str, str], Operation]:
        return ProcessingJobs(store, self.time, self.submitted.append).operations

    def end(self, name: str, status: str = "Completed", reason: str | None = None) -> None:
        self.store.transition(key(name), lambda job: ended(job, status, self.time.now(), reason))

    def begin(self, name: str) -> None:
        self.store.transition(key(name), lambda job: job.with_internal({"begun": self.time.now()}))


def key(name: str) -> Key:
    return Key(Owner(ACCOUNT, REGION), Kind.PROCESSING_JOB, name)


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


def names(answer: Any) -> list[str]:
    return [each["ProcessingJobName"] for each in answer["ProcessingJobSummaries"]]


def test_a_job_is_accepted_with_its_tags_and_described_as_the_model_promises(
    sagemaker: Any, plane: Plane
) -> None:
    tags = [{"Key": "team", "Value": "a"}]

    answer = sagemaker.create_processing_job(**request(Tags=tags))

    assert answer["ProcessingJobArn"] == f"{ARN}/job"
    assert plane.submitted == [key("job")]
    assert sagemaker.list_tags(ResourceArn=answer["ProcessingJobArn"])["Tags"] == tags
    described = sagemaker.describe_processing_job(ProcessingJobName="job")
    assert complaints("sagemaker", "DescribeProcessingJob", described) == []
    assert described["ProcessingJobStatus"] == "InProgress"


def test_a_name_is_taken_once(sagemaker: Any, plane: Plane) -> None:
    sagemaker.create_processing_job(**request())

    code, message = refusal(sagemaker.create_processing_job, **request())

    assert code == "ResourceInUse"
    assert f"a job with this name already exists ({ARN}/job)" in message
    assert plane.submitted == [key("job")]


@pytest.mark.parametrize("call", ["describe_processing_job", "stop_processing_job", "delete_processing_job"])
def test_an_unknown_job_is_named(sagemaker: Any, call: str) -> None:
    assert refusal(getattr(sagemaker, call), ProcessingJobName="none") == (
        "ValidationException",
        "Could not find requested job with name: none",
    )


def test_a_job_that_runs_is_stopping_and_one_that_does_not_is_stopped(sagemaker: Any, plane: Plane) -> None:
    for name in ("runs", "waits"):
        sagemaker.create_processing_job(**request(name))
    plane.begin("runs")

    for name in ("runs", "waits"):
        sagemaker.stop_processing_job(ProcessingJobName=name)

    statuses = {
        name: sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"]
        for name in ("runs", "waits")
    }
    assert statuses == {"runs": "Stopping", "waits": "Stopped"}


def test_a_job_that_has_ended_cannot_be_stopped_and_can_be_deleted(sagemaker: Any, plane: Plane) -> None:
    sagemaker.create_processing_job(**request())
    assert refusal(sagemaker.delete_processing_job, ProcessingJobName="job")[0] == "ResourceInUse"
    plane.end("job")

    code, message = refusal(sagemaker.stop_processing_job, ProcessingJobName="job")
    sagemaker.delete_processing_job(ProcessingJobName="job")

    assert code == "ValidationException"
    assert "in status Completed" in message
    assert names(sagemaker.list_processing_jobs()) == []


def test_jobs_are_listed_oldest_first_with_their_reasons(sagemaker: Any, plane: Plane) -> None:
    for name in ("first", "second"):
        sagemaker.create_processing_job(**request(name))
        plane.time.move(1)
    plane.end("first", "Failed", "AlgorithmError: , exit code: 1")

    listed = sagemaker.list_processing_jobs()

    assert names(listed) == ["first", "second"]
    assert listed["ProcessingJobSummaries"][0]["FailureReason"] == "AlgorithmError: , exit code: 1"
    assert complaints("sagemaker", "ListProcessingJobs", listed) == []


def test_names_of_inputs_and_outputs_are_unique_together(sagemaker: Any) -> None:
    # The text of sagemaker-python-sdk issue 3484.
    assert refusal(sagemaker.create_processing_job, **request(outputs=[an_output("in")])) == (
        "ValidationException",
        "Input and Output names must be globally unique: [in]",
    )


@pytest.mark.parametrize(
    ("members", "told"),
    [
        # sagemaker-python-sdk issues 4939 and 1950: two at one place are refused.
        ({"inputs": [an_input("a"), an_input("b")]}, "LocalPath must be different"),
        ({"outputs": [an_output(path="/opt/ml/processing/in/")]}, "LocalPath must be different"),
        ({"inputs": [an_input(path="/opt/ml/input")]}, "must begin with /opt/ml/processing/"),
        ({"inputs": [an_input(path="/opt/ml/processing/../x")]}, "must begin with /opt/ml/processing/"),
        ({"outputs": [an_output(path="/opt/ml/processing")]}, "must begin with /opt/ml/processing/"),
        ({"inputs": [an_input(S3Uri="https://bucket/x")]}, "S3Uri of input 'in'"),
        ({"outputs": [an_output(S3Uri="s3://x")]}, "S3Uri of output 'out'"),
        ({"inputs": [an_input(S3InputMode="Pipe")]}, "Pipe"),
        ({"inputs": [an_input(S3CompressionType="Gzip")]}, "Pipe mode only"),
        ({"inputs": [{"InputName": "in"}]}, "must have S3Input"),
        ({"outputs": [{"OutputName": "out", "FeatureStoreOutput": {"FeatureGroupName": "g"}}]}, "AppManaged"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "Duplicate tag keys"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_and_not_kept(
    sagemaker: Any, plane: Plane, members: dict[str, Any], told: str
) -> None:
    code, message = refusal(sagemaker.create_processing_job, **request(**members))

    assert code == "ValidationException"
    assert told in message
    assert names(sagemaker.list_processing_jobs()) == []
    assert plane.submitted == []


def test_what_the_application_manages_needs_no_path(sagemaker: Any) -> None:
    features = {"OutputName": "f", "AppManaged": True, "FeatureStoreOutput": {"FeatureGroupName": "g"}}
    managed = an_input("m") | {"AppManaged": True}
    del managed["S3Input"]["LocalPath"]

    answer = sagemaker.create_processing_job(**request(inputs=[an_input(), managed], outputs=[features]))

    assert answer["ProcessingJobArn"] == f"{ARN}/job"
