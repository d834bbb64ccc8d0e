"""The job: one analysis, or the merge, and what it leaves behind."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError, write_reason
from smcontract.processing import read_resource_config
from smcontract.root import ContainerRoot

from monitor import metrics_file
from monitor.environment import Analysis, Command, Settings
from monitor.files import write_documents
from monitor.findings import Findings
from monitor.merge import merge
from monitor.report import reports
from monitor.scripts import postprocess

log = logging.getLogger(__name__)


def monitor(settings: Settings, root: ContainerRoot, stop: StopSignal) -> None:
    """Carry out the job and leave its message.

    Raises ContractError for whatever the caller can mend.
    """
    hosts = read_resource_config(root).hosts
    if len(hosts) > 1:
        raise ContractError(
            f"this job has {len(hosts)} instances; several are not implemented yet, set InstanceCount to 1."
        )
    message = merge(settings, stop) if settings.command is Command.MERGE else _analyse(settings, stop)
    write_reason(root.message_file, message)
    log.info("monitor.finished message=%s", message)


def _analyse(settings: Settings, stop: StopSignal) -> str:
    """Write what the analysis finds; returns the job's message."""
    findings = _analysis(settings.analysis)(settings)
    if stop.requested:
        raise ContractError(f"stopped by {stop.name} before any output was complete; start the job again.")
    if settings.publish_cloudwatch_metrics:
        metrics_file.write_metrics(settings, findings.cloudwatch, datetime.now(UTC))
    write_documents(settings.output_path, {**findings.documents, **reports(settings, findings)})
    if settings.post_analytics_processor is not None:
        postprocess(settings.post_analytics_processor)
    return _message(findings)


def _analysis(analysis: Analysis) -> Callable[[Settings], Findings]:
    # Only now: a merge is done before all that Spark needs is imported.
    match analysis:
        case Analysis.DATA_QUALITY:
            from monitor import data_quality

            return data_quality.analyse
        case Analysis.MODEL_QUALITY | Analysis.FORECAST_ACCURACY:
            from monitor import model_quality

            return model_quality.analyse


def _message(findings: Findings) -> str:
    """Model Monitor's own words (observed in the ExitMessage of its jobs)."""
    count = findings.violations
    if not count:
        return f"Completed: Job completed successfully with no violations.{findings.remark}"
    return f"CompletedWithViolations: Job completed successfully with {count} violations.{findings.remark}"
