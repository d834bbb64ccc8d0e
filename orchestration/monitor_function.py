"""The function that surrounds a project's monitors, and the rules of EventBridge that call it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.clients import Aws
from orchestration.function import Function
from orchestration.names import (
    ACTUALS,
    CAPTURED,
    GROUND_TRUTH,
    MONITORING,
    MONITORS,
    bucket_name,
    endpoint_name,
    monitor_function_name,
    monitor_name,
    monitoring_name,
)
from orchestration.rules import ensure_call

MODULES = ("monitor", "monitored_window", "windows", "alerts")
FORECAST_MODULES = ("forecast_monitor", *MODULES)


def monitor_function(aws: Aws, project: str, topic_arn: str) -> Function:
    """The function of a project whose requests are captured and get labels."""
    return _function(aws, project, topic_arn, MODULES, GROUND_TRUTH, {})


def forecast_monitor_function(aws: Aws, project: str, topic_arn: str, horizon_days: int) -> Function:
    """The function of a project whose forecasts are compared with the rows that came."""
    variables = {"HORIZON_DAYS": str(horizon_days)}
    return _function(aws, project, topic_arn, FORECAST_MODULES, ACTUALS, variables)


def _function(
    aws: Aws,
    project: str,
    topic_arn: str,
    modules: tuple[str, ...],
    truth: str,
    variables: Mapping[str, str],
) -> Function:
    bucket = f"s3://{bucket_name(project)}"
    return Function(
        aws,
        monitor_function_name(project),
        f"Finds the windows of {project}'s monitors, publishes what they found and tells of it",
        modules,
        {
            "PROJECT": project,
            "ENDPOINT_NAME": endpoint_name(project),
            "CAPTURED_URI": f"{bucket}/{CAPTURED}",
            "GROUND_TRUTH_URI": f"{bucket}/{truth}",
            "MONITORING_URI": f"{bucket}/{MONITORING}",
            "TOPIC_ARN": topic_arn,
            **variables,
        },
    )


@dataclass(frozen=True, slots=True)
class MonitorRules:
    """Which events call the function: executions that failed, and what SageMaker's own schedules found."""

    aws: Aws
    project: str

    def ensure(self, function: Function, function_arn: str, pipeline_arns: Iterable[str]) -> None:
        """Set up what is not there, and leave the rest as it is."""
        for suffix, pattern in self._patterns(list(pipeline_arns)).items():
            name = f"{monitoring_name(self.project)}-{suffix}"
            ensure_call(self.aws, name, pattern, "monitor", function, function_arn)

    def _patterns(self, pipeline_arns: list[str]) -> Mapping[str, Any]:
        # Those that run once, at once, are called so with more behind it.
        schedules = [{"prefix": monitor_name(self.project, monitor)} for monitor in MONITORS]
        return {
            "failed": {
                "source": ["aws.sagemaker"],
                "detail-type": ["SageMaker Model Building Pipeline Execution Status Change"],
                "detail": {"pipelineArn": pipeline_arns, "currentPipelineExecutionStatus": ["Failed"]},
            },
            # A pipeline tells of its violations itself; a job of a schedule has only its message.
            "job": {
                "source": ["aws.sagemaker"],
                "detail-type": ["SageMaker Processing Job State Change"],
                "detail": {
                    "ProcessingJobStatus": ["Completed"],
                    "ExitMessage": [{"prefix": "CompletedWithViolations"}],
                    "Environment": {
                        "sagemaker_monitoring_schedule_name": schedules,
                        # A pipeline's job has its files beside its report, a schedule's has not.
                        "CLOUDWATCH_METRICS_DIRECTORY": [{"exists": False}],
                    },
                },
            },
        }
