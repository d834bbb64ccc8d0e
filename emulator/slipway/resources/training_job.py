"""A training job's record: what Describe shows from the request to the end."""

import math
from collections.abc import Mapping

from slipway.resources.document import Document
from slipway.resources.resource import Key, Resource

DEFAULT_MAX_RUNTIME_SECONDS = 86400
# StatusMessage of SecondaryStatusTransitions, as recorded jobs have them.
MESSAGES: Mapping[str, str] = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Restarting": "Restarting the training job",
    "Stopping": "Stopping the training job",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
}


def requested(key: Key, parameters: Document, now: float) -> Resource:
    """The job as it is when its request has been accepted."""
    document = {
        **with_defaults(parameters),
        "TrainingJobArn": key.arn,
        "TrainingJobStatus": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    job = Resource(key, now, now, "InProgress", document)
    return entered(job, "Starting", now)


def with_defaults(parameters: Document) -> Document:
    """A request as Describe shows it: the service's own values where it names none, its tags elsewhere."""
    document = {name: value for name, value in parameters.items() if name != "Tags"}
    for flag in (
        "EnableNetworkIsolation",
        "EnableInterContainerTrafficEncryption",
        "EnableManagedSpotTraining",
    ):
        document.setdefault(flag, False)
    stopping = {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME_SECONDS}
    document["StoppingCondition"] = {**stopping, **document.get("StoppingCondition", {})}
    output = {"KmsKeyId": "", "CompressionType": "GZIP"}
    document["OutputDataConfig"] = {**output, **document["OutputDataConfig"]}
    document["AlgorithmSpecification"] = {
        "EnableSageMakerMetricsTimeSeries": False,
        **document["AlgorithmSpecification"],
    }
    if "InstanceGroups" not in document["ResourceConfig"]:
        document["ResourceConfig"] = {"InstanceCount": 1, **document["ResourceConfig"]}
    if "InputDataConfig" in document:
        document["InputDataConfig"] = [_channel(channel) for channel in document["InputDataConfig"]]
    return document


def _channel(channel: Document) -> Document:
    defaults = {"CompressionType": "None", "RecordWrapperType": "None"}
    source = dict(channel["DataSource"])
    if "S3DataSource" in source:
        source["S3DataSource"] = {"S3DataDistributionType": "FullyReplicated", **source["S3DataSource"]}
    return {**defaults, **channel, "DataSource": source}


def entered(job: Resource, secondary_status: str, now: float) -> Resource:
    """The job in another secondary status; staying in one is no transition."""
    transitions = list(job.document.get("SecondaryStatusTransitions", []))
    if transitions and transitions[-1]["Status"] == secondary_status:
        return job
    if transitions:
        transitions[-1] = {**transitions[-1], "EndTime": now}
    transitions.append(
        {"Status": secondary_status, "StartTime": now, "StatusMessage": MESSAGES[secondary_status]}
    )
    return job.with_document({"SecondaryStatus": secondary_status, "SecondaryStatusTransitions": transitions})


def ended(
    job: Resource, status: str, secondary_status: str, now: float, reason: str | None = None
) -> Resource:
    """The job in a terminal status."""
    after = entered(job, secondary_status, now).in_status(status)
    transitions = after.document["SecondaryStatusTransitions"]
    transitions[-1] = {**transitions[-1], "EndTime": now}
    changes: Document = {"SecondaryStatusTransitions": transitions, "FailureReason": reason}
    started = job.document.get("TrainingStartTime")
    if started is not None:
        seconds = max(1, math.ceil(now - started))
        changes |= {
            "TrainingEndTime": now,
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": seconds,
        }
    return after.with_document(changes)
