"""Pipelines, their versions and executions, found by what requests call them."""

from slipway.errors import ResourceNotFound, ValidationException
from slipway.resources.arn import key_of_arn
from slipway.resources.document import Document
from slipway.resources.pipeline import latest, version_key
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.store.store import Store


def existing_pipeline(store: Store, owner: Owner, name_or_arn: str) -> Resource:
    """The pipeline of that name or ARN. Raises ResourceNotFound."""
    key = key_of_arn(name_or_arn) if name_or_arn.startswith("arn:") else None
    if key is None:
        key = Key(owner, Kind.PIPELINE, name_or_arn)
    pipeline = store.get(key) if key.owner == owner and key.kind is Kind.PIPELINE else None
    if pipeline is None:
        raise ResourceNotFound(f"Pipeline '{key.arn}' does not exist.")
    return pipeline


def existing_execution(store: Store, owner: Owner, arn: str) -> Resource:
    """The execution of that ARN. Raises ResourceNotFound."""
    key = key_of_arn(arn)
    is_ours = key is not None and key.owner == owner and key.kind is Kind.PIPELINE_EXECUTION
    execution = store.get(key) if key is not None and is_ours else None
    if execution is None:
        raise ResourceNotFound(f"Pipeline execution '{arn}' does not exist.")
    return execution


def asked_version(store: Store, pipeline: Resource, parameters: Document) -> Resource:
    """The version that PipelineVersionId or PipelineVersionAlias names, else the newest.

    Raises ValidationException where both are given, ResourceNotFound where there is none.
    """
    number, alias = parameters.get("PipelineVersionId"), parameters.get("PipelineVersionAlias")
    if number is not None and alias is not None:
        raise ValidationException("PipelineVersionId and PipelineVersionAlias cannot be given together.")
    if alias is not None:
        return version_of_alias(store, pipeline, alias)
    return existing_version(store, pipeline, latest(pipeline) if number is None else number)


def existing_version(store: Store, pipeline: Resource, number: int) -> Resource:
    """The version of that number. Raises ResourceNotFound."""
    version = store.get(version_key(pipeline, number))
    if version is None:
        raise ResourceNotFound(f"Version {number} of pipeline '{pipeline.arn}' does not exist.")
    return version


def version_of_alias(store: Store, pipeline: Resource, alias: str) -> Resource:
    """The version that has `alias`. Raises ResourceNotFound."""
    for version in store.children(pipeline.key.owner, Kind.PIPELINE_VERSION, pipeline.name):
        if alias in version.document.get("PipelineVersionAliases", ()):
            return version
    raise ResourceNotFound(f"No version of pipeline '{pipeline.arn}' has the alias '{alias}'.")
