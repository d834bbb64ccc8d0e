"""What an analysis found: what the job writes, and what its report tells."""

from dataclasses import dataclass, field
from typing import Any

from monitor.profiles import DatasetProfile


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a model; None is what the data cannot tell."""

    value: float | None
    standard_deviation: float | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """One analysis, done.

    `documents` are the files of `output_path` by name, `cloudwatch` the metrics
    without time and dimensions; `drifts` are distances by feature; `remark` is
    what the job's message adds, `left_out` counts calls of another form, and
    `ground_truth` are the counts of the merge. `profile` is there for data quality, `metrics`
    for the other analyses. `sections` are the analysis's own part of the page, as HTML.
    """

    rows: int
    documents: dict[str, dict[str, Any]]
    violations: int = 0
    cloudwatch: list[dict[str, Any]] = field(default_factory=list)
    drifts: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    profile: DatasetProfile | None = None
    left_out: int = 0
    ground_truth: dict[str, int] | None = None
    remark: str = ""
    sections: tuple[str, ...] = ()
