"""CreateProcessingJob, DescribeProcessingJob, ListProcessingJobs, StopProcessingJob, DeleteProcessingJob."""

from collections.abc import Callable

from slipway.clock import Clock
from slipway.errors import ResourceInUse, ValidationException
from slipway.operations.job_requests import (
    check_distinct_paths,
    check_instances,
    check_local_path,
    check_s3_uri,
    check_unique,
    not_here,
    require,
)
from slipway.operations.listing import list_page, summary
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document
from slipway.resources.lifecycle import TERMINAL_JOB
from slipway.resources.processing_job import ended, requested
from slipway.resources.resource import Key, Kind, Resource
from slipway.resources.tagging import checked_tags
from slipway.store.store import AlreadyExistsError, MissingError, Store

SUMMARY = (
    "ProcessingJobName",
    "ProcessingJobArn",
    "CreationTime",
    "ProcessingEndTime",
    "LastModifiedTime",
    "ProcessingJobStatus",
    "FailureReason",
    "ExitMessage",
)


class ProcessingJobs:
    """The operations on processing jobs; `submit` has a job looked at by whoever carries it out."""

    def __init__(self, store: Store, clock: Clock, submit: Callable[[Key], None]) -> None:
        self._store = store
        self._clock = clock
        self._submit = submit

    @property
    def operations(self) -> Operations:
        """What is answered here."""
        return {
            (SAGEMAKER, "CreateProcessingJob"): self.create,
            (SAGEMAKER, "DescribeProcessingJob"): self.describe,
            (SAGEMAKER, "ListProcessingJobs"): self.list,
            (SAGEMAKER, "StopProcessingJob"): self.stop,
            (SAGEMAKER, "DeleteProcessingJob"): self.delete,
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
                "Job Name must be unique within an AWS account and region, "
                f"and a job with this name already exists ({error.existing.arn})"
            ) from None
        self._submit(key)
        return {"ProcessingJobArn": key.arn}

    def describe(self, call: Call) -> Document:
        """All that is known of a job."""
        job = self._store.get(_key(call))
        if job is None:
            raise _not_found(call)
        return job.document

    def list(self, call: Call) -> Document:
        """One page of summaries."""
        return list_page(
            self._store,
            call,
            Kind.PROCESSING_JOB,
            "ProcessingJobSummaries",
            lambda job: summary(job, *SUMMARY),
        )

    def stop(self, call: Call) -> Document:
        """Have a job stopped; one that nobody has begun is stopped at once."""
        key = _key(call)
        now = self._clock.now()

        def stopping(job: Resource) -> Resource:
            if job.status in TERMINAL_JOB:
                raise ValidationException(
                    f"The request was rejected because the processing job is in status {job.status}."
                )
            if "begun" not in job.internal:
                return ended(job, "Stopped", now)
            return job.in_status("Stopping")

        try:
            self._store.transition(key, stopping)
        except MissingError:
            raise _not_found(call) from None
        self._submit(key)
        return {}

    def delete(self, call: Call) -> Document:
        """Forget a job that has ended."""
        key = _key(call)
        with self._store.all_or_nothing():
            job = self._store.get(key)
            if job is None:
                raise _not_found(call)
            if job.status not in TERMINAL_JOB:
                raise ResourceInUse(
                    f"The request was rejected because the processing job is in status {job.status}."
                )
            self._store.delete(key)
        return {}


def check(parameters: Document) -> None:
    """Refuse a request that cannot be carried out. Raises ServiceError."""
    inputs = parameters.get("ProcessingInputs", [])
    outputs = parameters.get("ProcessingOutputConfig", {}).get("Outputs", [])
    names = [*(each["InputName"] for each in inputs), *(each["OutputName"] for each in outputs)]
    # AWS's words, as sagemaker-python-sdk issue 3484 has them.
    check_unique(names, "Input and Output names must be globally unique")
    paths = [
        *(path for each in inputs if (path := _checked_input(each)) is not None),
        *(path for each in outputs if (path := _checked_output(each)) is not None),
    ]
    check_distinct_paths(paths)
    cluster = parameters["ProcessingResources"]["ClusterConfig"]
    if "InstancePreferences" in cluster:
        raise not_here("InstancePreferences", "name one InstanceType and InstanceCount")
    require(cluster, "InstanceType", "processingResources.clusterConfig.instanceType")
    check_instances(cluster["InstanceType"], cluster.get("InstanceCount", 1), "processing job")
    checked_tags(parameters.get("Tags", ()))


def _checked_input(processing_input: Document) -> str | None:
    """The LocalPath of an input; None where its application manages it."""
    name = processing_input["InputName"]
    if "DatasetDefinition" in processing_input:
        raise not_here(f"DatasetDefinition of input '{name}'", "use S3Input")
    if "S3Input" not in processing_input:
        raise ValidationException(f"Input '{name}' must have S3Input or DatasetDefinition.")
    s3_input = processing_input["S3Input"]
    check_s3_uri(s3_input["S3Uri"], f"S3Uri of input '{name}'")
    if processing_input.get("AppManaged"):
        return None
    if s3_input.get("S3InputMode") == "Pipe":
        raise not_here(f"S3InputMode Pipe of input '{name}'", "use File")
    if s3_input.get("S3CompressionType", "None") != "None":
        raise ValidationException(f"S3CompressionType Gzip of input '{name}' is supported in Pipe mode only.")
    return _checked_path(s3_input, f"input '{name}'")


def _checked_output(output: Document) -> str | None:
    """The LocalPath of an output; None where its application manages it."""
    name = output["OutputName"]
    if output.get("AppManaged"):
        return None
    if "FeatureStoreOutput" in output:
        raise ValidationException(f"FeatureStoreOutput of output '{name}' is supported with AppManaged only.")
    if "S3Output" not in output:
        raise ValidationException(f"Output '{name}' must have S3Output.")
    check_s3_uri(output["S3Output"]["S3Uri"], f"S3Uri of output '{name}'")
    return _checked_path(output["S3Output"], f"output '{name}'")


def _checked_path(place: Document, what: str) -> str:
    if "LocalPath" not in place:
        raise ValidationException(f"LocalPath of {what} is required unless AppManaged is true.")
    path: str = place["LocalPath"]
    check_local_path(path, what)
    return path


def _not_found(call: Call) -> ValidationException:
    return ValidationException(
        f"Could not find requested job with name: {call.parameters['ProcessingJobName']}"
    )


def _key(call: Call) -> Key:
    return Key(call.owner, Kind.PROCESSING_JOB, call.parameters["ProcessingJobName"])
