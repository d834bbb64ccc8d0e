"""Monitoring schedules: what is monitored, and when."""

import math
from dataclasses import replace

from slipway.clock import Clock
from slipway.errors import ResourceInUse, ResourceNotFound, ValidationException
from slipway.monitors.definition import Definition
from slipway.monitors.timing import DEFAULT_CONFIG, Timing, TimingError, parse_timing, span_of
from slipway.operations.job_definitions import check_input, existing_job_definition
from slipway.operations.job_requests import check_instances, check_local_path, check_s3_uri, not_here
from slipway.operations.listing import query_of, summary
from slipway.operations.monitoring_alerts import forget_alerts
from slipway.operations.monitoring_executions import narrowed_by
from slipway.protocol.call import Call
from slipway.protocol.dispatch import Operations
from slipway.protocol.pages import write_token
from slipway.protocol.service_model import SAGEMAKER
from slipway.resources.document import Document, without_empty
from slipway.resources.job_definition import JOB_DEFINITION_TYPES
from slipway.resources.lifecycle import unfinished
from slipway.resources.monitoring_execution import ended
from slipway.resources.monitoring_execution import summary as execution_summary
from slipway.resources.monitoring_schedule import monitoring_type, requested, shown
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.resources.tagging import checked_tags
from slipway.store.query import Query, SortBy
from slipway.store.store import AlreadyExistsError, Store

SUMMARY = (
    "MonitoringScheduleName",
    "MonitoringScheduleArn",
    "CreationTime",
    "LastModifiedTime",
    "MonitoringScheduleStatus",
    "EndpointName",
    "MonitoringType",
)


