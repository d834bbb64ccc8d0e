"""What a training container finds, and the command that it is given."""

from typing import Any

import pytest
from slipway.executors.training_files import config_files, start_command
from slipway.resources.cluster import cluster_of
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.training_job import requested

KEY = Key(Owner("123456789012", "eu-west-1"), Kind.TRAINING_JOB, "t")


def job(**members: Any) -> Resource:
    return requested(
        KEY,
        {
            "TrainingJobName": "t",
            "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1},
            **members,
        },
        1.0,
    )


def channel(name: str, **members: Any) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://b/p", "S3DataDistributionType": "ShardedByS3Key"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **members}


def files(of: Resource, host: str = "algo-1") -> dict[str, Any]:
    return config_files(of, cluster_of(of.document["ResourceConfig"]), host)


@pytest.mark.parametrize(
    ("specification", "entrypoint", "command"),
    [
        # The developer guide's table (contracts, 1.1).
        ({}, None, ("train",)),
        ({"ContainerArguments": ["a", "b"]}, None, ("a", "b")),
        ({"ContainerEntrypoint": ["e"]}, ("e",), None),
        ({"ContainerEntrypoint": ["e"], "ContainerArguments": ["a"]}, ("e",), ("a",)),
    ],
)
def test_the_command_is_the_guides(
    specification: dict[str, Any], entrypoint: tuple[str, ...] | None, command: tuple[str, ...] | None
) -> None:
    assert start_command(specification) == (entrypoint, command)


def test_hyperparameters_are_the_requests_and_an_empty_object_without_any() -> None:
    assert files(job(HyperParameters={"eta": '"0.1"'}))["hyperparameters.json"] == {"eta": '"0.1"'}
    assert files(job())["hyperparameters.json"] == {}


def test_channels_are_described_as_the_guide_has_them() -> None:
    config = files(
        job(InputDataConfig=[channel("train", ContentType="text/csv"), channel("fast", InputMode="FastFile")])
    )

    # `ContentType` only where it is given (contracts, 1.3).
    assert config["inputdataconfig.json"] == {
        "train": {
            "ContentType": "text/csv",
            "TrainingInputMode": "File",
            "S3DistributionType": "ShardedByS3Key",
            "RecordWrapperType": "None",
        },
        "fast": {
            "TrainingInputMode": "FastFile",
            "S3DistributionType": "ShardedByS3Key",
            "RecordWrapperType": "None",
        },
    }


def test_every_host_knows_itself_and_all_others() -> None:
    assert files(job(), "algo-2")["resourceconfig.json"] == {
        "current_host": "algo-2",
        "hosts": ["algo-1", "algo-2"],
        "network_interface_name": "eth0",
        "current_instance_type": "ml.m5.large",
        "current_group_name": "homogeneousCluster",
        "instance_groups": [
            {
                "instance_group_name": "homogeneousCluster",
                "instance_type": "ml.m5.large",
                "hosts": ["algo-1", "algo-2"],
            }
        ],
    }
