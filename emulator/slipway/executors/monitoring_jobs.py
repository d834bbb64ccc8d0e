"""The processing jobs of monitoring executions: asked for, watched, and judged by what they left."""

import json
from collections.abc import Callable
from contextlib import suppress

from slipway.api import Api
from slipway.errors import ServiceError
from slipway.executors.monitoring_window import NothingToMonitorError
from slipway.faults import FaultPoint, Faults
from slipway.monitors.job_requests import below
from slipway.resources.document import Document
from slipway.resources.lifecycle import TERMINAL_JOB
from slipway.resources.resource import Key, Kind, Owner, Resource
from slipway.staging.s3 import S3, S3Error
from slipway.staging.s3_uri import S3Uri
from slipway.store.store import MissingError, Store

COMPLETED, WITH_VIOLATIONS = "Completed", "CompletedWithViolations"
VIOLATIONS_FILE = "constraint_violations.json"
# Statuses of a job that its execution shows too.
TELLING = TERMINAL_JOB | {"Stopping"}


class MonitoringJobs:
    """Jobs as any client could have asked for them, but for the schedule's ARN in their description."""

    def __init__(
        self,
        store: Store,
        api: Api,
        s3_of: Callable[[Owner, str], S3],
        faults: Faults,
        wake: Callable[[Key], None],
    ) -> None:
        self._store = store
        self._api = api
        self._s3_of = s3_of
        self._faults = faults
        self._wake = wake
        # Nothing of it survives the process: whoever still waits says so again.
        self._executions: dict[Key, Key] = {}

    def on_change(self, resource: Resource) -> None:
        """A resource has changed: a job's end, and that it is being stopped, wake its execution."""
        if resource.key.kind is Kind.PROCESSING_JOB and resource.status in TELLING:
            execution = self._executions.get(resource.key)
            if execution is not None:
                self._wake(execution)

    def clear(self) -> None:
        """Nobody waits for anything."""
        self._executions.clear()

    def described(self, execution: Resource) -> Document | None:
        """An execution's job as it is now, which wakes it from now on; None where there is none."""
        self._executions[_job(execution)] = execution.key
        try:
            return self._call(execution, "DescribeProcessingJob")
        except ServiceError:
            return None

    def make(self, execution: Resource) -> str:
        """Ask for the job that is in an execution's row, unless it is there; its ARN. Raises ServiceError."""
        key = _job(execution)
        self._faults.at(FaultPoint.BEFORE_MONITORING_JOB)
        if self._store.get(key) is None:
            self._api(key.owner, "sagemaker", "CreateProcessingJob", execution.internal["request"])
        self._faults.at(FaultPoint.AFTER_MONITORING_JOB)
        # CreateProcessingJob has no member for it.
        schedule = {"MonitoringScheduleArn": execution.internal["schedule_arn"]}
        # A job that somebody has deleted already is found to be gone at the next look.
        with suppress(MissingError):
            self._store.transition(key, lambda job: job.with_document(schedule))
        return key.arn

    def stop(self, execution: Resource) -> None:
        """Have an execution's job stopped."""
        try:
            self._call(execution, "StopProcessingJob")
        except ServiceError:
            # It ended before the call came; Describe says how.
            return

    def leave(self, execution: Resource) -> None:
        """Wait for an execution's job no more."""
        if "request" in execution.internal:
            self._executions.pop(_job(execution), None)

    def verdict(self, execution: Resource, job: Document) -> str:
        """Which of two statuses a completed analysis earned: what its message says, or else its file.

        Raises NothingToMonitorError where the file cannot be read, StagingError where nobody answers.
        """
        message = job.get("ExitMessage", "")
        for status in (WITH_VIOLATIONS, COMPLETED):
            if message.startswith(f"{status}:"):
                return status
        output = execution.internal["request"]["ProcessingOutputConfig"]["Outputs"][0]
        uri = S3Uri.parse(below(output["S3Output"]["S3Uri"], VIOLATIONS_FILE))
        return WITH_VIOLATIONS if self._violations(execution, uri) else COMPLETED

    def _violations(self, execution: Resource, uri: S3Uri) -> list[object]:
        s3 = self._s3_of(execution.key.owner, execution.internal["request"]["RoleArn"])
        try:
            found = json.loads(s3.read(uri.bucket, uri.key))["violations"]
        except S3Error as error:
            if error.code in ("NoSuchKey", "404"):
                # A job that compares with nothing has none.
                return []
            raise
        except (ValueError, TypeError, KeyError) as error:
            raise NothingToMonitorError(
                f"AlgorithmError: {uri} is no file of violations; it must hold an object with 'violations'."
            ) from error
        if not isinstance(found, list):
            raise NothingToMonitorError(f"AlgorithmError: 'violations' in {uri} is not a list.")
        return found

    def _call(self, execution: Resource, operation: str) -> Document:
        key = _job(execution)
        return self._api(key.owner, "sagemaker", operation, {"ProcessingJobName": key.name})


def _job(execution: Resource) -> Key:
    name: str = execution.internal["request"]["ProcessingJobName"]
    return Key(execution.key.owner, Kind.PROCESSING_JOB, name)
