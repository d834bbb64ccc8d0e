"""A processing job's record: what Describe shows from the request to the end."""

from slipway.resources.document import Document
from slipway.resources.resource import Key, Resource

# The service's own default is not documented; it is that of the SDK (contracts, 3).
DEFAULT_MAX_RUNTIME_SECONDS = 86400


def requested(key: Key, parameters: Document, now: float) -> Resource:
    """The job as it is when its request has been accepted."""
    document = {
        **with_defaults(parameters),
        "ProcessingJobArn": key.arn,
        "ProcessingJobStatus": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    return Resource(key, now, now, "InProgress", document)


def with_defaults(parameters: Document) -> Document:
    """A request as Describe shows it: the service's own values where it names none, its tags elsewhere."""
    document = {name: value for name, value in parameters.items() if name != "Tags"}
    stopping = {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME_SECONDS}
    document["StoppingCondition"] = {**stopping, **document.get("StoppingCondition", {})}
    cluster = document["ProcessingResources"]["ClusterConfig"]
    document["ProcessingResources"] = {"ClusterConfig": {"InstanceCount": 1, **cluster}}
    if "ProcessingInputs" in document:
        document["ProcessingInputs"] = [_input(each) for each in document["ProcessingInputs"]]
    if "ProcessingOutputConfig" in document:
        config = document["ProcessingOutputConfig"]
        outputs = [{"AppManaged": False, **each} for each in config["Outputs"]]
        document["ProcessingOutputConfig"] = {**config, "Outputs": outputs}
    return document


def _input(processing_input: Document) -> Document:
    after = {"AppManaged": False, **processing_input}
    if "S3Input" in after:
        after["S3Input"] = {
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
            **after["S3Input"],
        }
    return after


def ended(job: Resource, status: str, now: float, reason: str | None = None) -> Resource:
    """The job in a terminal status."""
    return job.in_status(status).with_document({"ProcessingEndTime": now, "FailureReason": reason})
