"""CreateTrainingJob, DescribeTrainingJob, ListTrainingJobs, StopTrainingJob, DeleteTrainingJob."""

import re
from collections.abc import Callable

from slipway.clock import Clock
from slipway.errors import ResourceInUse, ValidationException
from slipway.operations.job_requests import (
    at_least_one,
    check_instances,
    check_s3_uri,
    check_unique,
    not_here,
    require,
)
from slipway.operations.listing import list_page, summary
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.cluster import cluster_of
from slipway.resources.document import Document
from slipway.resources.lifecycle import TERMINAL_JOB
from slipway.resources.resource import Key, Kind, Resource
from slipway.resources.tagging import checked_tags
from slipway.resources.training_job import ended, entered, requested
from slipway.store.store import AlreadyExistsError, MissingError, Store

# What AWS answers where the model says ResourceNotFound: clients rely on the real one (boto3 issue 2808).
NOT_FOUND = "Requested resource not found."
SUMMARY = (
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingEndTime",
    "LastModifiedTime",
    "TrainingJobStatus",
    "SecondaryStatus",
)
# Filters for what no job has here.
NEVER_MATCHED = ("WarmPoolStatusEquals", "TrainingPlanArnEquals")


class TrainingJobs:
    """The operations on training jobs; `submit` has a job looked at by whoever carries it out."""

    def __init__(self, store: Store, clock: Clock, submit: Callable[[Key], None]) -> None:
        self._store = store
        self._clock = clock
        self._submit = submit

    @property
    def operations(self) -> Operations:
        """What is answered here."""
        return {
            (SAGEMAKER, "CreateTrainingJob"): self.create,
            (SAGEMAKER, "DescribeTrainingJob"): self.describe,
            (SAGEMAKER, "ListTrainingJobs"): self.list,
            (SAGEMAKER, "StopTrainingJob"): self.stop,
            (SAGEMAKER, "DeleteTrainingJob"): self.delete,
        }

    def create(self, call: Call) -> Document:
        """Accept a job."""
        check(call.parameters)
        key = _key(call)
        job = requested(key, call.parameters, self._clock.now())
        try:
            self._store.create(job, call.parameters.get("Tags", []))
        except AlreadyExistsError as error:
            raise ResourceInUse(
                "Training job names must be unique within an AWS account and region, "
                f"and a training job with this name already exists ({error.existing.arn})"
            ) from None
        self._submit(key)
        return {"TrainingJobArn": key.arn}

    def describe(self, call: Call) -> Document:
        """All that is known of a job."""
        job = self._store.get(_key(call))
        if job is None:
            raise ValidationException(NOT_FOUND)
        return job.document

    def list(self, call: Call) -> Document:
        """One page of summaries."""
        if any(name in call.parameters for name in NEVER_MATCHED):
            return {"TrainingJobSummaries": []}
        return list_page(
            self._store,
            call,
            Kind.TRAINING_JOB,
            "TrainingJobSummaries",
            lambda job: summary(job, *SUMMARY),
        )

    def stop(self, call: Call) -> Document:
        """Have a job stopped; one that nobody has begun is stopped at once."""
        key = _key(call)
        now = self._clock.now()

        def stopping(job: Resource) -> Resource:
            if job.status in TERMINAL_JOB:
                raise ValidationException(
                    f"The request was rejected because the training job is in status {job.status}."
                )
            if "begun" not in job.internal:
                return ended(job, "Stopped", "Stopped", now)
            return entered(job, "Stopping", now).in_status("Stopping")

        try:
            self._store.transition(key, stopping)
        except MissingError:
            raise ValidationException(NOT_FOUND) from None
        self._submit(key)
        return {}

    def delete(self, call: Call) -> Document:
        """Forget a job that has ended."""
        key = _key(call)
        with self._store.all_or_nothing():
            job = self._store.get(key)
            if job is None:
                raise ValidationException(NOT_FOUND)
            if job.status not in TERMINAL_JOB:
                raise ResourceInUse(
                    f"The request was rejected because the training job is in status {job.status}."
                )
            self._store.delete(key)
        return {}


