"""The monitors of a SageMaker SDK over an ordinary session: a baseline, a schedule, a pipeline's check.

Runs in the environment of that SDK: `python -m tests.support.sdk_monitoring v2 FILE`, the request on stdin.
"""

import importlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Where session and role are, where the monitors, and below what the steps.
MODULES = {
    "v2": ("sagemaker", "sagemaker.model_monitor", "sagemaker.workflow"),
    "v3": (
        "sagemaker.core.helper.session_helper",
        "sagemaker.core.model_monitor",
        "sagemaker.mlops.workflow",
    ),
}
UNDER_WAY = ("Pending", "InProgress")
DEADLINE_SECONDS = 400
MACHINE = {
    **{"instance_count": 1, "instance_type": "ml.m5.large", "volume_size_in_gb": 1},
    "max_runtime_in_seconds": 600,
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is watched, and what it is compared with: rows, or the files that were made of them before."""

    schedule_name: str
    endpoint_name: str
    rows_uri: str | None
    baseline_uri: str
    output_uri: str
    # Rows that a pipeline's QualityCheck step compares with the same baseline.
    checked_uri: str | None


def watch(version: str, request: Request) -> dict[str, Any]:
    """What the SDK's own monitor says of the last hour."""
    sessions, monitors = (importlib.import_module(name) for name in MODULES[version][:2])
    session = sessions.Session()
    monitor = monitors.DefaultModelMonitor(
        role=sessions.get_execution_role(session), sagemaker_session=session, **MACHINE
    )
    results: dict[str, Any] = {}
    if request.rows_uri is not None:
        monitor.suggest_baseline(
            baseline_dataset=request.rows_uri,
            dataset_format=monitors.DatasetFormat.csv(header=True),
            output_s3_uri=request.baseline_uri,
            logs=False,
        )
        results["baseline"] = monitor.baseline_statistics().body_dict
        results["suggested"] = monitor.suggested_constraints().body_dict
    monitor.create_monitoring_schedule(
        monitor_schedule_name=request.schedule_name,
        endpoint_input=monitors.EndpointInput(request.endpoint_name, "/opt/ml/processing/input/endpoint"),
        output_s3_uri=request.output_uri,
        constraints=f"{request.baseline_uri}/constraints.json",
        statistics=f"{request.baseline_uri}/statistics.json",
        schedule_cron_expression=monitors.CronExpressionGenerator.now(),
        data_analysis_start_time="-PT1H",
        data_analysis_end_time="-PT0H",
    )
    results["execution"] = _ended(session.sagemaker_client, request.schedule_name)
    results["jobs"] = [execution.describe()["ProcessingJobStatus"] for execution in monitor.list_executions()]
    results["statistics"] = monitor.latest_monitoring_statistics().body_dict
    results["violations"] = monitor.latest_monitoring_constraint_violations().body_dict
    (alert,) = monitor.list_monitoring_alerts()[0]
    history = monitor.list_monitoring_alert_history()[0]
    results["alert"] = [alert.alert_status, *(change.alert_status for change in history)]
    monitor.delete_monitoring_schedule()
    left = session.sagemaker_client.list_data_quality_job_definitions(EndpointName=request.endpoint_name)
    results["definitions"] = left["JobDefinitionSummaries"]
    if request.checked_uri is not None:
        results["check"] = check(version, request, session)
    return results


def check(version: str, request: Request, session: Any) -> dict[str, Any]:
    """A QualityCheck step at its end, as its execution lists it."""
    sessions, monitors, steps = MODULES[version]
    sdk: dict[str, Any] = {}
    for name in ("check_job_config", "quality_check_step", "pipeline"):
        sdk |= vars(importlib.import_module(f"{steps}.{name}"))
    role = importlib.import_module(sessions).get_execution_role(session)
    step = sdk["QualityCheckStep"](
        name="Check",
        quality_check_config=sdk["DataQualityCheckConfig"](
            baseline_dataset=request.checked_uri,
            dataset_format=importlib.import_module(monitors).DatasetFormat.csv(header=True),
            output_s3_uri=f"{request.output_uri}/check",
        ),
        check_job_config=sdk["CheckJobConfig"](role=role, sagemaker_session=session, **MACHINE),
        supplied_baseline_statistics=f"{request.baseline_uri}/statistics.json",
        supplied_baseline_constraints=f"{request.baseline_uri}/constraints.json",
    )
    pipeline = sdk["Pipeline"](name=request.schedule_name, steps=[step], sagemaker_session=session)
    pipeline.create(role)
    execution = pipeline.start()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while execution.describe()["PipelineExecutionStatus"] == "Executing" and time.monotonic() < deadline:
        time.sleep(0.2)
    (listed,) = execution.list_steps()
    pipeline.delete()
    return dict(listed)


def _ended(client: Any, name: str) -> dict[str, Any]:
    """The schedule's one execution at its end."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found = client.list_monitoring_executions(MonitoringScheduleName=name)["MonitoringExecutionSummaries"]
        if found and found[0]["MonitoringExecutionStatus"] not in UNDER_WAY:
            return dict(found[0])
        time.sleep(0.2)
    raise TimeoutError(f"{name} has come to no end in {DEADLINE_SECONDS} s: {found}")


def main(version: str, file: str) -> None:
    """Write what was found as JSON."""
    results = watch(version, Request(**json.load(sys.stdin)))
    Path(file).write_text(json.dumps(results, default=str), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
