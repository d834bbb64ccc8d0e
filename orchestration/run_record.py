"""build/run.json: the figures of a run, for people and programs that were not there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.data_source import DataSource
from orchestration.figures_file import write_figures


@dataclass(slots=True)
class StepFigures:
    """How long a step took, and how much of that was its container and its own work.

    A cached step took nothing of either: an earlier execution did.
    """

    name: str
    status: str
    seconds: float
    container_seconds: float | None = None
    work_seconds: float | None = None
    cached: bool = False
    # Where steps run beside each other.
    container_started_at: str | None = None

    def container_span(self) -> tuple[float, float]:
        """When its container ran, on the clock of whoever ran it."""
        began = (
            datetime.fromisoformat(self.container_started_at).timestamp() if self.container_started_at else 0
        )
        return began, began + (self.container_seconds or 0.0)

    def work_span(self) -> tuple[float, float]:
        """When its own work was done: imports come before it."""
        _, ended = self.container_span()
        return ended - (self.work_seconds or 0.0), ended


@dataclass(slots=True)
class RunRecord:
    """What is known of a run so far; written when it ends, however it ends."""

    project: str
    started_at: str
    log: str
    mode: str = "api"
    status: str = "Executing"
    failure_reason: str | None = None
    execution_id: str | None = None
    pipeline: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    steps: list[StepFigures] = field(default_factory=list)
    parts: dict[str, Any] = field(default_factory=dict)
    # What ingest wrote, and below `read` what features read of it; empty without a feature store.
    feature_group: dict[str, Any] = field(default_factory=dict)
    # By monitor, the folder of the files that it compares with; empty where nothing watches.
    baselines: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    # What the metrics are compared with: the same ones of a reference, where the evaluation has one.
    reference: dict[str, Any] = field(default_factory=dict)
    threshold: dict[str, float] = field(default_factory=dict)
    model_digest: str | None = None
    model_uri: str | None = None
    model_package: dict[str, Any] = field(default_factory=dict)
    endpoint: dict[str, Any] = field(default_factory=dict)
    # From the call that starts the execution until its end is known.
    pipeline_seconds: float | None = None
    overhead: dict[str, float] = field(default_factory=dict)

    def note_data(self, data: DataSource) -> None:
        """Which rows."""
        self.data = {
            "source": data.source,
            "file": data.path.name,
            "rows": data.rows,
            "sha256": data.sha256,
            "synthetic": data.is_synthetic,
        }

    def note_overhead(self, total_seconds: float) -> None:
        """How the time was spent. `work` is what jobs and answers took by their own word.

        Seconds in which two containers ran count once.
        """
        timed = [step for step in self.steps if step.container_started_at]
        others = [step for step in self.steps if not step.container_started_at]
        container = covered(step.container_span() for step in timed)
        container += sum(step.container_seconds or 0.0 for step in others)
        work = covered(step.work_span() for step in timed)
        work += sum(step.work_seconds or 0.0 for step in others)
        self.overhead = {
            "total_seconds": round(total_seconds, 3),
            "work_seconds": round(work, 3),
            "container_seconds": round(container, 3),
            "sdk_seconds": round(max(0.0, total_seconds - container), 3),
            "share": round(1 - work / total_seconds, 4) if total_seconds else 0.0,
        }

    def write(self, file: Path) -> None:
        """Replace `file` with this record, whole."""
        write_figures(self, file)


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """How many seconds lie in at least one of the spans."""
    seconds, until = 0.0, float("-inf")
    for began, ended in sorted(spans):
        seconds += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return seconds


def scalar_metrics(block: Mapping[str, Any]) -> dict[str, float]:
    """The single numbers of a Model Monitor metrics block; curves and matrices stay in the report."""
    return {
        name: metric["value"]
        for name, metric in block.items()
        if isinstance(metric, dict) and isinstance(metric.get("value"), int | float)
    }