def check(parameters: Document) -> None:
    """Refuse a request that cannot be carried out. Raises ServiceError."""
    if "ServerlessJobConfig" in parameters:
        raise not_here("ServerlessJobConfig", "name an image in AlgorithmSpecification")
    require(parameters, "AlgorithmSpecification", "algorithmSpecification")
    require(parameters, "ResourceConfig", "resourceConfig")
    _check_algorithm(parameters["AlgorithmSpecification"])
    _check_resources(parameters["ResourceConfig"])
    channels = parameters.get("InputDataConfig", [])
    check_unique(
        (channel["ChannelName"] for channel in channels),
        "Channel names must be unique within InputDataConfig",
    )
    for channel in channels:
        _check_channel(channel, parameters["AlgorithmSpecification"]["TrainingInputMode"])
    check_s3_uri(parameters["OutputDataConfig"]["S3OutputPath"], "S3OutputPath")
    if "CheckpointConfig" in parameters:
        check_s3_uri(parameters["CheckpointConfig"]["S3Uri"], "CheckpointConfig.S3Uri")
    if "TensorBoardOutputConfig" in parameters:
        check_s3_uri(
            parameters["TensorBoardOutputConfig"]["S3OutputPath"], "TensorBoardOutputConfig.S3OutputPath"
        )
    if parameters.get("EnableManagedSpotTraining"):
        _check_spot(parameters.get("StoppingCondition", {}))
    checked_tags(parameters.get("Tags", ()))


def _check_algorithm(specification: Document) -> None:
    if "AlgorithmName" in specification:
        raise not_here("AlgorithmName", "name the algorithm's image in TrainingImage")
    require(specification, "TrainingImage", "algorithmSpecification.trainingImage")
    for definition in specification.get("MetricDefinitions", []):
        try:
            re.compile(definition["Regex"])
        except re.error as error:
            raise ValidationException(
                f"Invalid regular expression '{definition['Regex']}' "
                f"of metric '{definition['Name']}': {error}"
            ) from None


def _check_resources(config: Document) -> None:
    if "InstancePreferences" in config:
        raise not_here("InstancePreferences", "name one InstanceType and InstanceCount")
    if "InstanceGroups" not in config:
        require(config, "InstanceType", "resourceConfig.instanceType")
    if "VolumeSizeInGB" in config:
        at_least_one(config["VolumeSizeInGB"], "resourceConfig.volumeSizeInGB")
    for group in cluster_of(config).groups:
        at_least_one(len(group.hosts), "resourceConfig.instanceCount")
        check_instances(group.instance_type, len(group.hosts), "training job")


def _check_channel(channel: Document, default_mode: str) -> None:
    source = channel["DataSource"].get("S3DataSource")
    name = channel["ChannelName"]
    if source is None:
        raise not_here(f"The data source of channel '{name}'", "use S3DataSource")
    mode = channel.get("InputMode", default_mode)
    if mode == "Pipe":
        raise not_here(f"InputMode Pipe of channel '{name}'", "use File or FastFile")
    if source["S3DataType"] not in ("S3Prefix", "ManifestFile"):
        raise not_here(
            f"S3DataType {source['S3DataType']} of channel '{name}'", "use S3Prefix or ManifestFile"
        )
    if mode == "FastFile" and source["S3DataType"] != "S3Prefix":
        raise ValidationException(f"FastFile mode of channel '{name}' supports S3DataType S3Prefix only.")
    for member in ("CompressionType", "RecordWrapperType"):
        if channel.get(member, "None") != "None":
            raise ValidationException(
                f"{member} {channel[member]} of channel '{name}' is supported in Pipe mode only."
            )
    check_s3_uri(source["S3Uri"], f"S3Uri of channel '{name}'")


def _check_spot(stopping: Document) -> None:
    longest = stopping.get("MaxWaitTimeInSeconds")
    if longest is None or longest < stopping.get("MaxRuntimeInSeconds", 0):
        raise ValidationException(
            "Invalid MaxWaitTimeInSeconds. "
            "It must be present and be greater than or equal to MaxRuntimeInSeconds"
        )


def _key(call: Call) -> Key:
    return Key(call.owner, Kind.TRAINING_JOB, call.parameters["TrainingJobName"])
