"""What a monitoring schedule's jobs are to be, from either form in which the API takes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from slipway.resources.document import Document

DATA_QUALITY, MODEL_QUALITY = "DataQuality", "ModelQuality"
MODEL_BIAS, MODEL_EXPLAINABILITY = "ModelBias", "ModelExplainability"
# What captured calls are merged with their ground truth for, by a job before the analysis.
WITH_GROUND_TRUTH = frozenset({MODEL_QUALITY, MODEL_BIAS})
# The API's limits of MaxRuntimeInSeconds for an hourly schedule.
LONGEST_HOURLY_SECONDS, LONGEST_HOURLY_SECONDS_OF_TWO = 3600, 1800


@dataclass(frozen=True, slots=True)
class Definition:
    """A monitoring job as a schedule's configuration, or the definition that it names, has it."""

    monitoring_type: str
    app: Document
    environment: Document
    endpoint_input: Document
    ground_truth_uri: str | None
    baseline: Document
    output_config: Document
    cluster: Document
    network: Document | None
    role_arn: str
    max_runtime: int | None

    @property
    def has_ground_truth(self) -> bool:
        """Whether a merge job comes first."""
        return self.monitoring_type in WITH_GROUND_TRUTH

    @property
    def longest_hourly_seconds(self) -> int:
        """How long one job of an hourly schedule may run."""
        return LONGEST_HOURLY_SECONDS_OF_TWO if self.has_ground_truth else LONGEST_HOURLY_SECONDS

    @property
    def output(self) -> Document:
        """The one S3Output."""
        output: Document = self.output_config["MonitoringOutputs"][0]["S3Output"]
        return output

    @property
    def endpoint_name(self) -> str:
        """The endpoint that is watched."""
        name: str = self.endpoint_input["EndpointName"]
        return name

    def baseline_uri(self, resource: str) -> str | None:
        """Where ConstraintsResource or StatisticsResource lies; None without one."""
        uri: str | None = self.baseline.get(resource, {}).get("S3Uri")
        return uri

    @classmethod
    def of(cls, monitoring_type: str, document: Document) -> Self:
        """Read a MonitoringJobDefinition, or what Describe<type>JobDefinition shows."""
        if "MonitoringInputs" in document:
            return cls._inline(monitoring_type, document)
        app = document[f"{monitoring_type}AppSpecification"]
        job_input = document[f"{monitoring_type}JobInput"]
        return cls(
            monitoring_type,
            app,
            app.get("Environment", {}),
            job_input.get("EndpointInput", {}),
            job_input.get("GroundTruthS3Input", {}).get("S3Uri"),
            document.get(f"{monitoring_type}BaselineConfig", {}),
            document[f"{monitoring_type}JobOutputConfig"],
            document["JobResources"]["ClusterConfig"],
            document.get("NetworkConfig"),
            document["RoleArn"],
            document.get("StoppingCondition", {}).get("MaxRuntimeInSeconds"),
        )

    @classmethod
    def _inline(cls, monitoring_type: str, document: Document) -> Self:
        return cls(
            monitoring_type,
            document["MonitoringAppSpecification"],
            document.get("Environment", {}),
            document["MonitoringInputs"][0].get("EndpointInput", {}),
            None,
            document.get("BaselineConfig", {}),
            document["MonitoringOutputConfig"],
            document["MonitoringResources"]["ClusterConfig"],
            document.get("NetworkConfig"),
            document["RoleArn"],
            document.get("StoppingCondition", {}).get("MaxRuntimeInSeconds"),
        )


def with_baselining_job(
    monitoring_type: str, document: Document, outputs_of: Callable[[str], list[Document]]
) -> Document:
    """A definition that says itself where its baseline lies, although it names the job that made it.

    `outputs_of` answers the outputs of a processing job. What the definition says itself goes first.
    """
    member = "BaselineConfig" if "MonitoringInputs" in document else f"{monitoring_type}BaselineConfig"
    config = document.get(member, {})
    if "BaseliningJobName" not in config:
        return document
    outputs = outputs_of(config["BaseliningJobName"])
    uri = outputs[0]["S3Output"]["S3Uri"].rstrip("/") if outputs else None
    found = {} if uri is None else {"ConstraintsResource": {"S3Uri": f"{uri}/constraints.json"}}
    # Only data quality has statistics beside them.
    if uri is not None and monitoring_type == DATA_QUALITY:
        found["StatisticsResource"] = {"S3Uri": f"{uri}/statistics.json"}
    return {**document, member: {**found, **config}}
