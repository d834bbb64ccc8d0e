"""What Describe shows of a training job, from the request to the end."""

from typing import Any

from slipway.resources.resource import Key, Kind, Owner
from slipway.resources.training_job import ended, entered, requested

KEY = Key(Owner("123456789012", "eu-west-1"), Kind.TRAINING_JOB, "Train-1")
REQUEST: dict[str, Any] = {
    "TrainingJobName": "Train-1",
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/p"}},
        }
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
    "Tags": [{"Key": "a", "Value": "b"}],
}


def test_a_request_is_shown_with_the_services_own_values_and_without_its_tags() -> None:
    document = requested(KEY, REQUEST, 100.0).document

    assert "Tags" not in document
    assert document["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    assert document["OutputDataConfig"] == {
        "S3OutputPath": "s3://b/out",
        "KmsKeyId": "",
        "CompressionType": "GZIP",
    }
    assert document["ResourceConfig"]["InstanceCount"] == 1
    assert document["EnableNetworkIsolation"] is False
    channel = document["InputDataConfig"][0]
    assert (channel["CompressionType"], channel["RecordWrapperType"]) == ("None", "None")
    assert channel["DataSource"]["S3DataSource"]["S3DataDistributionType"] == "FullyReplicated"


def test_what_the_request_says_stays() -> None:
    said = {**REQUEST, "EnableNetworkIsolation": True, "StoppingCondition": {"MaxRuntimeInSeconds": 60}}

    document = requested(KEY, said, 100.0).document

    assert document["EnableNetworkIsolation"] is True
    assert document["StoppingCondition"] == {"MaxRuntimeInSeconds": 60}
    # The request itself is nobody's to change.
    assert REQUEST["OutputDataConfig"] == {"S3OutputPath": "s3://b/out"}


def test_a_new_job_starts() -> None:
    job = requested(KEY, REQUEST, 100.0)

    assert (job.status, job.document["TrainingJobStatus"]) == ("InProgress", "InProgress")
    assert job.document["SecondaryStatus"] == "Starting"
    # AWS writes names in ARNs in lower case.
    assert job.document["TrainingJobArn"] == "arn:aws:sagemaker:eu-west-1:123456789012:training-job/train-1"
    assert "ModelArtifacts" not in job.document


def test_every_secondary_status_is_kept_with_its_times() -> None:
    job = entered(requested(KEY, REQUEST, 100.0), "Downloading", 101.0)
    job = entered(job, "Downloading", 150.0)

    job = ended(entered(job, "Training", 102.0), "Completed", "Completed", 110.0)

    transitions = job.document["SecondaryStatusTransitions"]
    assert [(each["Status"], each["StartTime"], each["EndTime"]) for each in transitions] == [
        ("Starting", 100.0, 101.0),
        ("Downloading", 101.0, 102.0),
        ("Training", 102.0, 110.0),
        ("Completed", 110.0, 110.0),
    ]
    assert job.document["SecondaryStatus"] == "Completed"
    assert all(each["StatusMessage"] for each in transitions)


def test_time_is_counted_from_the_start_on_the_instances_in_whole_seconds() -> None:
    job = requested(KEY, REQUEST, 100.0).with_document({"TrainingStartTime": 101.0})

    job = ended(job, "Completed", "Completed", 103.2)

    assert job.document["TrainingEndTime"] == 103.2
    assert (job.document["TrainingTimeInSeconds"], job.document["BillableTimeInSeconds"]) == (3, 3)


def test_a_job_that_never_ran_has_no_times_of_running() -> None:
    job = ended(requested(KEY, REQUEST, 100.0), "Failed", "Failed", 103.0, "ClientError: no image")

    assert job.document["FailureReason"] == "ClientError: no image"
    # The API reference: these may not be there where the job never started.
    assert {"TrainingStartTime", "TrainingEndTime", "BillableTimeInSeconds"} & set(job.document) == set()
