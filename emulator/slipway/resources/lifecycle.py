"""Which status may follow which, and what each is called in answers (API reference, Describe calls)."""

from collections.abc import Mapping

from slipway.resources.resource import Kind

_JOB: Mapping[str, frozenset[str]] = {
    "InProgress": frozenset({"Completed", "Failed", "Stopping", "Stopped"}),
    "Stopping": frozenset({"Stopped", "Failed", "Completed"}),
    "Completed": frozenset(),
    "Failed": frozenset(),
    "Stopped": frozenset(),
}
_ENDPOINT: Mapping[str, frozenset[str]] = {
    "Creating": frozenset({"InService", "Failed", "Deleting"}),
    "InService": frozenset({"Updating", "SystemUpdating", "Deleting"}),
    "Updating": frozenset({"InService", "RollingBack", "UpdateRollbackFailed", "Deleting"}),
    "SystemUpdating": frozenset({"InService", "RollingBack", "Failed", "Deleting"}),
    "RollingBack": frozenset({"InService", "UpdateRollbackFailed", "Deleting"}),
    "UpdateRollbackFailed": frozenset({"Updating", "Deleting"}),
    "OutOfService": frozenset({"Updating", "Deleting"}),
    "Failed": frozenset({"Updating", "Deleting"}),
    "Deleting": frozenset(),
}
_PACKAGE: Mapping[str, frozenset[str]] = {
    "Pending": frozenset({"InProgress", "Completed", "Failed", "Deleting"}),
    "InProgress": frozenset({"Completed", "Failed", "Deleting"}),
    "Completed": frozenset({"Deleting"}),
    "Failed": frozenset({"Deleting"}),
    "Deleting": frozenset(),
}
_PIPELINE = {"Active": frozenset({"Deleting"}), "Deleting": frozenset[str]()}
# Retrying takes up an execution that has failed or was stopped (API reference, RetryPipelineExecution).
_EXECUTION: Mapping[str, frozenset[str]] = {
    "Executing": frozenset({"Stopping", "Stopped", "Failed", "Succeeded", "CompletedWithFailures"}),
    "Stopping": frozenset({"Stopped", "Failed", "Succeeded"}),
    "Stopped": frozenset({"Executing"}),
    "Failed": frozenset({"Executing"}),
    "CompletedWithFailures": frozenset({"Executing"}),
    "Succeeded": frozenset(),
}
_STEP: Mapping[str, frozenset[str]] = {
    "Starting": frozenset({"Executing", "Stopping", "Stopped", "Failed", "Succeeded"}),
    "Executing": frozenset({"Starting", "Stopping", "Stopped", "Failed", "Succeeded"}),
    "Stopping": frozenset({"Stopped", "Failed", "Succeeded"}),
    "Stopped": frozenset({"Starting"}),
    "Failed": frozenset({"Starting"}),
    "Succeeded": frozenset(),
}
_SCHEDULE = {"ENABLED": frozenset({"DISABLED"}), "DISABLED": frozenset({"ENABLED"})}
_FUNCTION = {"Pending": frozenset({"Active", "Failed"}), "Failed": frozenset({"Active"})}
_FEATURE_GROUP: Mapping[str, frozenset[str]] = {
    "Creating": frozenset({"Created", "CreateFailed"}),
    "Created": frozenset({"Deleting"}),
    "CreateFailed": frozenset({"Deleting"}),
    "Deleting": frozenset({"DeleteFailed"}),
    "DeleteFailed": frozenset({"Deleting"}),
}
# Pending comes again with every change of what it does, and where it is started.
_MONITORING_SCHEDULE: Mapping[str, frozenset[str]] = {
    "Pending": frozenset({"Scheduled", "Failed", "Stopped"}),
    "Scheduled": frozenset({"Pending", "Stopped"}),
    "Failed": frozenset({"Pending", "Stopped"}),
    "Stopped": frozenset({"Pending"}),
}
_MONITORING_EXECUTION: Mapping[str, frozenset[str]] = {
    "Pending": frozenset({"InProgress", "Failed", "Stopped"}),
    "InProgress": frozenset({"Completed", "CompletedWithViolations", "Failed", "Stopping", "Stopped"}),
    "Stopping": frozenset({"Completed", "CompletedWithViolations", "Failed", "Stopped"}),
    "Completed": frozenset(),
    "CompletedWithViolations": frozenset(),
    "Failed": frozenset(),
    "Stopped": frozenset(),
}
_MONITORING_ALERT = {"OK": frozenset({"InAlert"}), "InAlert": frozenset({"OK"})}
# RUNNING comes again where a killed process had begun.
_QUERY: Mapping[str, frozenset[str]] = {
    "QUEUED": frozenset({"RUNNING", "FAILED", "CANCELLED"}),
    "RUNNING": frozenset({"SUCCEEDED", "FAILED", "CANCELLED"}),
    "SUCCEEDED": frozenset(),
    "FAILED": frozenset(),
    "CANCELLED": frozenset(),
}
_TRANSITIONS: Mapping[Kind, Mapping[str, frozenset[str]]] = {
    Kind.TRAINING_JOB: _JOB,
    Kind.PROCESSING_JOB: _JOB,
    Kind.ENDPOINT: _ENDPOINT,
    Kind.MODEL_PACKAGE: _PACKAGE,
    Kind.MODEL_PACKAGE_GROUP: _PACKAGE,
    Kind.PIPELINE: _PIPELINE,
    Kind.PIPELINE_EXECUTION: _EXECUTION,
    Kind.PIPELINE_STEP: _STEP,
    Kind.FUNCTION: _FUNCTION,
    Kind.SCHEDULE: _SCHEDULE,
    Kind.FEATURE_GROUP: _FEATURE_GROUP,
    Kind.QUERY_EXECUTION: _QUERY,
    Kind.MONITORING_SCHEDULE: _MONITORING_SCHEDULE,
    Kind.MONITORING_EXECUTION: _MONITORING_EXECUTION,
    Kind.MONITORING_ALERT: _MONITORING_ALERT,
}
# The member of Describe that holds the status.
STATUS_MEMBER: Mapping[Kind, str] = {
    Kind.TRAINING_JOB: "TrainingJobStatus",
    Kind.PROCESSING_JOB: "ProcessingJobStatus",
    Kind.ENDPOINT: "EndpointStatus",
    Kind.MODEL_PACKAGE: "ModelPackageStatus",
    Kind.MODEL_PACKAGE_GROUP: "ModelPackageGroupStatus",
    Kind.PIPELINE: "PipelineStatus",
    Kind.PIPELINE_EXECUTION: "PipelineExecutionStatus",
    Kind.PIPELINE_STEP: "StepStatus",
    Kind.FUNCTION: "State",
    Kind.FEATURE_GROUP: "FeatureGroupStatus",
    Kind.MONITORING_SCHEDULE: "MonitoringScheduleStatus",
    Kind.MONITORING_EXECUTION: "MonitoringExecutionStatus",
    Kind.MONITORING_ALERT: "AlertStatus",
}
TERMINAL_JOB = frozenset({"Completed", "Failed", "Stopped"})
TERMINAL_EXECUTION = frozenset({"Succeeded", "Failed", "Stopped", "CompletedWithFailures"})


def may_follow(kind: Kind, before: str, after: str) -> bool:
    """Whether a resource of `kind` may go from one status to another; staying is always allowed."""
    return before == after or after in _TRANSITIONS.get(kind, {}).get(before, frozenset())


def unfinished(kind: Kind) -> frozenset[str]:
    """The statuses in which somebody is still at work."""
    if kind in (Kind.TRAINING_JOB, Kind.PROCESSING_JOB):
        return frozenset({"InProgress", "Stopping"})
    if kind is Kind.ENDPOINT:
        return frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
    if kind is Kind.PIPELINE_EXECUTION:
        return frozenset({"Executing", "Stopping"})
    if kind is Kind.FEATURE_GROUP:
        return frozenset({"Creating", "Deleting"})
    if kind is Kind.QUERY_EXECUTION:
        return frozenset({"QUEUED", "RUNNING"})
    if kind is Kind.MONITORING_EXECUTION:
        return frozenset({"Pending", "InProgress", "Stopping"})
    return frozenset()
