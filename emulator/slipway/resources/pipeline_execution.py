"""A pipeline execution's record: what Describe shows of it, and all that carrying it out needs."""

from collections.abc import Sequence

from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Resource

# The members that a request gives and Describe shows; an execution's parallelism is its pipeline's otherwise.
GIVEN = ("PipelineExecutionDescription", "SelectiveExecutionConfig")
UPDATED = ("PipelineExecutionDescription", "PipelineExecutionDisplayName", "ParallelismConfiguration")
ROUND = "round"


def requested(
    key: Key,
    pipeline: Resource,
    version: Resource,
    parameters: Document,
    values: Sequence[Document],
    by: Document,
    now: float,
) -> Resource:
    """The execution as it is when its request has been accepted.

    `values` are those of all its parameters, as they are listed; `by` is who
    started it. Everything that it needs of its pipeline is kept in it.
    """
    document = without_empty(
        {
            "PipelineArn": pipeline.arn,
            "PipelineExecutionArn": key.arn,
            # The form that AWS gives those without one.
            "PipelineExecutionDisplayName": f"execution-{round(now * 1000)}",
            "ParallelismConfiguration": pipeline.document.get("ParallelismConfiguration"),
            **{member: parameters[member] for member in (*UPDATED, *GIVEN) if member in parameters},
            "PipelineExecutionStatus": "Executing",
            "PipelineVersionId": version.document["PipelineVersionId"],
            "CreationTime": now,
            "LastModifiedTime": now,
            "CreatedBy": by,
            "LastModifiedBy": by,
        }
    )
    internal = {
        "definition": version.internal["definition"],
        "parameters": list(values),
        "role_arn": pipeline.document["RoleArn"],
        ROUND: 0,
    }
    return Resource(key, now, now, "Executing", document, internal)


def retried(execution: Resource, parameters: Document, by: Document) -> Resource:
    """The execution at work again, in a round of its own: what failed in an earlier one is begun anew."""
    changes: Document = {"FailureReason": None, "LastModifiedBy": by}
    if "ParallelismConfiguration" in parameters:
        changes["ParallelismConfiguration"] = parameters["ParallelismConfiguration"]
    after = execution.with_document(changes).with_internal({ROUND: execution.internal[ROUND] + 1})
    return after.in_status("Executing")
