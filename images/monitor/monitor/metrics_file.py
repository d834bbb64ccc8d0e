"""CloudWatch metrics, as lines that the platform picks up.

Source of names and form: developer guide, "CloudWatch Metrics for Bring Your Own Containers".
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from monitor.constraints import Constraints
from monitor.environment import Settings
from monitor.profiles import DatasetProfile, Profile
from monitor.violations import Drift

FILE_NAME = "cloudwatch_metrics.jsonl"


def write_metrics(settings: Settings, metrics: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Write `metrics`, each a name and its value or values, with the job's time and dimensions."""
    folder = settings.metrics_directory
    folder.mkdir(parents=True, exist_ok=True)
    context = _context(settings, settings.metric_time or now)
    lines = (json.dumps({**metric, **context}, allow_nan=False) + "\n" for metric in metrics)
    (folder / FILE_NAME).write_text("".join(lines), encoding="utf-8")


def feature_metrics(
    profile: DatasetProfile, constraints: Constraints | None, drifts: Mapping[str, Drift]
) -> list[dict[str, Any]]:
    """The metrics of every feature whose constraints do not switch them off."""
    return [
        metric
        for feature in profile.features
        if _emits(feature, constraints)
        for metric in _metrics(feature, drifts.get(feature.name))
    ]


def _emits(feature: Profile, constraints: Constraints | None) -> bool:
    if constraints is None:
        return True
    expected = constraints.features.get(feature.name)
    return (expected.config if expected else constraints.config).emit_metrics


def _context(settings: Settings, moment: datetime) -> dict[str, Any]:
    dimensions = {
        "Endpoint": settings.endpoint_name,
        "MonitoringSchedule": settings.monitoring_schedule_name,
    }
    return {
        "Timestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items() if value],
    }


def _metrics(feature: Profile, drift: Drift | None) -> Iterator[dict[str, Any]]:
    if feature.numbers is not None:
        numbers = feature.numbers
        yield {
            "MetricName": f"feature_data_{feature.name}",
            "StatisticValues": {
                "SampleCount": feature.types.integral + feature.types.fractional,
                "Sum": numbers.sum,
                "Minimum": numbers.min,
                "Maximum": numbers.max,
            },
        }
    yield {"MetricName": f"feature_non_null_{feature.name}", "Value": feature.completeness}
    if drift is not None:
        yield {"MetricName": f"feature_baseline_drift_{feature.name}", "Value": drift.value}
