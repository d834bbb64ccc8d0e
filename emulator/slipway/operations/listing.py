"""What every List operation has in common: SageMaker's filters, orders and pages."""

from collections.abc import Callable

from slipway.protocol.call import Call
from slipway.protocol.pages import read_token, write_token
from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Kind, Resource
from slipway.store.query import Query, SortBy
from slipway.store.store import Store

# ListEndpoints says so of MaxResults ("This value defaults to 10"); the others answer ten as well.
DEFAULT_LIMIT = 10
# The SDK asks once for an execution's steps and takes the answer for all of them; of the other the model
# says "The default is 100".
LIMITS = {"ListPipelineExecutionSteps": 100, "ListMonitoringAlertHistory": 100}
SORT_BY = {
    "Name": SortBy.NAME,
    "CreationTime": SortBy.CREATION_TIME,
    "LastModifiedTime": SortBy.MODIFIED_TIME,
    "Status": SortBy.STATUS,
    "FeatureGroupStatus": SortBy.STATUS,
    "ScheduledTime": SortBy.SCHEDULED_TIME,
    # Those of a pipeline differ in their names alone.
    "PipelineExecutionArn": SortBy.NAME,
}
# The model's own text on SortOrder: "The default is Descending" of these, Ascending of the others.
DESCENDING = frozenset(
    {
        *("ListModels", "ListEndpointConfigs", "ListEndpoints"),
        *("ListDataQualityJobDefinitions", "ListModelQualityJobDefinitions"),
        *("ListModelBiasJobDefinitions", "ListModelExplainabilityJobDefinitions"),
        *("ListMonitoringSchedules", "ListMonitoringExecutions", "ListMonitoringAlertHistory"),
        # The text says nothing of these. The SDK takes the first of all versions for the newest
        # (Pipeline.latest_pipeline_version_id), and recorded steps have the last one first.
        *("ListPipelines", "ListPipelineVersions", "ListPipelineExecutions", "ListPipelineExecutionSteps"),
    }
)


def query_of(call: Call, parent: str | None = None, label: str | None = None) -> Query:
    """The page that a List call asks for. Raises ValidationException for a token of another list."""
    parameters = call.parameters
    default_order = "Descending" if call.operation in DESCENDING else "Ascending"
    return Query(
        limit=parameters.get("MaxResults", LIMITS.get(call.operation, DEFAULT_LIMIT)),
        sort_by=SORT_BY[parameters.get("SortBy", "CreationTime")],
        descending=parameters.get("SortOrder", default_order) == "Descending",
        after=read_token(call.operation, parameters),
        name_contains=parameters.get("NameContains"),
        name_prefix=parameters.get("PipelineNamePrefix"),
        status=parameters.get("StatusEquals", parameters.get("FeatureGroupStatusEquals")),
        parent=parent,
        label=label,
        created_after=parameters.get("CreationTimeAfter", parameters.get("CreatedAfter")),
        created_before=parameters.get("CreationTimeBefore", parameters.get("CreatedBefore")),
        modified_after=parameters.get("LastModifiedTimeAfter"),
        modified_before=parameters.get("LastModifiedTimeBefore"),
    )


def list_page(
    store: Store,
    call: Call,
    kind: Kind,
    member: str,
    summary_of: Callable[[Resource], Document],
    parent: str | None = None,
    label: str | None = None,
) -> Document:
    """The answer to a List call: `member` holds one summary a resource; NextToken where there is more."""
    page = store.page(call.owner, kind, query_of(call, parent, label))
    return without_empty(
        {
            member: [summary_of(resource) for resource in page.resources],
            "NextToken": write_token(call.operation, call.parameters, page.next),
        }
    )


def summary(resource: Resource, *members: str) -> Document:
    """Those members of a resource's document that it has."""
    return {name: resource.document[name] for name in members if name in resource.document}
