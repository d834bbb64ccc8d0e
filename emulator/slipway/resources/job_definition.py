"""The four types of definitions that a monitoring schedule may name, and what their members are called."""

from dataclasses import dataclass

from slipway.resources.document import Document
from slipway.resources.resource import Kind, Resource


@dataclass(frozen=True, slots=True)
class JobDefinitionType:
    """A type of definitions: its members begin with the monitoring type's own name."""

    # As MonitoringType has it in a schedule's configuration.
    monitoring_type: str
    kind: Kind

    def app_specification(self, definition: Resource) -> Document:
        """Image, entrypoint, environment, scripts; of the Clarify types the analysis configuration."""
        return self._member(definition, "AppSpecification")

    def job_input(self, definition: Resource) -> Document:
        """EndpointInput or BatchTransformInput, and GroundTruthS3Input where there is one."""
        return self._member(definition, "JobInput")

    def output_config(self, definition: Resource) -> Document:
        """MonitoringOutputs, one of them, and KmsKeyId."""
        return self._member(definition, "JobOutputConfig")

    def baseline_config(self, definition: Resource) -> Document:
        """BaseliningJobName, ConstraintsResource, StatisticsResource, as far as they were given."""
        return self._member(definition, "BaselineConfig")

    def _member(self, definition: Resource, ending: str) -> Document:
        member: Document = definition.document.get(f"{self.monitoring_type}{ending}", {})
        return member


# API reference: MonitoringType, and the ARNs in the Create calls' answers.
JOB_DEFINITION_TYPES = {
    each.monitoring_type: each
    for each in (
        JobDefinitionType("DataQuality", Kind.DATA_QUALITY_JOB_DEFINITION),
        JobDefinitionType("ModelQuality", Kind.MODEL_QUALITY_JOB_DEFINITION),
        JobDefinitionType("ModelBias", Kind.MODEL_BIAS_JOB_DEFINITION),
        JobDefinitionType("ModelExplainability", Kind.MODEL_EXPLAINABILITY_JOB_DEFINITION),
    )
}


def endpoint_name(job_input: Document) -> str:
    """The endpoint that is watched; none where batch transforms are."""
    name: str = job_input.get("EndpointInput", {}).get("EndpointName", "")
    return name
