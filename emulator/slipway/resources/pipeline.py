"""A pipeline's record and those of its versions, whose numbers count its definitions."""

from collections.abc import Sequence

from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Kind, Resource

# UpdatePipeline's members that take the place of what is there.
REPLACED = ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")
LATEST = "version"


def requested(key: Key, parameters: Document, definition: str, by: Document, now: float) -> Resource:
    """The pipeline as it is when it has been created; `by` is who did it."""
    document = {
        "PipelineArn": key.arn,
        "PipelineName": key.name,
        "PipelineDisplayName": key.name,
        **{member: parameters[member] for member in REPLACED if member in parameters},
        "PipelineDefinition": definition,
        "PipelineStatus": "Active",
        "CreationTime": now,
        "LastModifiedTime": now,
        "CreatedBy": by,
        "LastModifiedBy": by,
    }
    return Resource(key, now, now, "Active", document, {LATEST: 1})


def changed(pipeline: Resource, parameters: Document, definition: str, by: Document, now: float) -> Resource:
    """What UpdatePipeline makes of a pipeline; another definition is another version."""
    given = {member: parameters[member] for member in REPLACED if member in parameters}
    modified = {"LastModifiedTime": now, "LastModifiedBy": by}
    after = pipeline.with_document({**given, "PipelineDefinition": definition, **modified})
    if definition == pipeline.document["PipelineDefinition"]:
        return after
    return after.with_internal({LATEST: latest(pipeline) + 1})


def latest(pipeline: Resource) -> int:
    """The number of the newest version."""
    number: int = pipeline.internal[LATEST]
    return number


def version_key(pipeline: Resource, number: int) -> Key:
    """What identifies a version."""
    return Key(pipeline.key.owner, Kind.PIPELINE_VERSION, f"{pipeline.name}/version/{number}")


def newest_version(pipeline: Resource, aliases: Sequence[str], now: float) -> Resource:
    """The record of the version that a pipeline's present definition is."""
    number = latest(pipeline)
    document = without_empty(
        {
            "PipelineArn": pipeline.arn,
            "PipelineVersionId": number,
            "CreationTime": now,
            "PipelineVersionAliases": list(aliases) or None,
        }
    )
    internal = {"definition": pipeline.document["PipelineDefinition"]}
    return Resource(version_key(pipeline, number), now, now, document=document, internal=internal)


def described(pipeline: Resource, version: Resource) -> Document:
    """The pipeline as DescribePipeline shows it in one of its versions."""
    members = ("PipelineVersionDisplayName", "PipelineVersionDescription", "PipelineVersionAliases")
    return without_empty(
        {
            **pipeline.document,
            "PipelineDefinition": version.internal["definition"],
            "LastRunTime": last_run(pipeline),
            **{member: version.document.get(member) for member in members},
        }
    )


def last_run(pipeline: Resource) -> float | None:
    """When its last execution began, seconds since 1970; no change of the pipeline, so no member of it."""
    moment: float | None = pipeline.internal.get("last_run")
    return moment


def run_at(pipeline: Resource, now: float) -> Resource:
    """The pipeline after an execution has begun."""
    return pipeline.with_internal({"last_run": now})
