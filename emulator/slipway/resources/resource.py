"""One record for everything that has a name: jobs, models, endpoints, packages."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from slipway.resources.document import Document


class Kind(StrEnum):
    """A resource type; the value is the one in its ARN where ARN_FORMS has no other."""

    TRAINING_JOB = "training-job"
    PROCESSING_JOB = "processing-job"
    MODEL = "model"
    ENDPOINT_CONFIG = "endpoint-config"
    ENDPOINT = "endpoint"
    MODEL_PACKAGE_GROUP = "model-package-group"
    MODEL_PACKAGE = "model-package"
    PIPELINE = "pipeline"
    # Named <pipeline>/version/<number>.
    PIPELINE_VERSION = "pipeline-version"
    # Named <pipeline>/execution/<id>, and below that by the step.
    PIPELINE_EXECUTION = "pipeline-execution"
    PIPELINE_STEP = "pipeline-step"
    FUNCTION = "function"
    # An asynchronous invocation that has not been carried out, named by its request.
    FUNCTION_EVENT = "function-event"
    SCHEDULE_GROUP = "schedule-group"
    # Named <group>/<schedule>.
    SCHEDULE = "schedule"
    FEATURE_GROUP = "feature-group"
    DATA_QUALITY_JOB_DEFINITION = "data-quality-job-definition"
    MODEL_QUALITY_JOB_DEFINITION = "model-quality-job-definition"
    MODEL_BIAS_JOB_DEFINITION = "model-bias-job-definition"
    MODEL_EXPLAINABILITY_JOB_DEFINITION = "model-explainability-job-definition"
    MONITORING_SCHEDULE = "monitoring-schedule"
    # Named <schedule>/<what its jobs' names end with>; it has no ARN on AWS.
    MONITORING_EXECUTION = "monitoring-execution"
    # Named <schedule>/<alert>, and below that by their number.
    MONITORING_ALERT = "monitoring-alert"
    MONITORING_ALERT_CHANGE = "monitoring-alert-change"
    # Athena's, named by its id.
    QUERY_EXECUTION = "query-execution"
    # Glue's, named <database>/<table>.
    CATALOG_TABLE = "catalog-table"


# What stands between partition and region, and what between account and name.
ARN_FORMS: Mapping[Kind, tuple[str, str]] = {
    Kind.PIPELINE_VERSION: ("sagemaker", "pipeline/"),
    Kind.PIPELINE_EXECUTION: ("sagemaker", "pipeline/"),
    Kind.PIPELINE_STEP: ("sagemaker", "pipeline/"),
    Kind.FUNCTION: ("lambda", "function:"),
    Kind.FUNCTION_EVENT: ("lambda", "function-event:"),
    Kind.SCHEDULE_GROUP: ("scheduler", "schedule-group/"),
    Kind.SCHEDULE: ("scheduler", "schedule/"),
    Kind.MONITORING_EXECUTION: ("sagemaker", "monitoring-execution/"),
    Kind.MONITORING_ALERT: ("sagemaker", "monitoring-schedule-alert/"),
    Kind.MONITORING_ALERT_CHANGE: ("sagemaker", "monitoring-schedule-alert/"),
    Kind.QUERY_EXECUTION: ("athena", "query-execution/"),
    Kind.CATALOG_TABLE: ("glue", "table/"),
}
# Other ARNs have names as they were given. Of pipelines the SDK's own tests expect that of
# AWS (sagemaker-python-sdk, tests/integ/sagemaker/workflow/helpers.py, names in mixed case).
_LOWER_CASE = frozenset(
    {
        Kind.TRAINING_JOB,
        Kind.PROCESSING_JOB,
        Kind.MODEL,
        Kind.ENDPOINT_CONFIG,
        Kind.ENDPOINT,
        Kind.MODEL_PACKAGE_GROUP,
        Kind.MODEL_PACKAGE,
        Kind.FEATURE_GROUP,
        Kind.DATA_QUALITY_JOB_DEFINITION,
        Kind.MODEL_QUALITY_JOB_DEFINITION,
        Kind.MODEL_BIAS_JOB_DEFINITION,
        Kind.MODEL_EXPLAINABILITY_JOB_DEFINITION,
        Kind.MONITORING_SCHEDULE,
    }
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose resource it is, and where."""

    account_id: str
    region: str

    def arn(self, kind: Kind, name: str) -> str:
        """The ARN of a resource of this owner; SageMaker writes most names there in lower case."""
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        service, form = ARN_FORMS.get(kind, ("sagemaker", f"{kind.value}/"))
        shown = name.lower() if kind in _LOWER_CASE else name
        return f"arn:{partition}:{service}:{self.region}:{self.account_id}:{form}{shown}"


@dataclass(frozen=True, slots=True)
class Key:
    """What identifies a resource."""

    owner: Owner
    kind: Kind
    name: str

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.owner.arn(self.kind, self.name)


@dataclass(frozen=True, slots=True)
class Resource:
    """A snapshot of a resource.

    `document` is what Describe shows, times as seconds since 1970; `internal`
    is what an executor must find again after a restart, and no client sees it.
    """

    key: Key
    created_at: float
    modified_at: float
    status: str = ""
    document: Document = field(default_factory=dict)
    internal: Document = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name it was created with."""
        return self.key.name

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.key.arn

    def with_document(self, changes: Mapping[str, object]) -> Self:
        """The same resource with members of its document replaced; None removes one."""
        merged = {**self.document, **changes}
        return replace(self, document={name: value for name, value in merged.items() if value is not None})

    def with_internal(self, changes: Mapping[str, object]) -> Self:
        """The same resource with members of what executors keep replaced; None removes one."""
        merged = {**self.internal, **changes}
        return replace(self, internal={name: value for name, value in merged.items() if value is not None})

    def in_status(self, status: str) -> Self:
        """The same resource in another status."""
        return replace(self, status=status)
