"""ListPipelineVersions and UpdatePipelineVersion."""

from collections.abc import Iterable, Sequence

from slipway.errors import ResourceNotFound, ValidationException
from slipway.operations.listing import list_page
from slipway.operations.pipeline_lookup import existing_pipeline, existing_version
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document
from slipway.resources.resource import Kind, Resource
from slipway.store.store import Store

# The model's text on PipelineVersionAliases: "a version can have up to 10 aliases".
MOST_ALIASES = 10
REPLACED = ("PipelineVersionDisplayName", "PipelineVersionDescription")


class PipelineVersions:
    """What is known of a pipeline's definitions, each of which is a version."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "ListPipelineVersions"): self.list,
            (SAGEMAKER, "UpdatePipelineVersion"): self.update,
        }

    def list(self, call: Call) -> Document:
        """ListPipelineVersions."""
        pipeline = existing_pipeline(self._store, call.owner, call.parameters["PipelineName"])
        return list_page(
            self._store,
            call,
            Kind.PIPELINE_VERSION,
            "PipelineVersionSummaries",
            lambda version: version.document,
            parent=pipeline.name,
        )

    def update(self, call: Call) -> Document:
        """UpdatePipelineVersion: what it is called."""
        parameters = call.parameters
        operations = parameters.get("PipelineVersionAliasOperations", {})
        with self._store.all_or_nothing():
            pipeline = existing_pipeline(self._store, call.owner, parameters["PipelineArn"])
            version = existing_version(self._store, pipeline, parameters["PipelineVersionId"])
            aliases = _without(version, operations.get("Remove", ()))
            added = [alias for alias in operations.get("Add", ()) if alias not in aliases]
            check_aliases(self._store, pipeline, added, besides=version)
            if len(aliases) + len(added) > MOST_ALIASES:
                raise ValidationException(
                    f"A pipeline version can have {MOST_ALIASES} aliases; "
                    f"this one would have {len(aliases) + len(added)}."
                )
            given = {member: parameters[member] for member in REPLACED if member in parameters}
            change = {**given, "PipelineVersionAliases": [*aliases, *added] or None}
            self._store.transition(version.key, lambda present: present.with_document(change))
        return {"PipelineArn": pipeline.arn, "PipelineVersionId": parameters["PipelineVersionId"]}


def check_aliases(
    store: Store, pipeline: Resource, aliases: Sequence[str], besides: Resource | None = None
) -> None:
    """Refuse aliases that are numbers, or that a version of the pipeline has already.

    `besides` is the version that is to have them. Raises ValidationException.
    """
    for alias in aliases:
        if alias.isdigit():
            raise ValidationException(f"The alias '{alias}' cannot consist of numbers only.")
    versions = store.children(pipeline.key.owner, Kind.PIPELINE_VERSION, pipeline.name)
    for version in versions:
        taken = sorted(set(aliases) & set(version.document.get("PipelineVersionAliases", ())))
        if taken and (besides is None or version.key != besides.key):
            raise ValidationException(
                f"The alias '{taken[0]}' belongs to version {version.document['PipelineVersionId']} "
                f"of pipeline '{pipeline.arn}'; remove it there first."
            )


def _without(version: Resource, removed: Iterable[str]) -> list[str]:
    """The aliases of a version but some. Raises ResourceNotFound for one that it has not."""
    aliases: list[str] = version.document.get("PipelineVersionAliases", [])
    unknown = sorted(set(removed) - set(aliases))
    if unknown:
        raise ResourceNotFound(f"Version {version.name} does not have the alias '{unknown[0]}'.")
    return [alias for alias in aliases if alias not in set(removed)]
