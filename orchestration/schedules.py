"""EventBridge Scheduler's schedules of a project: each starts a monitor's pipeline and tells it for when."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from orchestration.clients import Aws, error_code
from orchestration.monitoring import Monitor
from orchestration.names import SCHEDULED_TIME, monitor_name, monitoring_name

# The universal target (Scheduler user guide): the pipeline target of Scheduler's own
# takes no context attributes in its parameters.
START_PIPELINE = "arn:aws:scheduler:::aws-sdk:sagemaker:startPipelineExecution"
CONFLICT, NOT_FOUND = "ConflictException", "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class Schedules:
    """The schedules of one project, in a group of their own."""

    aws: Aws
    project: str

    def ensure(self, name: str, monitor: Monitor) -> str:
        """Have the monitor's pipeline started at its times; returns the schedule's name."""
        scheduler = self.aws.schedules
        try:
            scheduler.create_schedule_group(Name=self._group)
        except ClientError as error:
            if error_code(error) != CONFLICT:
                raise
        schedule = self._schedule(name, monitor)
        try:
            scheduler.update_schedule(**schedule)
        except ClientError as error:
            if error_code(error) != NOT_FOUND:
                raise
            scheduler.create_schedule(**schedule)
        return str(schedule["Name"])

    def remove(self, name: str) -> bool:
        """Start the monitor no more; whether there was a schedule."""
        try:
            self.aws.schedules.delete_schedule(Name=monitor_name(self.project, name), GroupName=self._group)
        except ClientError as error:
            if error_code(error) != NOT_FOUND:
                raise
            return False
        return True

    @property
    def _group(self) -> str:
        return monitoring_name(self.project)

    def _schedule(self, name: str, monitor: Monitor) -> dict[str, Any]:
        pipeline = monitor_name(self.project, name)
        return {
            "Name": pipeline,
            "GroupName": self._group,
            "Description": f"Starts {pipeline} on the hours before",
            "ScheduleExpression": monitor.schedule,
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": START_PIPELINE,
                "RoleArn": self.aws.settings.role_arn,
                "Input": json.dumps(
                    {
                        "PipelineName": pipeline,
                        # 32 characters at least; each firing is another execution.
                        "ClientRequestToken": f"{pipeline}-<aws.scheduler.execution-id>",
                        "PipelineParameters": [
                            {"Name": SCHEDULED_TIME, "Value": "<aws.scheduler.scheduled-time>"}
                        ],
                    }
                ),
            },
        }
