"""The executions that monitoring schedules have started."""

from dataclasses import replace

from slipway.operations.listing import query_of
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import write_token
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document, without_empty
from slipway.resources.monitoring_execution import label_of, summary
from slipway.resources.resource import Kind
from slipway.store.store import Store


class MonitoringExecutions:
    """What is answered of executions; they are made by whoever starts them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {(SAGEMAKER, "ListMonitoringExecutions"): self.list}

    def list(self, call: Call) -> Document:
        """ListMonitoringExecutions, those of schedules that are gone among them."""
        after, before = (call.parameters.get(f"ScheduledTime{which}") for which in ("After", "Before"))
        query = replace(
            query_of(call, parent=call.parameters.get("MonitoringScheduleName")),
            members=narrowed_by(call, "$.MonitoringJobDefinitionName"),
            label_after=None if after is None else label_of(after),
            label_before=None if before is None else label_of(before),
        )
        page = self._store.page(call.owner, Kind.MONITORING_EXECUTION, query)
        return without_empty(
            {
                "MonitoringExecutionSummaries": [summary(each) for each in page.resources],
                "NextToken": write_token(call.operation, call.parameters, page.next),
            }
        )


def narrowed_by(call: Call, definition_path: str) -> dict[str, str]:
    """What a list of schedules or executions is narrowed by, as paths of what Describe shows."""
    wanted = {
        "$.EndpointName": call.parameters.get("EndpointName"),
        definition_path: call.parameters.get("MonitoringJobDefinitionName"),
        "$.MonitoringType": call.parameters.get("MonitoringTypeEquals"),
    }
    return {path: value for path, value in wanted.items() if value is not None}
