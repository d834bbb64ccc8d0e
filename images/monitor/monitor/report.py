"""What every analysis leaves for whoever looks at it: a page, and a few numbers for programs and trends."""

from datetime import datetime
from typing import Any

from monitor import page, violations
from monitor.environment import Analysis, Settings
from monitor.findings import Findings
from monitor.trend import read_previous

FILE_NAME = "monitoring_report.json"
VERSION = 1
# As monitors are called.
_NAMES = {
    Analysis.DATA_QUALITY: "data-quality",
    Analysis.MODEL_QUALITY: "model-quality",
    Analysis.FORECAST_ACCURACY: "forecast-accuracy",
}


def reports(settings: Settings, findings: Findings) -> dict[str, dict[str, Any] | str]:
    """The files' contents by name.

    Raises ContractError for a file among the previous reports that is none.
    """
    document = report_document(settings, findings)
    found = findings.documents.get(violations.FILE_NAME, {}).get("violations", [])
    previous = read_previous(settings.previous_reports, document)
    return {
        FILE_NAME: document,
        page.FILE_NAME: page.page(document, found, findings.sections, previous),
    }


def report_document(settings: Settings, findings: Findings) -> dict[str, Any]:
    """The content of monitoring_report.json; of a metric that the data cannot tell the value is null."""
    return {
        "version": VERSION,
        "analysis": _NAMES[settings.analysis],
        "command": str(settings.command),
        "endpoint": settings.endpoint_name,
        "schedule": settings.monitoring_schedule_name,
        "start_time": _moment(settings.start_time),
        "end_time": _moment(settings.end_time),
        "rows": findings.rows,
        "left_out": findings.left_out,
        "violations": findings.violations,
        "status": "CompletedWithViolations" if findings.violations else "Completed",
        "drifts": findings.drifts,
        "metrics": {
            name: {"value": metric.value, "standard_deviation": metric.standard_deviation}
            for name, metric in findings.metrics.items()
        },
        "ground_truth": findings.ground_truth,
    }


def _moment(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None
