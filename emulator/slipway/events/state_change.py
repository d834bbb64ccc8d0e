"""A change of a resource as EventBridge tells it.

The shapes are those of the developer guide ("Events that Amazon SageMaker AI sends to
Amazon EventBridge"): a part of what Describe shows, with times written as each has them.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from slipway.events.pipeline_change import execution_detail, step_detail
from slipway.events.run_ended import run_ended
from slipway.resources.document import Document
from slipway.resources.resource import Kind, Resource
from slipway.resources.times import iso, milliseconds
from slipway.store.store import Event

TRAINING_JOB = (
    "TrainingJobName",
    "TrainingJobArn",
    "TrainingJobStatus",
    "SecondaryStatus",
    "FailureReason",
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ModelArtifacts",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
    "CreationTime",
    "TrainingStartTime",
    "TrainingEndTime",
    "LastModifiedTime",
    "SecondaryStatusTransitions",
)
# The guide names the event and shows none of it: the members are those of its siblings.
PROCESSING_JOB = (
    "ProcessingJobName",
    "ProcessingJobArn",
    "ProcessingJobStatus",
    "FailureReason",
    "ExitMessage",
    "AppSpecification",
    "Environment",
    "RoleArn",
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "NetworkConfig",
    "StoppingCondition",
    "CreationTime",
    "ProcessingStartTime",
    "ProcessingEndTime",
    "LastModifiedTime",
)
ENDPOINT = (
    "EndpointName",
    "EndpointArn",
    "EndpointConfigName",
    "ProductionVariants",
    "EndpointStatus",
    "FailureReason",
    "CreationTime",
    "LastModifiedTime",
)
MODEL_PACKAGE = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "ApprovalDescription",
    "MetadataProperties",
    "ModelMetrics",
    "CustomerMetadataProperties",
    "ModelLifeCycle",
    "LastModifiedTime",
)
FEATURE_GROUP = (
    "FeatureGroupArn",
    "FeatureGroupName",
    "RecordIdentifierFeatureName",
    "EventTimeFeatureName",
    "FeatureDefinitions",
    "CreationTime",
    "OnlineStoreConfig",
    "OfflineStoreConfig",
    "RoleArn",
    "FeatureGroupStatus",
    "OfflineStoreStatus",
    "FailureReason",
    "Description",
)
# The tags of a resource are not in its document: whoever tells the event puts them here.
UNTAGGED: Document = {"Tags": {}}


def event_of(before: Resource | None, after: Resource) -> Event | None:
    """The event that a change owes; None where AWS tells nothing of it.

    A job, an endpoint, a pipeline execution and a step owe one for each status, a training job
    for each secondary status too, a model package for whatever Describe then shows differently.
    """
    kind = after.key.kind
    if kind not in _DETAILS or not _is_news(before, after):
        return None
    detail_type, detail = _DETAILS[kind]
    return Event(detail_type, detail(before, after))


def events_of(before: Resource | None, after: Resource) -> tuple[Event, ...]:
    """All that a change owes: AWS's own event, and ours after it where a run has ended."""
    return tuple(event for event in (event_of(before, after), run_ended(before, after)) if event)


def resources_of(arn: str, detail: Document) -> list[str]:
    """What an event of the resource `arn` lists: its ARN, and both of a pipeline and its execution."""
    if "pipelineExecutionArn" in detail:
        return [detail["pipelineArn"], detail["pipelineExecutionArn"]]
    return [arn]


def nothing_of(_before: Resource | None, _after: Resource) -> tuple[Event, ...]:
    """What a change owes where nobody listens."""
    return ()


def _is_news(before: Resource | None, after: Resource) -> bool:
    if before is None or before.status != after.status:
        return True
    if after.key.kind is Kind.TRAINING_JOB:
        return before.document.get("SecondaryStatus") != after.document.get("SecondaryStatus")
    if after.key.kind is Kind.MODEL_PACKAGE:
        return _told(before.document) != _told(after.document)
    return False


def _told(model_package: Document) -> Document:
    """What counts as a change of a model package."""
    return {
        name: value
        for name, value in model_package.items()
        if name in MODEL_PACKAGE and name != "LastModifiedTime"
    }


def _training_job(document: Document) -> Document:
    return {**_part(document, TRAINING_JOB, lambda seconds: str(milliseconds(seconds))), **UNTAGGED}


def _processing_job(document: Document) -> Document:
    return {**_part(document, PROCESSING_JOB, milliseconds), **UNTAGGED}


def _endpoint(document: Document) -> Document:
    status = _capitals(document["EndpointStatus"])
    return {**_part(document, ENDPOINT, milliseconds), "EndpointStatus": status, **UNTAGGED}


def _model_package(document: Document) -> Document:
    return _part(document, MODEL_PACKAGE, iso)


def _feature_group(document: Document) -> Document:
    return _part(document, FEATURE_GROUP, milliseconds)


Detail = Callable[[Resource | None, Resource], Document]


def _of_document(detail: Callable[[Document], Document]) -> Detail:
    """A detail that what Describe shows is enough for."""
    return lambda _before, after: detail(after.document)


_DETAILS: Mapping[Kind, tuple[str, Detail]] = {
    Kind.TRAINING_JOB: ("SageMaker Training Job State Change", _of_document(_training_job)),
    Kind.PROCESSING_JOB: ("SageMaker Processing Job State Change", _of_document(_processing_job)),
    Kind.ENDPOINT: ("SageMaker Endpoint State Change", _of_document(_endpoint)),
    Kind.MODEL_PACKAGE: ("SageMaker Model Package State Change", _of_document(_model_package)),
    Kind.FEATURE_GROUP: ("SageMaker Feature Group State Change", _of_document(_feature_group)),
    Kind.PIPELINE_EXECUTION: ("SageMaker Model Building Pipeline Execution Status Change", execution_detail),
    Kind.PIPELINE_STEP: ("SageMaker Model Building Pipeline Execution Step Status Change", step_detail),
}


def _part(document: Document, members: Iterable[str], written: Callable[[float], object]) -> Document:
    """Some members of a document, with every time in them written in another way."""
    return {name: _with_times(name, document[name], written) for name in members if name in document}


def _with_times(name: str, value: object, written: Callable[[float], object]) -> object:
    """What `name` stands for; times are the numbers that are called so."""
    if isinstance(value, dict):
        return _part(value, value, written)
    if isinstance(value, list):
        return [_with_times(name, item, written) for item in value]
    if name.endswith("Time") and isinstance(value, int | float):
        return written(value)
    return value


def _capitals(status: str) -> str:
    """An endpoint's status as events spell it: InService is IN_SERVICE."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", status).upper()
