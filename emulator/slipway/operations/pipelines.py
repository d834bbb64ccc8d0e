"""CreatePipeline, UpdatePipeline, DescribePipeline, ListPipelines, DeletePipeline."""

from collections.abc import Sequence

from slipway.clock import Clock
from slipway.errors import ConflictException, ValidationException
from slipway.operations.listing import list_page, summary
from slipway.operations.model_package_groups import caller
from slipway.operations.pipeline_definitions import ReadObject, given_definition
from slipway.operations.pipeline_lookup import asked_version, existing_pipeline
from slipway.operations.pipeline_versions import check_aliases
from slipway.operations.request_tokens import once, used_for_another
from slipway.operations.step_arguments import StepArguments
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document, without_empty
from slipway.resources.lifecycle import unfinished
from slipway.resources.pipeline import changed, described, last_run, latest, newest_version, requested
from slipway.resources.resource import Key, Kind, Resource
from slipway.resources.tagging import checked_tags
from slipway.store.store import AlreadyExistsError, Store

SUMMARY = (
    "PipelineArn",
    "PipelineName",
    "PipelineDisplayName",
    "PipelineDescription",
    "RoleArn",
    "CreationTime",
    "LastModifiedTime",
)


class Pipelines:
    """Pipelines; one that is there has been read, so its executions only fail by what they do.

    A version is kept for each definition. Deleting a pipeline deletes its
    versions and executions.
    """

    def __init__(
        self, store: Store, clock: Clock, read_object: ReadObject, step_arguments: StepArguments
    ) -> None:
        self._store = store
        self._clock = clock
        self._read_object = read_object
        self._step_arguments = step_arguments

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "CreatePipeline"): self.create,
            (SAGEMAKER, "UpdatePipeline"): self.update,
            (SAGEMAKER, "DescribePipeline"): self.describe,
            (SAGEMAKER, "ListPipelines"): self.list,
            (SAGEMAKER, "DeletePipeline"): self.delete,
        }

    def create(self, call: Call) -> Document:
        """CreatePipeline."""
        definition = given_definition(call, self._read_object, self._step_arguments)
        if definition is None:
            # As moto has it.
            raise ValidationException(
                "Either Pipeline Definition or Pipeline Definition S3 location should be provided"
            )
        name = once(self._store, call, lambda: self._create(call, definition))
        pipeline = self._store.get(Key(call.owner, Kind.PIPELINE, name))
        if pipeline is None:
            raise used_for_another(call)
        return {"PipelineArn": pipeline.arn}

    def update(self, call: Call) -> Document:
        """UpdatePipeline: members that are not given stay; executions go on with what they began with."""
        given = given_definition(call, self._read_object, self._step_arguments)
        aliases = call.parameters.get("PipelineVersionAliases", [])
        now = self._clock.now()
        with self._store.all_or_nothing():
            before = existing_pipeline(self._store, call.owner, call.parameters["PipelineName"])
            definition = before.document["PipelineDefinition"] if given is None else given
            after = self._store.transition(
                before.key,
                lambda present: changed(present, call.parameters, definition, caller(call.owner), now),
            )
            if latest(after) != latest(before):
                self._add_version(after, aliases, now)
            elif aliases:
                raise ValidationException(
                    "PipelineVersionAliases can be given with another pipeline definition only; "
                    "use UpdatePipelineVersion for a version that is there."
                )
        return {"PipelineArn": after.arn, "PipelineVersionId": latest(after)}

    def describe(self, call: Call) -> Document:
        """DescribePipeline: in its newest version, or the one that is asked for."""
        pipeline = existing_pipeline(self._store, call.owner, call.parameters["PipelineName"])
        return described(pipeline, asked_version(self._store, pipeline, call.parameters))

    def list(self, call: Call) -> Document:
        """ListPipelines; AWS manages none here."""
        if call.parameters.get("ManagedBy") == "AWS":
            return {"PipelineSummaries": []}
        return list_page(self._store, call, Kind.PIPELINE, "PipelineSummaries", _summary)

    def delete(self, call: Call) -> Document:
        """DeletePipeline, with its versions and executions; not while one of them runs."""
        name = once(self._store, call, lambda: self._delete(call))
        return {"PipelineArn": Key(call.owner, Kind.PIPELINE, name).arn}

    def _create(self, call: Call, definition: str) -> str:
        parameters = call.parameters
        key = Key(call.owner, Kind.PIPELINE, parameters["PipelineName"])
        now = self._clock.now()
        pipeline = requested(key, parameters, definition, caller(call.owner), now)
        try:
            self._store.create(pipeline, checked_tags(parameters.get("Tags", ())))
        except AlreadyExistsError as error:
            # Callers look for "must be unique within an AWS account" (aws-doc-sdk-examples, SDK v3)
            # and for "already exists" (SDK v2): AWS has said both, one after the other.
            raise ValidationException(
                "Pipeline names must be unique within an AWS account and region. "
                f"Pipeline with name ({error.existing.name}) already exists."
            ) from None
        self._add_version(pipeline, parameters.get("PipelineVersionAliases", []), now)
        return key.name

    def _add_version(self, pipeline: Resource, aliases: Sequence[str], now: float) -> None:
        check_aliases(self._store, pipeline, aliases)
        self._store.create(newest_version(pipeline, aliases, now), parent=pipeline.name)

    def _delete(self, call: Call) -> str:
        store, owner = self._store, call.owner
        pipeline = existing_pipeline(store, owner, call.parameters["PipelineName"])
        executions = store.children(owner, Kind.PIPELINE_EXECUTION, pipeline.name)
        running = [each.arn for each in executions if each.status in unfinished(Kind.PIPELINE_EXECUTION)]
        if running:
            raise ConflictException(
                f"Pipeline '{pipeline.arn}' cannot be deleted while executions of it are running: "
                f"{', '.join(running)}. Stop them first."
            )
        below = store.children(owner, Kind.PIPELINE_VERSION, pipeline.name)
        for execution in executions:
            below += [*store.children(owner, Kind.PIPELINE_STEP, execution.name), execution]
        for resource in (*below, pipeline):
            store.delete(resource.key)
        return pipeline.name


def _summary(pipeline: Resource) -> Document:
    return without_empty({**summary(pipeline, *SUMMARY), "LastExecutionTime": last_run(pipeline)})
