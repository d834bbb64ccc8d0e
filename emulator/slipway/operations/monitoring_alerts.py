"""The alerts of monitoring schedules, and their history."""

import math
from itertools import takewhile

from slipway.errors import ResourceNotFound, ValidationException
from slipway.operations.listing import list_page
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import read_token
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document
from slipway.resources.monitoring_alert import after, alert_key, change, has_seen, made
from slipway.resources.monitoring_execution import ENDED, label_of
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.store.query import Query, SortBy
from slipway.store.store import Store

# How many executions are counted at a look at the store.
PAGE = 100
# Of a scheduled time, which is a whole second.
LESS_SECONDS = 0.001
# More than there can be schedules in an account.
MOST_SCHEDULES = 100_000


class MonitoringAlerts:
    """What is answered of alerts.

    Executions are counted in their order whenever somebody asks, before anything is answered or
    changed: what is shown is what there would be if each had been counted at its end.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "ListMonitoringAlerts"): self.list,
            (SAGEMAKER, "UpdateMonitoringAlert"): self.update,
            (SAGEMAKER, "ListMonitoringAlertHistory"): self.history,
        }

    def list(self, call: Call) -> Document:
        """ListMonitoringAlerts: the one that the schedule has."""
        schedule = self._schedule(call.owner, call.parameters["MonitoringScheduleName"])
        read_token(call.operation, call.parameters)
        return {"MonitoringAlertSummaries": [self._counted(schedule).document]}

    def update(self, call: Call) -> Document:
        """UpdateMonitoringAlert: what counts from the next execution on."""
        parameters = call.parameters
        datapoints, period = parameters["DatapointsToAlert"], parameters["EvaluationPeriod"]
        if datapoints > period:
            raise ValidationException(
                f"DatapointsToAlert {datapoints} is more than EvaluationPeriod {period}, so nothing would "
                "ever raise the alert."
            )
        with self._store.all_or_nothing():
            schedule = self._schedule(call.owner, parameters["MonitoringScheduleName"])
            alert = self._counted(schedule)
            if parameters["MonitoringAlertName"] != alert.document["MonitoringAlertName"]:
                raise _no_alert(schedule, parameters["MonitoringAlertName"])
            settings = {"DatapointsToAlert": datapoints, "EvaluationPeriod": period}
            self._store.transition(alert.key, lambda present: present.with_document(settings))
        return {"MonitoringScheduleArn": schedule.arn, "MonitoringAlertName": schedule.name}

    def history(self, call: Call) -> Document:
        """ListMonitoringAlertHistory: every change of a status, of one schedule or of all that there are."""
        name = call.parameters.get("MonitoringScheduleName")
        if name is None:
            for schedule in self._schedules(call.owner):
                self._counted(schedule)
        else:
            schedule = self._schedule(call.owner, name)
            self._counted(schedule)
            name = schedule.name
        label = call.parameters.get("MonitoringAlertName")
        member, kind = "MonitoringAlertHistory", Kind.MONITORING_ALERT_CHANGE
        return list_page(self._store, call, kind, member, lambda entry: entry.document, name, label)

    def _counted(self, schedule: Resource) -> Resource:
        """A schedule's alert, with all executions counted that have ended, and its history written down."""
        with self._store.all_or_nothing():
            key = alert_key(schedule)
            alert = self._store.get(key) or self._store.create(made(schedule), parent=schedule.name)
            while executions := self._ended_after(schedule, alert):
                for execution in executions:
                    alert = self._count(schedule, alert, execution)
            return alert

    def _count(self, schedule: Resource, alert: Resource, execution: Resource) -> Resource:
        counted = self._store.transition(alert.key, lambda present: after(present, execution))
        if counted.status != alert.status:
            entry = change(counted, schedule.name, execution.modified_at)
            label = counted.document["MonitoringAlertName"]
            self._store.create(entry, parent=schedule.name, label=label)
        return counted

    def _ended_after(self, schedule: Resource, alert: Resource) -> tuple[Resource, ...]:
        """Executions that have ended and not been counted, up to the first that is under way."""
        query = Query(
            limit=PAGE,
            parent=schedule.name,
            sort_by=SortBy.SCHEDULED_TIME,
            label_after=label_of(max(0.0, alert.internal["at"] - LESS_SECONDS)),
            # Not those of another schedule that had the name before.
            created_after=math.nextafter(schedule.created_at, 0.0),
        )
        page = self._store.page(schedule.key.owner, Kind.MONITORING_EXECUTION, query)
        ended = takewhile(lambda execution: execution.status in ENDED, page.resources)
        return tuple(execution for execution in ended if not has_seen(alert, execution))

    def _schedules(self, owner: Owner) -> tuple[Resource, ...]:
        return self._store.page(owner, Kind.MONITORING_SCHEDULE, Query(limit=MOST_SCHEDULES)).resources

    def _schedule(self, owner: Owner, name: str) -> Resource:
        key = Key(owner, Kind.MONITORING_SCHEDULE, name)
        schedule = self._store.get(key)
        if schedule is None:
            raise ResourceNotFound(f"Monitoring Schedule {key.arn} not found")
        return schedule


def forget_alerts(store: Store, schedule: Resource) -> None:
    """Remove a schedule's alert and its history; within the caller's transaction."""
    for kind in (Kind.MONITORING_ALERT, Kind.MONITORING_ALERT_CHANGE):
        for row in store.children(schedule.key.owner, kind, schedule.name):
            store.delete(row.key)


def _no_alert(schedule: Resource, name: str) -> ResourceNotFound:
    return ResourceNotFound(
        f"Monitoring Alert {name} of {schedule.arn} not found; its alert is called '{schedule.name}'."
    )
