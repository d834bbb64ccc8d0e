"""What EventBridge is told of pipeline executions and their steps.

The members are those of the developer guide ("SageMaker pipeline execution state change",
"SageMaker pipeline step state change"), which writes both in camelCase. A step's event is made
of its row alone.
"""

from collections.abc import Mapping

from slipway.resources.document import Document, without_empty
from slipway.resources.lifecycle import TERMINAL_EXECUTION
from slipway.resources.resource import Kind, Resource
from slipway.resources.times import iso


def execution_detail(before: Resource | None, after: Resource) -> Document:
    """The detail of "SageMaker Model Building Pipeline Execution Status Change"."""
    document = after.document
    has_ended = after.status in TERMINAL_EXECUTION
    return without_empty(
        {
            "pipelineExecutionDisplayName": document["PipelineExecutionDisplayName"],
            "currentPipelineExecutionStatus": after.status,
            "previousPipelineExecutionStatus": before.status if before else None,
            "executionStartTime": iso(document["CreationTime"]),
            # Nothing of an execution shows its end but the moment of its last change.
            "executionEndTime": iso(document["LastModifiedTime"]) if has_ended else None,
            "pipelineExecutionDescription": document.get("PipelineExecutionDescription"),
            "pipelineArn": document["PipelineArn"],
            "pipelineExecutionArn": after.arn,
        }
    )


def step_detail(before: Resource | None, after: Resource) -> Document:
    """The detail of "SageMaker Model Building Pipeline Execution Step Status Change"."""
    document, owner = after.document, after.key.owner
    execution = after.name.rpartition("/")[0]
    end = document.get("EndTime")
    return without_empty(
        {
            "metadata": _in_camel_case(document.get("Metadata", {})),
            "cacheHitResult": _in_camel_case(document.get("CacheHitResult")),
            "failureReason": document.get("FailureReason"),
            "stepStartTime": iso(document["StartTime"]),
            "stepEndTime": iso(end) if end is not None else None,
            "stepName": document["StepName"],
            "stepType": after.internal["type"],
            "previousStepStatus": before.status if before else None,
            "currentStepStatus": after.status,
            "pipelineArn": owner.arn(Kind.PIPELINE, execution.partition("/")[0]),
            "pipelineExecutionArn": owner.arn(Kind.PIPELINE_EXECUTION, execution),
        }
    )


def _in_camel_case(value: object) -> object:
    """`value` with every member in it beginning with a small letter: ProcessingJob is processingJob."""
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: _in_camel_case(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_in_camel_case(item) for item in value]
    return value
