"""The metrics that a monitoring job's containers leave in files.

Places and form: developer guide, "CloudWatch Metrics for Bring Your Own Containers"; the namespaces
are those that AWS's own notebooks read (contracts, 5.9).
"""

import json
import logging
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from slipway.resources.document import Document
from slipway.resources.resource import Resource
from slipway.staging.files import opened, regular_files

log = logging.getLogger(__name__)

# Below what is /opt/ml/output in the container.
FOLDER = "metrics/cloudwatch"
ENDING = ".jsonl"
NAMESPACE = "aws/sagemaker/Endpoints"
# By analysis_type in the job's environment; data quality has none.
SUFFIXES = {
    None: "data-metrics",
    "MODEL_QUALITY": "model-metrics",
    "MODEL_BIAS": "bias-metrics",
    "MODEL_EXPLAINABILITY": "explainability-metrics",
}
# The limits of PutMetricData (API reference, MetricDatum and Dimension).
LONGEST_NAME, LONGEST_VALUE, MOST_DIMENSIONS = 255, 1024, 30
STATISTICS = frozenset({"SampleCount", "Sum", "Minimum", "Maximum"})
MEMBERS = frozenset({"MetricName", "Timestamp", "Dimensions", "Unit", "Value", "StatisticValues"})
# Thirty dimensions as long as they may be, and more; a line without an end must not fill the memory.
LONGEST_LINE_BYTES = 64 * 1024
# Of one file, how many lines that are none are named one by one.
MOST_NAMED = 20


class MetricLineError(ValueError):
    """A line that is no metric; the message says why."""


def namespace_of(job: Resource) -> str | None:
    """Where a job's metrics go; None for one that no monitoring schedule started, which has none."""
    analysis = job.document.get("Environment", {}).get("analysis_type")
    suffix = SUFFIXES.get(analysis)
    if "MonitoringScheduleArn" not in job.document or suffix is None:
        return None
    return f"{NAMESPACE}/{suffix}"


def metric_data(job: Resource, output: Path) -> Iterator[Document]:
    """The metrics in a host's files, as PutMetricData takes them; `output` is its /opt/ml/output.

    A line that is none is named in the log and left out.
    """
    folder = output / FOLDER
    # What is a link is the container's way to somewhere else.
    if any(part.is_symlink() for part in (folder, folder.parent)) or not folder.is_dir():
        return
    for file in regular_files(folder):
        if file.path.endswith(ENDING):
            yield from _metrics_of(job, folder, file.path)


def _metrics_of(job: Resource, folder: Path, path: str) -> Iterator[Document]:
    refused = 0
    try:
        with opened(folder, path) as file:
            for number, line in enumerate(_lines(file), start=1):
                try:
                    yield parsed(line)
                except MetricLineError as error:
                    refused += 1
                    if refused <= MOST_NAMED:
                        log.warning(
                            "metric_file.line_refused arn=%s file=%s line=%d reason=%s",
                            *(job.arn, path, number, error),
                        )
    except OSError as error:
        log.warning("metric_file.unreadable arn=%s file=%s reason=%s", job.arn, path, error)
    if refused > MOST_NAMED:
        log.warning("metric_file.lines_refused arn=%s file=%s lines=%d", job.arn, path, refused)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, those that are too long cut."""
    while line := file.readline(LONGEST_LINE_BYTES):
        yield line
        while len(line) == LONGEST_LINE_BYTES and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE_BYTES)


def parsed(line: bytes) -> Document:
    """The metric in a line, its time in seconds since 1970. Raises MetricLineError."""
    try:
        metric = json.loads(line)
    except (ValueError, RecursionError):
        raise MetricLineError("it is no JSON, or longer than a metric can be") from None
    if not isinstance(metric, dict):
        raise MetricLineError("it is no object")
    unknown = sorted(metric.keys() - MEMBERS)
    if unknown:
        raise MetricLineError(f"it has {', '.join(unknown)[:LONGEST_NAME]}, which no metric has")
    _check_text(metric.get("MetricName"), "MetricName", LONGEST_NAME)
    _check_values(metric)
    if "Unit" in metric:
        _check_text(metric["Unit"], "Unit", LONGEST_NAME)
    return {
        **metric,
        "Timestamp": _moment(metric.get("Timestamp")),
        "Dimensions": _dimensions(metric.get("Dimensions", [])),
    }


def _check_values(metric: Document) -> None:
    if ("Value" in metric) == ("StatisticValues" in metric):
        raise MetricLineError("it must have one of Value and StatisticValues")
    if "Value" in metric:
        _check_number(metric["Value"], "Value")
        return
    statistics = metric["StatisticValues"]
    if not isinstance(statistics, dict) or statistics.keys() != STATISTICS:
        raise MetricLineError(f"StatisticValues must have {', '.join(sorted(STATISTICS))}")
    for name, value in statistics.items():
        _check_number(value, name)


def _check_number(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise MetricLineError(f"{name} is no number: {value!r:.50}")


def _check_text(value: object, name: str, longest: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise MetricLineError(f"{name} must be a text of 1 to {longest} characters, not {value!r:.50}")


def _dimensions(dimensions: object) -> list[Document]:
    if not isinstance(dimensions, list) or len(dimensions) > MOST_DIMENSIONS:
        raise MetricLineError(f"Dimensions must be a list of at most {MOST_DIMENSIONS}")
    for each in dimensions:
        if not isinstance(each, dict) or each.keys() != {"Name", "Value"}:
            raise MetricLineError("each of Dimensions must have Name and Value")
        _check_text(each["Name"], "a dimension's Name", LONGEST_NAME)
        _check_text(each["Value"], "a dimension's Value", LONGEST_VALUE)
    return dimensions


def _moment(value: object) -> float:
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        _check_number(value, "Timestamp")
        assert isinstance(value, int | float)
        return datetime.fromtimestamp(value, UTC).timestamp()
    except (ValueError, OverflowError, OSError):
        raise MetricLineError(f"Timestamp must be such as 2026-01-31T23:00:00Z, not {value!r:.50}") from None
