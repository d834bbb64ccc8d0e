"""An execution's definition and rows, read from the store; a selection takes its source's rows over first."""

from dataclasses import replace
from functools import lru_cache

from slipway.executors.pipeline.progress import Progress, adopted, cut, selection_of
from slipway.pipelines.definition import read_definition
from slipway.resources.arn import key_of_arn
from slipway.resources.pipeline_step import step_key
from slipway.resources.resource import Kind, Resource
from slipway.store.store import Store

# Definitions that many executions share are read once.
_read = lru_cache(maxsize=64)(read_definition)


def read_progress(store: Store, execution: Resource) -> Progress:
    """How far an execution is."""
    definition, selection = _read(execution.internal["definition"]), selection_of(execution)
    if selection is not None:
        definition = cut(definition, selection)
    rows = store.children(execution.key.owner, Kind.PIPELINE_STEP, execution.name)
    return Progress(execution, definition, {row.document["StepName"]: row for row in rows})


def adopt(store: Store, execution: Resource) -> list[str]:
    """Take over what a selective execution's steps need of its source; returns what is not there."""
    selection = selection_of(execution)
    if selection is None:
        return []
    wanted = sorted(adopted(_read(execution.internal["definition"]), selection))
    return [name for name in wanted if not _is_taken(store, execution, name)]


def _is_taken(store: Store, execution: Resource, name: str) -> bool:
    """Whether the execution has its source's row of a step, by now."""
    key = step_key(execution.key, name)
    if store.get(key) is not None:
        return True
    source_arn = execution.document["SelectiveExecutionConfig"].get("SourcePipelineExecutionArn", "")
    source = key_of_arn(source_arn)
    row = store.get(step_key(source, name)) if source else None
    if row is None:
        return False
    document = {**row.document, "SelectiveExecutionResult": {"SourcePipelineExecutionArn": source_arn}}
    store.create(replace(row, key=key, document=document), parent=execution.name)
    return True