class MonitoringSchedules:
    """The schedules' operations. Who starts the jobs goes by `next_at` in their rows."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @property
    def operations(self) -> Operations:
        """What this type answers."""
        return {
            (SAGEMAKER, "CreateMonitoringSchedule"): self.create,
            (SAGEMAKER, "DescribeMonitoringSchedule"): self.describe,
            (SAGEMAKER, "UpdateMonitoringSchedule"): self.update,
            (SAGEMAKER, "DeleteMonitoringSchedule"): self.delete,
            (SAGEMAKER, "StartMonitoringSchedule"): self.start,
            (SAGEMAKER, "StopMonitoringSchedule"): self.stop,
            (SAGEMAKER, "ListMonitoringSchedules"): self.list,
        }

    def create(self, call: Call) -> Document:
        """CreateMonitoringSchedule: Pending, until its endpoint has been looked at."""
        config, now = call.parameters["MonitoringScheduleConfig"], self._clock.now()
        key = Key(call.owner, Kind.MONITORING_SCHEDULE, call.parameters["MonitoringScheduleName"])
        definition, timing = self._checked(call.owner, config)
        schedule = requested(key, config, definition.endpoint_name, first_start(timing, now), now)
        try:
            self._store.create(schedule, checked_tags(call.parameters.get("Tags", ())))
        except AlreadyExistsError as error:
            raise ResourceInUse(
                f"Monitoring Schedule {error.existing.arn} already exists; choose another name or delete it."
            ) from None
        return {"MonitoringScheduleArn": key.arn}

    def describe(self, call: Call) -> Document:
        """DescribeMonitoringSchedule, with the last of its executions."""
        schedule = self._existing(call)
        # Its own: one of the same name may have been there before.
        query = Query(
            limit=1,
            parent=schedule.name,
            sort_by=SortBy.SCHEDULED_TIME,
            descending=True,
            created_after=math.nextafter(schedule.created_at, 0.0),
        )
        last = self._store.page(call.owner, Kind.MONITORING_EXECUTION, query).resources
        if not last:
            return schedule.document
        return {**schedule.document, "LastMonitoringExecutionSummary": execution_summary(last[0])}

    def update(self, call: Call) -> Document:
        """UpdateMonitoringSchedule: its configuration is this one, whatever it was, from now on."""
        config, now = call.parameters["MonitoringScheduleConfig"], self._clock.now()
        schedule = self._existing(call)
        definition, timing = self._checked(call.owner, config)

        def updated(before: Resource) -> Resource:
            after = before.with_document({**shown(config, definition.endpoint_name), "FailureReason": None})
            after = after.with_internal({"next_at": first_start(timing, now)})
            return after if before.status == "Stopped" else after.in_status("Pending")

        self._store.transition(schedule.key, updated)
        return {"MonitoringScheduleArn": schedule.arn}

    def start(self, call: Call) -> Document:
        """StartMonitoringSchedule; what came due while it was stopped is not made up for."""
        now = self._clock.now()

        def restarted(before: Resource) -> Resource:
            if before.status in ("Pending", "Scheduled"):
                return before
            timing = timing_of(before.document["MonitoringScheduleConfig"])
            # What starts once, and has, does not start again.
            next_at = before.internal.get("next_at") if timing.is_once else timing.next_after(now)
            after = before.with_internal({"next_at": next_at}).with_document({"FailureReason": None})
            return after.in_status("Pending")

        self._store.transition(self._existing(call).key, restarted)
        return {}

    def stop(self, call: Call) -> Document:
        """StopMonitoringSchedule: it starts nothing more; what it has started goes on."""
        self._store.transition(self._existing(call).key, lambda before: before.in_status("Stopped"))
        return {}

    def delete(self, call: Call) -> Document:
        """DeleteMonitoringSchedule: what it has started is stopped and stays in the lists."""
        with self._store.all_or_nothing():
            schedule = self._existing(call)
            self._store.delete(schedule.key)
            forget_alerts(self._store, schedule)
            for execution in _unfinished(self._store, schedule):
                self._store.transition(execution.key, _stopping)
        return {}

    def list(self, call: Call) -> Document:
        """ListMonitoringSchedules."""
        members = narrowed_by(call, "$.MonitoringScheduleConfig.MonitoringJobDefinitionName")
        query = replace(query_of(call), members=members)
        page = self._store.page(call.owner, Kind.MONITORING_SCHEDULE, query)
        return without_empty(
            {
                "MonitoringScheduleSummaries": [_summary(each) for each in page.resources],
                "NextToken": write_token(call.operation, call.parameters, page.next),
            }
        )

    # -- what they share ------------------------------------------------------

    def _existing(self, call: Call) -> Resource:
        key = Key(call.owner, Kind.MONITORING_SCHEDULE, call.parameters["MonitoringScheduleName"])
        schedule = self._store.get(key)
        if schedule is None:
            raise ResourceNotFound(f"Monitoring Schedule {key.arn} not found")
        return schedule

    def _checked(self, owner: Owner, config: Document) -> tuple[Definition, Timing]:
        """What a configuration asks for, and when. Raises ServiceError for what cannot be carried out."""
        definition = Definition.of(monitoring_type(config), self._definition(owner, config))
        if not definition.endpoint_input:
            raise not_here("A monitoring schedule with BatchTransformInput", "use EndpointInput")
        if definition.has_ground_truth and definition.ground_truth_uri is None:
            raise ValidationException("GroundTruthS3Input must have S3Uri; give the place of the labels.")
        try:
            timing = timing_of(config)
            # Whether the offsets have a time between them does not hang on when it is.
            schedule_config = config.get("ScheduleConfig", DEFAULT_CONFIG)
            span_of(timing, schedule_config, definition.endpoint_input, timing.next_after(0) or 0)
        except TimingError as error:
            raise ValidationException(str(error)) from None
        longest = definition.longest_hourly_seconds
        if timing.is_hourly and (definition.max_runtime or 0) > longest:
            raise ValidationException(
                f"MaxRuntimeInSeconds {definition.max_runtime} is too long for an hourly schedule of "
                f"{definition.monitoring_type}; it can be {longest} at most."
            )
        return definition, timing

    def _definition(self, owner: Owner, config: Document) -> Document:
        is_inline, is_named = ("MonitoringJobDefinition" in config, "MonitoringJobDefinitionName" in config)
        if is_inline == is_named:
            raise ValidationException(
                "MonitoringScheduleConfig must have one of MonitoringJobDefinition and "
                "MonitoringJobDefinitionName."
            )
        if is_inline:
            return _checked_inline(config)
        if "MonitoringType" not in config:
            raise ValidationException(
                "MonitoringType is required with MonitoringJobDefinitionName; it says of which type it is."
            )
        definition_type = JOB_DEFINITION_TYPES[config["MonitoringType"]]
        name = config["MonitoringJobDefinitionName"]
        try:
            return existing_job_definition(self._store, owner, definition_type, name).document
        except ResourceNotFound as error:
            # CreateMonitoringSchedule's model has no such error.
            raise ValidationException(str(error)) from None


def timing_of(config: Document) -> Timing:
    """When the jobs of a MonitoringScheduleConfig start. Raises TimingError."""
    return parse_timing(config.get("ScheduleConfig", DEFAULT_CONFIG)["ScheduleExpression"])


def first_start(timing: Timing, now: float) -> float | None:
    """When a schedule that begins now starts its jobs."""
    return now if timing.is_once else timing.next_after(now)


def _checked_inline(config: Document) -> Document:
    definition: Document = config["MonitoringJobDefinition"]
    if monitoring_type(config) != "DataQuality":
        raise ValidationException(
            f"A MonitoringJobDefinition is of the type DataQuality, not {config['MonitoringType']}; "
            "name a job definition of that type."
        )
    check_input(definition["MonitoringInputs"][0], "MonitoringInputs")
    output = definition["MonitoringOutputConfig"]["MonitoringOutputs"][0]["S3Output"]
    check_s3_uri(output["S3Uri"], "S3Uri of the monitoring output")
    check_local_path(output["LocalPath"], "the monitoring output")
    cluster = definition["MonitoringResources"]["ClusterConfig"]
    check_instances(cluster["InstanceType"], cluster["InstanceCount"], "processing job")
    return definition


def _unfinished(store: Store, schedule: Resource) -> list[Resource]:
    """The executions of a schedule that are under way."""
    at_work = store.in_statuses(Kind.MONITORING_EXECUTION, unfinished(Kind.MONITORING_EXECUTION))
    return [each for each in at_work if each.internal["schedule_arn"] == schedule.arn]


def _stopping(execution: Resource) -> Resource:
    if execution.status == "Pending":
        return ended(execution, "Stopped")
    return execution.in_status("Stopping")


def _summary(schedule: Resource) -> Document:
    config = schedule.document["MonitoringScheduleConfig"]
    name = config.get("MonitoringJobDefinitionName")
    return without_empty({**summary(schedule, *SUMMARY), "MonitoringJobDefinitionName": name})
