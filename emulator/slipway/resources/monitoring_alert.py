"""A monitoring schedule's alert, and the changes of its status that its executions brought.

Developer guide, "View and edit alerts": after every execution the failures among the last
EvaluationPeriod of them are counted; as many as DatapointsToAlert raise the alert, fewer end it, and
a window that is not full yet counts as it is. A failure is an execution with violations: these are
what the reports say that an alert leads to.
"""

from slipway.resources.document import Document
from slipway.resources.resource import Key, Kind, Resource

OK, IN_ALERT = "OK", "InAlert"
WITH_VIOLATIONS = "CompletedWithViolations"
# Executions that compared something; one that failed or was stopped says nothing of the data.
VERDICTS = frozenset({"Completed", WITH_VIOLATIONS})
# The model's largest EvaluationPeriod.
LONGEST_PERIOD = 100


def alert_key(schedule: Resource) -> Key:
    """What identifies a schedule's alert, which is called as the schedule is."""
    return Key(schedule.key.owner, Kind.MONITORING_ALERT, f"{schedule.name}/{schedule.name}")


def made(schedule: Resource) -> Resource:
    """The alert that every schedule has from the beginning."""
    document = {
        "MonitoringAlertName": schedule.name,
        "CreationTime": schedule.created_at,
        "LastModifiedTime": schedule.created_at,
        "AlertStatus": OK,
        "DatapointsToAlert": 1,
        "EvaluationPeriod": 1,
        # The only action that there is: a light on the Model Dashboard.
        "Actions": {"ModelDashboardIndicator": {"Enabled": True}},
    }
    internal = {"recent": [], "at": 0, "seen": [], "changes": 0}
    return Resource(alert_key(schedule), schedule.created_at, schedule.created_at, OK, document, internal)


def has_seen(alert: Resource, execution: Resource) -> bool:
    """Whether an execution has been counted."""
    return execution.name in alert.internal["seen"]


def after(alert: Resource, execution: Resource) -> Resource:
    """The alert once an execution that has ended is counted, of those in the order of their times."""
    at = execution.document["ScheduledTime"]
    seen = alert.internal["seen"] if at == alert.internal["at"] else []
    counted = alert.with_internal({"at": at, "seen": [*seen, execution.name]})
    if execution.status not in VERDICTS:
        return counted
    recent = [*alert.internal["recent"], execution.status == WITH_VIOLATIONS][-LONGEST_PERIOD:]
    failures = sum(recent[-alert.document["EvaluationPeriod"] :])
    is_raised = failures >= alert.document["DatapointsToAlert"]
    changed = counted.with_internal({"recent": recent}).in_status(IN_ALERT if is_raised else OK)
    if changed.status == alert.status:
        return changed
    return changed.with_internal({"changes": alert.internal["changes"] + 1})


def change(alert: Resource, schedule_name: str, moment: float) -> Resource:
    """The entry of the alert's history that its last change of status is."""
    key = alert.key
    name = f"{key.name}/{alert.internal['changes']}"
    document: Document = {
        "MonitoringScheduleName": schedule_name,
        "MonitoringAlertName": alert.document["MonitoringAlertName"],
        "CreationTime": moment,
        "AlertStatus": alert.status,
    }
    return Resource(
        Key(key.owner, Kind.MONITORING_ALERT_CHANGE, name), moment, moment, alert.status, document
    )
