"""build/run.json: the figures of a run, for people and programs that were not there."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orchestration.containers import JobContainer
from orchestration.data_source import DataSource
from orchestration.execution import Step


@dataclass(slots=True)
class StepFigures:
    """How long a step took, and how much of that was its container and its own work."""

    name: str
    status: str
    seconds: float
    container_seconds: float | None = None
    work_seconds: float | None = None


@dataclass(slots=True)
class RunRecord:
    """What is known of a run so far; written when it ends, however it ends."""

    project: str
    started_at: str
    log: str
    status: str = "Executing"
    failure_reason: str | None = None
    execution_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    steps: list[StepFigures] = field(default_factory=list)
    parts: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    threshold: dict[str, float] = field(default_factory=dict)
    model_digest: str | None = None
    model_uri: str | None = None
    endpoint: dict[str, Any] = field(default_factory=dict)
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
        """How the time was spent. `work` is what jobs and answers took by their own word."""
        container = sum(step.container_seconds or 0.0 for step in self.steps)
        work = sum(step.work_seconds or 0.0 for step in self.steps)
        self.overhead = {
            "total_seconds": round(total_seconds, 3),
            "work_seconds": round(work, 3),
            "container_seconds": round(container, 3),
            "sdk_seconds": round(max(0.0, total_seconds - container), 3),
            "share": round(1 - work / total_seconds, 4) if total_seconds else 0.0,
        }

    def write(self, file: Path) -> None:
        """Replace `file` with this record, whole."""
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        unfinished.replace(file)


def step_figures(steps: tuple[Step, ...], containers: list[JobContainer]) -> list[StepFigures]:
    """The steps with the times of their containers; both lists are in the order of time.

    Local mode gives a job one container and runs jobs one after another; a
    step that failed before its container was made is the last one.
    """
    remaining = iter(containers)
    figures = []
    for step in steps:
        container = next(remaining, None) if step.has_container else None
        figures.append(
            StepFigures(
                name=step.name,
                status=step.status,
                seconds=round(step.seconds, 3),
                container_seconds=round(container.seconds, 3) if container else None,
                work_seconds=container.work_seconds if container else None,
            )
        )
    return figures


def scalar_metrics(block: Mapping[str, Any]) -> dict[str, float]:
    """The single numbers of a Model Monitor metrics block; curves and matrices stay in the report."""
    return {
        name: metric["value"]
        for name, metric in block.items()
        if isinstance(metric, dict) and isinstance(metric.get("value"), int | float)
    }
