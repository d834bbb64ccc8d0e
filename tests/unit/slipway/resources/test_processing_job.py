"""What Describe shows of a processing job."""

from typing import Any

from slipway.resources.processing_job import ended, requested
from slipway.resources.resource import Key, Kind, Owner

KEY = Key(Owner("123456789012", "eu-west-1"), Kind.PROCESSING_JOB, "p")
REQUEST: dict[str, Any] = {
    "ProcessingJobName": "p",
    "AppSpecification": {"ImageUri": "image"},
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
    "ProcessingInputs": [
        {
            "InputName": "in",
            "S3Input": {"S3Uri": "s3://b/in", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix"},
        }
    ],
    "Tags": [{"Key": "a", "Value": "b"}],
}


def test_a_request_is_shown_with_the_services_own_values_and_without_its_tags() -> None:
    document = requested(KEY, REQUEST, 100.0).document

    assert "Tags" not in document
    assert "ProcessingOutputConfig" not in document
    assert document["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    assert document["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1
    assert document["ProcessingInputs"][0]["AppManaged"] is False
    # Contracts, 3: the request echoed with defaults filled.
    assert document["ProcessingInputs"][0]["S3Input"] == {
        "S3Uri": "s3://b/in",
        "LocalPath": "/opt/ml/processing/in",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }


def test_an_end_has_its_time_and_its_reason() -> None:
    job = ended(requested(KEY, REQUEST, 100.0), "Failed", 120.0, "AlgorithmError: , exit code: 1")

    assert job.status == "Failed"
    assert job.document["ProcessingEndTime"] == 120.0
    assert job.document["FailureReason"] == "AlgorithmError: , exit code: 1"
