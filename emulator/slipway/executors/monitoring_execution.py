"""A monitoring execution from its row to its end: its hours looked at, its jobs one after the other."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from slipway.api import Api
from slipway.errors import ServiceError
from slipway.executors.monitoring_jobs import MonitoringJobs
from slipway.executors.monitoring_window import NO_DATA, Hours, NothingToMonitorError, Windows
from slipway.monitors.definition import Definition, with_baselining_job
from slipway.monitors.job_requests import (
    MOST_INPUTS,
    Captured,
    Occasion,
    analysis_request,
    fixed_inputs,
    merge_request,
    merged_uri,
)
from slipway.monitors.partitions import TooManyPartitionsError, fitted
from slipway.monitors.timing import DEFAULT_CONFIG, TimingError, parse_timing, span_of
from slipway.resources.document import Document
from slipway.resources.lifecycle import TERMINAL_JOB
from slipway.resources.monitoring_execution import ENDED, ended
from slipway.resources.resource import Key, Owner, Resource
from slipway.resources.times import iso
from slipway.staging.errors import StagingError
from slipway.store.query import Query, SortBy
from slipway.store.store import Store

log = logging.getLogger(__name__)

# What an execution is under way in, from its first look to its last job.
MERGE, ANALYSIS = "merge", "analysis"


class MonitoringExecutionExecutor:
    """Carries out executions by looking at what there is: their rows and their jobs.

    A job's request is in the row before the job is asked for, so there is one however often this
    process dies. The executions of a schedule go one after the other, as on AWS, where a job may not
    take longer than the time to the next. `carry_out` may be called any number of times, never twice
    at once for one execution.
    """

    def __init__(
        self,
        store: Store,
        api: Api,
        windows: Windows,
        jobs: MonitoringJobs,
        ahead_seconds: Callable[[], float],
    ) -> None:
        """`ahead_seconds` is how far the control plane's clock is ahead of the one that labels go by."""
        self._store = store
        self._api = api
        self._windows = windows
        self._jobs = jobs
        self._ahead_seconds = ahead_seconds

    def carry_out(self, key: Key) -> None:
        """All that can be done now."""
        execution = self._store.get(key)
        while execution is not None and execution.status not in ENDED:
            if execution.status == "Pending" and self._has_earlier(execution):
                return
            after = self._moved_on(execution)
            if after is execution:
                return
            execution = after

    def fail(self, key: Key, reason: str) -> None:
        """End an execution that an error of ours keeps from going on."""
        execution = self._store.get(key)
        if execution is not None and execution.status not in ENDED:
            self._end(execution, "Failed", reason)

    def next_of(self, execution: Resource) -> Key | None:
        """Which execution of the same schedule can begin after this one has ended; None without one."""
        waiting = Query(
            limit=1,
            parent=execution.document["MonitoringScheduleName"],
            status="Pending",
            sort_by=SortBy.SCHEDULED_TIME,
        )
        found = self._store.page(execution.key.owner, execution.key.kind, waiting).resources
        return found[0].key if found else None

    # -- moving on ------------------------------------------------------------

    def _has_earlier(self, execution: Resource) -> bool:
        """Whether another execution of the schedule has to come to its end first."""
        name, owner, kind = (
            execution.document["MonitoringScheduleName"],
            execution.key.owner,
            execution.key.kind,
        )
        for status in ("Pending", "InProgress", "Stopping"):
            query = Query(limit=1, parent=name, status=status, sort_by=SortBy.SCHEDULED_TIME)
            found = self._store.page(owner, kind, query).resources
            if found and found[0].document["ScheduledTime"] < execution.document["ScheduledTime"]:
                return True
        return False

    def _moved_on(self, execution: Resource) -> Resource:
        try:
            if execution.status == "Pending":
                return self._begun(execution)
            return self._looked_at(execution)
        except (NothingToMonitorError, StagingError) as error:
            return self._end(execution, "Failed", str(error))
        except (TimingError, TooManyPartitionsError, ServiceError) as error:
            return self._end(execution, "Failed", f"ClientError: {error}")

    def _looked_at(self, execution: Resource) -> Resource:
        """An execution that has a job to wait for, or to ask for."""
        job = self._jobs.described(execution)
        if job is None:
            if execution.internal.get("is_made"):
                return self._end(execution, "Failed", "ClientError: its job was deleted before its end.")
            if execution.status == "Stopping":
                return self._end(execution, "Stopped")
            return self._made(execution)
        if job["ProcessingJobStatus"] not in TERMINAL_JOB:
            return self._followed(execution, job)
        return self._after(execution, job)

    def _made(self, execution: Resource) -> Resource:
        arn = self._jobs.make(execution)
        return self._store.transition(
            execution.key,
            lambda present: present.with_document({"ProcessingJobArn": arn}).with_internal({"is_made": True}),
        )

    def _followed(self, execution: Resource, job: Document) -> Resource:
        """An execution whose job is under way."""
        if not execution.internal.get("is_made"):
            # The process that asked for it died before it could say so.
            return self._made(execution)
        if execution.status == "Stopping" and job["ProcessingJobStatus"] == "InProgress":
            self._jobs.stop(execution)
        elif execution.status == "InProgress" and job["ProcessingJobStatus"] == "Stopping":
            return self._store.transition(execution.key, lambda present: present.in_status("Stopping"))
        return execution

    def _after(self, execution: Resource, job: Document) -> Resource:
        """An execution whose job has ended."""
        if not execution.internal.get("is_made"):
            execution = self._made(execution)
        status = job["ProcessingJobStatus"]
        if status != "Completed":
            return self._end(execution, status, job.get("FailureReason"))
        if execution.internal["stage"] == ANALYSIS:
            return self._end(execution, self._jobs.verdict(execution, job))
        if execution.status == "Stopping":
            return self._end(execution, "Stopped")
        return self._analysis_after_merge(execution)

    def _end(self, execution: Resource, status: str, reason: str | None = None) -> Resource:
        self._jobs.leave(execution)

        def concluded(present: Resource) -> Resource:
            return present if present.status in ENDED else ended(present, status, reason)

        after = self._store.transition(execution.key, concluded)
        log.info("monitoring_execution.ended name=%s status=%s reason=%s", after.name, after.status, reason)
        return after

    # -- the jobs -------------------------------------------------------------

    def _begun(self, execution: Resource) -> Resource:
        """An execution whose first job is decided. Raises NothingToMonitorError and what looks raise."""
        document = self._definition(execution)
        plan = _Plan.of(execution, document)
        destination, variants = self._windows.destination(plan.owner, plan.definition.endpoint_name)
        hours = self._windows.captured(plan.owner, plan.definition, destination, variants, plan.occasion.span)
        if not hours:
            raise NothingToMonitorError(NO_DATA)
        if plan.definition.has_ground_truth:
            stage, request = MERGE, self._merge(plan, destination, hours)
        else:
            stage, request = ANALYSIS, _analysis(plan, destination, hours)
        changes = {
            "definition": document,
            "variants": variants,
            "destination": destination,
            "stage": stage,
            "request": request,
        }

        def begun(present: Resource) -> Resource:
            # Its schedule may have been deleted meanwhile.
            if present.status != "Pending":
                return present
            return present.with_internal(changes).in_status("InProgress")

        return self._store.transition(execution.key, begun)

    def _definition(self, execution: Resource) -> Document:
        """The job's definition as it is now, its baseline found. Raises ServiceError."""
        config, owner = execution.internal["config"], execution.key.owner
        monitoring_type = execution.document["MonitoringType"]
        if "MonitoringJobDefinition" in config:
            document = config["MonitoringJobDefinition"]
        else:
            name = {"JobDefinitionName": config["MonitoringJobDefinitionName"]}
            document = self._api(owner, "sagemaker", f"Describe{monitoring_type}JobDefinition", name)

        def outputs_of(name: str) -> list[Document]:
            job = self._api(owner, "sagemaker", "DescribeProcessingJob", {"ProcessingJobName": name})
            outputs: list[Document] = job.get("ProcessingOutputConfig", {}).get("Outputs", [])
            return outputs

        return with_baselining_job(monitoring_type, document, outputs_of)

    def _merge(self, plan: "_Plan", destination: str, hours: Hours) -> Document:
        span, definition = plan.occasion.span, plan.definition
        # Labels lie in the hours of their upload, by the clock of whoever uploaded them.
        start = span.start - max(0.0, self._ahead_seconds())
        labels = self._windows.labels(plan.owner, definition, start, plan.occasion.scheduled_at)
        if not labels:
            raise NothingToMonitorError(
                f"{NO_DATA}: no ground truth found for {iso(span.start)} to {iso(span.end)} "
                f"below {definition.ground_truth_uri}"
            )
        label_folders, *folders = fitted([labels, *hours.values()], MOST_INPUTS)
        by_variant = dict(zip(hours, folders, strict=True))
        self._windows.forget_merged(plan.owner, definition, by_variant)
        return merge_request(definition, plan.occasion, Captured(destination, by_variant), label_folders)

    def _analysis_after_merge(self, execution: Resource) -> Resource:
        """An execution whose calls are merged. Raises NothingToMonitorError where none is."""
        plan = _Plan.of(execution, execution.internal["definition"])
        span = plan.occasion.span
        hours = self._windows.merged(plan.owner, plan.definition, execution.internal["variants"], span)
        if not hours:
            raise NothingToMonitorError(
                f"{NO_DATA}: no call from {iso(span.start)} to {iso(span.end)} has a ground truth"
            )
        changes = {
            "stage": ANALYSIS,
            "request": _analysis(plan, merged_uri(plan.definition), hours),
            "is_made": None,
        }
        self._jobs.leave(execution)
        return self._store.transition(execution.key, lambda present: present.with_internal(changes))


@dataclass(frozen=True, slots=True)
class _Plan:
    """An execution's definition, and its occasion."""

    owner: Owner
    definition: Definition
    occasion: Occasion

    @classmethod
    def of(cls, execution: Resource, document: Document) -> "_Plan":
        """Read an execution's row. Raises TimingError."""
        definition = Definition.of(execution.document["MonitoringType"], document)
        config = execution.internal["config"].get("ScheduleConfig", DEFAULT_CONFIG)
        scheduled_at: int = execution.document["ScheduledTime"]
        timing = parse_timing(config["ScheduleExpression"])
        span = span_of(timing, config, definition.endpoint_input, scheduled_at)
        name, identity = execution.document["MonitoringScheduleName"], execution.internal["identity"]
        return cls(execution.key.owner, definition, Occasion(name, scheduled_at, span, identity))


def _analysis(plan: _Plan, place: str, hours: Mapping[str, set[int]]) -> Document:
    """The request of the analysis of what lies at `place`."""
    room = MOST_INPUTS - len(fixed_inputs(plan.definition)[0])
    folders = dict(zip(hours, fitted(list(hours.values()), room), strict=True))
    return analysis_request(plan.definition, plan.occasion, Captured(place, folders))
