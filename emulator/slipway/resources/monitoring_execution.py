"""A monitoring execution's record: one start of a schedule, and what came of it."""

from slipway.resources.document import Document, without_empty
from slipway.resources.resource import Key, Kind, Resource

ENDED = frozenset({"Completed", "CompletedWithViolations", "Failed", "Stopped"})
LONGEST_REASON = 1024
# Of the width that keeps the order of times as texts.
LABEL_FORM = "016.3f"
SUMMARY = (
    "MonitoringScheduleName",
    "ScheduledTime",
    "CreationTime",
    "LastModifiedTime",
    "MonitoringExecutionStatus",
    "ProcessingJobArn",
    "EndpointName",
    "FailureReason",
    "MonitoringJobDefinitionName",
    "MonitoringType",
)


def started(schedule: Resource, scheduled_at: int, identity: str, now: float) -> Resource:
    """The execution of a schedule that starts now; all that it needs of the schedule is in it."""
    key = Key(schedule.key.owner, Kind.MONITORING_EXECUTION, f"{schedule.name}/{identity}")
    config = schedule.document["MonitoringScheduleConfig"]
    document = {
        "MonitoringScheduleName": schedule.name,
        "ScheduledTime": scheduled_at,
        "CreationTime": now,
        "LastModifiedTime": now,
        "MonitoringExecutionStatus": "Pending",
        "EndpointName": schedule.document["EndpointName"],
        "MonitoringJobDefinitionName": config.get("MonitoringJobDefinitionName"),
        "MonitoringType": schedule.document["MonitoringType"],
    }
    internal = {"config": config, "identity": identity, "schedule_arn": schedule.arn}
    return Resource(key, now, now, "Pending", without_empty(document), internal)


def label_of(scheduled_time: float) -> str:
    """A scheduled time as text, in the order of times."""
    return format(scheduled_time, LABEL_FORM)


def ended(execution: Resource, status: str, reason: str | None = None) -> Resource:
    """The execution in its end."""
    cut = None if reason is None else reason[:LONGEST_REASON]
    return execution.in_status(status).with_document({"FailureReason": cut})


def summary(execution: Resource) -> Document:
    """What lists and the schedule's own description show of it."""
    return {name: execution.document[name] for name in SUMMARY if name in execution.document}
