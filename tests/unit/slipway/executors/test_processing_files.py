"""What a processing container finds."""

from pathlib import PurePosixPath
from typing import Any

from slipway.executors.processing_files import (
    config_files,
    local_paths,
    mount_points,
    staged_inputs,
    uploaded_outputs,
)
from slipway.resources.cluster import cluster_of
from slipway.resources.processing_job import requested
from slipway.resources.resource import Key, Kind, Owner, Resource

KEY = Key(Owner("123456789012", "eu-west-1"), Kind.PROCESSING_JOB, "p")
CLUSTER = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30}


def job(**members: Any) -> Resource:
    request = {
        "ProcessingJobName": "p",
        "AppSpecification": {"ImageUri": "image"},
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "ProcessingResources": {"ClusterConfig": CLUSTER},
        **members,
    }
    return requested(KEY, request, 1.0)


def an_input(name: str, path: str, **members: Any) -> dict[str, Any]:
    s3_input = {"S3Uri": "s3://b/p", "LocalPath": path, "S3DataType": "S3Prefix"}
    return {"InputName": name, "S3Input": s3_input, **members}


def an_output(name: str, path: str, **members: Any) -> dict[str, Any]:
    s3_output = {"S3Uri": "s3://b/o", "LocalPath": path, "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": s3_output, **members}


def test_the_request_is_echoed_with_defaults_and_nulls() -> None:
    subject = job(
        Environment={"K": "V"},
        ProcessingInputs=[an_input("in", "/opt/ml/processing/in")],
        ProcessingOutputConfig={"Outputs": [an_output("out", "/opt/ml/processing/out")]},
    )

    config = config_files(subject, cluster_of(CLUSTER), "algo-1")["processingjobconfig.json"]

    # The example of contracts, 3.
    assert config["AppSpecification"] == {
        "ImageUri": "image",
        "ContainerEntrypoint": None,
        "ContainerArguments": None,
    }
    assert config["Environment"] == {"K": "V"}
    assert config["ProcessingInputs"] == [
        {
            "InputName": "in",
            "AppManaged": False,
            "S3Input": {
                "LocalPath": "/opt/ml/processing/in",
                "S3Uri": "s3://b/p",
                "S3DataDistributionType": "FullyReplicated",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
                "S3CompressionType": "None",
                "S3DownloadMode": "StartOfJob",
            },
            "DatasetDefinition": None,
        }
    ]
    output = config["ProcessingOutputConfig"]["Outputs"][0]
    assert (output["AppManaged"], output["FeatureStoreOutput"]) == (False, None)
    assert config["ProcessingResources"]["ClusterConfig"] == CLUSTER
    assert config["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}


def test_every_host_knows_itself_and_all_others() -> None:
    config = config_files(job(), cluster_of(CLUSTER), "algo-2")["resourceconfig.json"]

    assert config == {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}


def test_what_the_application_manages_is_left_to_it() -> None:
    subject = job(
        ProcessingInputs=[
            an_input("ours", "/opt/ml/processing/a"),
            an_input("its", "/opt/ml/processing/b", AppManaged=True),
        ],
        ProcessingOutputConfig={
            "Outputs": [
                an_output("ours-too", "/opt/ml/processing/c"),
                {
                    "OutputName": "features",
                    "AppManaged": True,
                    "FeatureStoreOutput": {"FeatureGroupName": "g"},
                },
            ]
        },
    )

    assert [each["InputName"] for each in staged_inputs(subject)] == ["ours"]
    assert [each["OutputName"] for each in uploaded_outputs(subject)] == ["ours-too"]
    assert [str(path) for path in local_paths(subject)] == ["/opt/ml/processing/a", "/opt/ml/processing/c"]


def test_a_folder_inside_a_mounted_one_is_not_mounted_once_more() -> None:
    paths = [
        "/opt/ml/processing/in/code",
        "/opt/ml/processing/in",
        "/opt/ml/processing/input",
        "/opt/ml/processing/out",
    ]

    points = mount_points(PurePosixPath(path) for path in paths)

    assert sorted(map(str, points)) == [
        "/opt/ml/processing/in",
        "/opt/ml/processing/input",
        "/opt/ml/processing/out",
    ]
