"""The files that a processing container finds (developer guide, "Build your own processing container")."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from slipway.resources.cluster import Cluster
from slipway.resources.document import Document
from slipway.resources.resource import Resource

ROOT = PurePosixPath("/opt/ml/processing")


def config_files(job: Resource, cluster: Cluster, host: str) -> dict[str, Document]:
    """File names below /opt/ml/config, and what each holds."""
    return {
        "processingjobconfig.json": processing_job_config(job),
        "resourceconfig.json": {"current_host": host, "hosts": sorted(cluster.hosts)},
    }


def processing_job_config(job: Resource) -> Document:
    """The request with defaults, and null for what it left out (contracts, 3)."""
    document = job.document
    specification = document["AppSpecification"]
    return {
        "ProcessingJobArn": job.arn,
        "ProcessingJobName": job.name,
        "AppSpecification": {
            "ImageUri": specification["ImageUri"],
            "ContainerEntrypoint": specification.get("ContainerEntrypoint"),
            "ContainerArguments": specification.get("ContainerArguments"),
        },
        "Environment": document.get("Environment"),
        "ProcessingInputs": [_input(each) for each in document.get("ProcessingInputs", [])],
        "ProcessingOutputConfig": _outputs(document.get("ProcessingOutputConfig", {})),
        "ProcessingResources": document["ProcessingResources"],
        "RoleArn": document["RoleArn"],
        "StoppingCondition": document["StoppingCondition"],
    }


def _input(processing_input: Document) -> Document:
    after = {"DatasetDefinition": None, **processing_input}
    if "S3Input" in after:
        after["S3Input"] = {"S3DownloadMode": "StartOfJob", **after["S3Input"]}
    else:
        after["S3Input"] = None
    return after


def _outputs(config: Document) -> Document:
    outputs = [{"S3Output": None, "FeatureStoreOutput": None, **each} for each in config.get("Outputs", [])]
    return {"Outputs": outputs, "KmsKeyId": config.get("KmsKeyId")}


def staged_inputs(job: Resource) -> list[Document]:
    """The inputs that are brought before the start; an application that manages its own gets none."""
    return [
        each
        for each in job.document.get("ProcessingInputs", [])
        if not each["AppManaged"] and "LocalPath" in each.get("S3Input", {})
    ]


def uploaded_outputs(job: Resource) -> list[Document]:
    """The outputs that are stored by us, not by the application."""
    return [
        each
        for each in job.document.get("ProcessingOutputConfig", {}).get("Outputs", [])
        if not each["AppManaged"] and "LocalPath" in each.get("S3Output", {})
    ]


def local_paths(job: Resource) -> list[PurePosixPath]:
    """Where inputs and outputs are in the container."""
    inputs = [each["S3Input"]["LocalPath"] for each in staged_inputs(job)]
    outputs = [each["S3Output"]["LocalPath"] for each in uploaded_outputs(job)]
    return [PurePosixPath(path) for path in (*inputs, *outputs)]


def mount_points(paths: Iterable[PurePosixPath]) -> list[PurePosixPath]:
    """The outermost of `paths`: what lies below another is there already.

    Nothing else is mounted, so whatever else the image has below
    /opt/ml/processing stays visible.
    """
    points: list[PurePosixPath] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(point) for point in points):
            points.append(path)
    return points
