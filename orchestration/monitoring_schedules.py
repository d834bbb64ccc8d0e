"""SageMaker's own monitoring schedules of a project: same image, same variables, same baselines.

Their jobs have no step after them: the service publishes the metrics, and a rule on ended jobs
calls the function that tells of violations.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from orchestration.clients import Aws, error_code
from orchestration.errors import MonitoringError
from orchestration.handlers.monitored_window import Baseline
from orchestration.kinds import kind_of
from orchestration.names import (
    GROUND_TRUTH,
    MODEL_QUALITY,
    bucket_name,
    endpoint_name,
    monitor_name,
    monitoring_uri,
)
from orchestration.project import Project

INPUT, OUTPUT = "/opt/ml/processing/input/endpoint", "/opt/ml/processing/output"
ENDED = frozenset({"Completed", "CompletedWithViolations", "Failed", "Stopped"})
# What a schedule that runs at once looks back on: the longest that the API allows.
AT_ONCE = {"DataAnalysisStartTime": "-PT24H", "DataAnalysisEndTime": "-PT0H"}
# A model quality schedule of every hour starts two jobs, of half an hour each (API reference).
MAX_RUNTIME_SECONDS = 1800
LOOK_SECONDS, POLL_SECONDS = 3600.0, 0.5
NOT_FOUND, IN_USE = "ResourceNotFound", "ResourceInUse"


@dataclass(frozen=True, slots=True)
class MonitoringSchedules:
    """The schedules of one project and their job definitions."""

    aws: Aws
    project: Project
    images: Mapping[str, str]
    wait: Callable[[float], None] = field(default=time.sleep)

    def ensure(self, name: str, baseline: Baseline) -> str:
        """Have the monitor's jobs started at its times, compared with `baseline`; the schedule's name."""
        assert self.project.monitoring is not None
        schedule = monitor_name(self.project.name, name)
        definition = self._ensure_definition(name, baseline)
        timing = {"ScheduleExpression": self.project.monitoring.monitor(name).schedule}
        config = self._config(name, definition, timing)
        try:
            self.aws.sagemaker.update_monitoring_schedule(**config)
        except ClientError as error:
            if error_code(error) != NOT_FOUND:
                raise
            self.aws.sagemaker.create_monitoring_schedule(**config)
        # What ran once keeps its definition, which may be of other baselines.
        self._delete(f"{schedule}-now")
        self._forget_definitions(name, keep=definition)
        return schedule

    def look(self, name: str, baseline: Baseline) -> dict[str, Any]:
        """Look at the last 24 hours at once, and return the execution's summary once it has ended.

        Raises MonitoringError where none starts or ends.
        """
        schedule = f"{monitor_name(self.project.name, name)}-now"
        self._delete(schedule)
        definition = self._ensure_definition(name, baseline)
        config = self._config(name, definition, {"ScheduleExpression": "NOW", **AT_ONCE})
        self.aws.sagemaker.create_monitoring_schedule(**{**config, "MonitoringScheduleName": schedule})
        deadline = time.monotonic() + LOOK_SECONDS
        while time.monotonic() < deadline:
            described = self.aws.sagemaker.describe_monitoring_schedule(MonitoringScheduleName=schedule)
            execution = described.get("LastMonitoringExecutionSummary", {})
            if execution.get("MonitoringExecutionStatus") in ENDED:
                return dict(execution)
            if described["MonitoringScheduleStatus"] == "Failed":
                raise MonitoringError(f"{schedule} is Failed: {described.get('FailureReason')}")
            self.wait(POLL_SECONDS)
        raise MonitoringError(f"the execution of {schedule} has not ended after {LOOK_SECONDS:.0f} s")

    def remove(self, name: str) -> bool:
        """Start the monitor no more; whether there was a schedule."""
        schedule = monitor_name(self.project.name, name)
        self._delete(f"{schedule}-now")
        was_there = self._delete(schedule)
        self._forget_definitions(name)
        return was_there

    def _delete(self, schedule: str) -> bool:
        try:
            self.aws.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=schedule)
        except ClientError as error:
            if error_code(error) != NOT_FOUND:
                raise
            return False
        return True

    def _forget_definitions(self, name: str, keep: str | None = None) -> None:
        """Delete those of other baselines; no schedule may name one of them."""
        stem, operation = f"{monitor_name(self.project.name, name)}-", _operation(name)
        listed = getattr(self.aws.sagemaker, f"list_{operation}s")(NameContains=stem, MaxResults=100)
        for item in listed["JobDefinitionSummaries"]:
            found = item["MonitoringJobDefinitionName"]
            if found.startswith(stem) and found != keep:
                getattr(self.aws.sagemaker, f"delete_{operation}")(JobDefinitionName=found)

    def _ensure_definition(self, name: str, baseline: Baseline) -> str:
        """The definition of these baselines: one is never changed, so its name has its content in it."""
        body = self._definition(name, baseline)
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:8]
        definition = f"{monitor_name(self.project.name, name)}-{digest}"
        try:
            getattr(self.aws.sagemaker, f"create_{_operation(name)}")(JobDefinitionName=definition, **body)
        except ClientError as error:
            if error_code(error) != IN_USE:
                raise
        return definition

    def _config(self, name: str, definition: str, timing: Mapping[str, str]) -> dict[str, Any]:
        return {
            "MonitoringScheduleName": monitor_name(self.project.name, name),
            "MonitoringScheduleConfig": {
                "ScheduleConfig": dict(timing),
                "MonitoringJobDefinitionName": definition,
                "MonitoringType": "ModelQuality" if name == MODEL_QUALITY else "DataQuality",
            },
        }

    def _definition(self, name: str, baseline: Baseline) -> dict[str, Any]:
        project = self.project
        assert project.monitoring is not None
        assert project.images.monitoring is not None
        monitor = project.monitoring.monitor(name)
        environment = dict(kind_of(project).analysis_environment(name))
        constraints = {"ConstraintsResource": {"S3Uri": baseline.constraints_uri}}
        app: dict[str, Any] = {"ImageUri": self.images[project.images.monitoring]}
        source: dict[str, Any] = {
            "EndpointName": endpoint_name(project.name),
            "LocalPath": INPUT,
            "StartTimeOffset": monitor.starts,
            "EndTimeOffset": monitor.end_offset,
        }
        if name == MODEL_QUALITY:
            # What the definition has members for is not said twice.
            app["ProblemType"] = environment.pop("problem_type")
            source["InferenceAttribute"] = environment.pop("inference_attribute")
            source["ProbabilityAttribute"] = environment.pop("probability_attribute")
            del environment["analysis_type"]
            truth = f"s3://{bucket_name(project.name)}/{GROUND_TRUTH}"
            prefix, job_input = "ModelQuality", {"GroundTruthS3Input": {"S3Uri": truth}}
            compared = constraints
        else:
            prefix, job_input = "DataQuality", {}
            compared = {**constraints, "StatisticsResource": {"S3Uri": baseline.statistics_uri}}
        # A pipeline's step says the command; a schedule's job is the image's own.
        app["Environment"] = environment
        output = {
            "S3Uri": monitoring_uri(project.name, name),
            "LocalPath": OUTPUT,
            "S3UploadMode": "EndOfJob",
        }
        return {
            f"{prefix}BaselineConfig": compared,
            f"{prefix}AppSpecification": app,
            f"{prefix}JobInput": {"EndpointInput": source, **job_input},
            f"{prefix}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
            "JobResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": project.instance_types.processing,
                    "VolumeSizeInGB": 30,
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": MAX_RUNTIME_SECONDS},
            "RoleArn": self.aws.settings.role_arn,
        }


def _operation(name: str) -> str:
    return f"{name.replace('-', '_')}_job_definition"
