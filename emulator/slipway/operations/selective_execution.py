"""Which steps a selective execution may name (developer guide, "Selective execution of pipeline steps")."""

from collections.abc import Iterable, Mapping

from slipway.errors import ResourceNotFound, ValidationException
from slipway.operations.pipeline_lookup import existing_execution
from slipway.pipelines.definition import Definition, DefinitionError
from slipway.pipelines.graph import dependencies, selected
from slipway.resources.document import Document
from slipway.resources.lifecycle import unfinished
from slipway.resources.resource import Kind, Resource
from slipway.store.store import Store


def check_selection(store: Store, pipeline: Resource, definition: Definition, config: Document) -> None:
    """Refuse a selection that could not run. Raises ValidationException, and ResourceNotFound.

    What the selected steps refer to must have succeeded in an execution of the
    same pipeline that has ended, and no step may stand between two of them.
    """
    names = [step["StepName"] for step in config["SelectedSteps"]]
    try:
        needed = selected(definition, names)
    except DefinitionError as error:
        raise ValidationException(f"Invalid SelectedSteps: {error}.") from None
    _check_connected(dependencies(definition), frozenset(names))
    source_arn = config.get("SourcePipelineExecutionArn")
    if source_arn is not None:
        _check_source(store, pipeline, source_arn, needed)
    elif needed:
        # As recorded in sagemaker-python-sdk, issue 4444.
        raise ValidationException(
            f"Invalid SourcePipelineExecutionArn: null. The selected steps [{', '.join(names)}] "
            f"have dependencies on [{', '.join(sorted(needed))}]"
        )


def _check_source(store: Store, pipeline: Resource, arn: str, needed: Iterable[str]) -> None:
    try:
        source = existing_execution(store, pipeline.key.owner, arn)
    except ResourceNotFound as error:
        raise ValidationException(f"Invalid SourcePipelineExecutionArn: {arn}. {error}") from None
    if source.document["PipelineArn"] != pipeline.arn:
        raise ValidationException(
            f"Invalid SourcePipelineExecutionArn: {arn}. It must be an execution of '{pipeline.arn}'."
        )
    if source.status in unfinished(Kind.PIPELINE_EXECUTION):
        raise ValidationException(
            f"Invalid SourcePipelineExecutionArn: {arn}. Its status is {source.status}; "
            "it must be Succeeded, Failed or Stopped."
        )
    steps = store.children(pipeline.key.owner, Kind.PIPELINE_STEP, source.name)
    succeeded = {step.document["StepName"] for step in steps if step.status == "Succeeded"}
    missing = sorted(set(needed) - succeeded)
    if missing:
        raise ValidationException(
            f"Invalid SourcePipelineExecutionArn: {arn}. The selected steps have dependencies on "
            f"[{', '.join(missing)}], which did not succeed there."
        )


def _check_connected(waited_for: Mapping[str, frozenset[str]], names: frozenset[str]) -> None:
    before = {name: _all_before(waited_for, name) for name in waited_for}
    between = {step for name in names for step in before[name] - names if before[step] & names}
    if between:
        raise ValidationException(
            f"The selected steps [{', '.join(sorted(names))}] are not connected: "
            f"select [{', '.join(sorted(between))}] between them as well."
        )


def _all_before(waited_for: Mapping[str, frozenset[str]], name: str) -> frozenset[str]:
    """All that has to be done before a step, however indirectly; definitions have no cycles."""
    found: set[str] = set()
    pending = [name]
    while pending:
        new = waited_for[pending.pop()] - found
        found |= new
        pending += new
    return frozenset(found)
