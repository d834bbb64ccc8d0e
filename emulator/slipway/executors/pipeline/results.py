"""What earlier executions of a pipeline have done already (developer guide, "Caching pipeline steps")."""

from slipway.clock import Clock
from slipway.errors import ServiceError
from slipway.executors.pipeline.scope import DESCRIPTIONS
from slipway.executors.pipeline.task import Succeeded, Task
from slipway.resources.resource import Kind
from slipway.store.query import Query
from slipway.store.store import Store


class Results:
    """The results of steps that may be used again.

    A step that may be looked for carries what it is found by as its row's
    label, from its success on; one that was found itself carries none, so that
    every age is that of the work.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def find(self, task: Task, label: str) -> Succeeded | None:
        """The most recent result under `label`, if it is young enough and its job is still known."""
        query = Query(limit=1, descending=True, label=label)
        page = self._store.page(task.owner, Kind.PIPELINE_STEP, query)
        if not page.resources:
            return None
        (row,) = page.resources
        age = self._clock.now() - row.document["EndTime"]
        if task.step.cache_seconds is None or age > task.step.cache_seconds:
            return None
        operation, member = DESCRIPTIONS[task.step.type]
        try:
            task.call("sagemaker", operation, {member: row.internal["made"]})
        except ServiceError:
            return None
        source = task.owner.arn(Kind.PIPELINE_EXECUTION, row.name.rpartition("/")[0])
        return Succeeded(
            metadata=row.document["Metadata"],
            internal={"made": row.internal["made"]},
            cache_hit={"SourcePipelineExecutionArn": source},
        )


def label_of(task: Task, cache_key: str) -> str:
    """What a step's result is found by: the same key, which tells steps apart, in the same pipeline."""
    pipeline = task.execution.name.partition("/execution/")[0]
    return f"result/{pipeline}/{cache_key}"
