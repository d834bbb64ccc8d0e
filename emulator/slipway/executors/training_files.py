"""The files and the command of a training container (developer guide, "Use Your Own Training Algorithms")."""

from slipway.resources.cluster import Cluster
from slipway.resources.document import Document
from slipway.resources.resource import Resource

# The documentation's own example; Docker calls a container's first interface so too.
NETWORK_INTERFACE = "eth0"
# TensorBoardOutputConfig's default (API reference).
TENSORBOARD = "/opt/ml/output/tensorboard"


def input_mode(job: Resource, channel: Document) -> str:
    """How a channel arrives: its own word, or the job's."""
    mode: str = channel.get("InputMode", job.document["AlgorithmSpecification"]["TrainingInputMode"])
    return mode


def config_files(job: Resource, cluster: Cluster, host: str) -> dict[str, Document]:
    """File names below /opt/ml/input/config, and what each holds."""
    return {
        "hyperparameters.json": job.document.get("HyperParameters", {}),
        "inputdataconfig.json": {
            channel["ChannelName"]: _channel(job, channel)
            for channel in job.document.get("InputDataConfig", [])
        },
        "resourceconfig.json": resource_config(cluster, host),
    }


def resource_config(cluster: Cluster, host: str) -> Document:
    """Who is who in the cluster, as real files have it."""
    group = cluster.group_of(host)
    return {
        "current_host": host,
        "hosts": sorted(cluster.hosts),
        "network_interface_name": NETWORK_INTERFACE,
        "current_instance_type": group.instance_type,
        "current_group_name": group.name,
        "instance_groups": [
            {
                "instance_group_name": each.name,
                "instance_type": each.instance_type,
                "hosts": sorted(each.hosts),
            }
            for each in cluster.groups
        ],
    }


def tensorboard_output(job: Resource) -> Document | None:
    """Where TensorBoard's files go, as an output that is stored while the job runs; None where nobody asks.

    The place in S3 is the one at which the SDK looks for them (latest_job_tensorboard_artifacts_path).
    """
    config = job.document.get("TensorBoardOutputConfig")
    if config is None:
        return None
    uri = f"{config['S3OutputPath'].rstrip('/')}/{job.name}/tensorboard-output"
    path = config.get("LocalPath", TENSORBOARD)
    return {
        "OutputName": "tensorboard",
        "S3Output": {"S3Uri": uri, "LocalPath": path, "S3UploadMode": "Continuous"},
    }


def _channel(job: Resource, channel: Document) -> Document:
    config: Document = {
        "TrainingInputMode": input_mode(job, channel),
        "S3DistributionType": channel["DataSource"]["S3DataSource"]["S3DataDistributionType"],
        "RecordWrapperType": channel["RecordWrapperType"],
    }
    if "ContentType" in channel:
        config["ContentType"] = channel["ContentType"]
    return config


def start_command(specification: Document) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Entrypoint and command, None where it is the image's own.

    `train` is said only where the request says neither (contracts, 1.1).
    """
    entrypoint = specification.get("ContainerEntrypoint")
    arguments = specification.get("ContainerArguments")
    if entrypoint is None and arguments is None:
        return None, ("train",)
    return entrypoint and tuple(entrypoint), arguments and tuple(arguments)
