"""The last lines of a run: what came out, what it took, where it is."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestration.endpoint import Answer
from orchestration.project import Project
from orchestration.run_record import RunRecord
from orchestration.settings import ROOT

SHOWN_METRICS = ("accuracy", "auc", "f1", "precision", "recall")
SHOWN_FEATURES = 3


def summary(
    project: Project, record: RunRecord, answers: Sequence[Answer], build_dir: Path
) -> Iterator[tuple[str, ...]]:
    """Rows of a table, label first."""
    yield ("",)
    yield ("answers", "predicted", "probability", "actual", "")
    for answer in answers:
        known = ", ".join(f"{key} {value}" for key, value in list(answer.row.items())[:SHOWN_FEATURES])
        yield ("", answer.predicted, f"{answer.probability:.4f}", answer.actual, f"{known}, …")
    yield ("",)
    for name in SHOWN_METRICS:
        if name in record.metrics:
            limit = f"   threshold {record.threshold[name]:.4f}" if name in record.threshold else ""
            yield (name, f"{record.metrics[name]:.4f}{limit}")
    if record.data.get("synthetic"):
        yield ("", "on synthetic rows: these figures say nothing about real clients")
    overhead = record.overhead
    yield (
        "time",
        f"{overhead['total_seconds']:.1f} s, of which containers {overhead['container_seconds']:.1f} s "
        f"and work in them {overhead['work_seconds']:.1f} s",
    )
    yield ("model", f"{record.model_uri}  model.ubj sha256 {(record.model_digest or '')[:12]}…")
    yield ("report", shown(build_dir / "report" / project.name / "report.html"))
    yield ("figures", shown(build_dir / "run.json"))
    yield ("log", shown(Path(record.log)))


def shown(path: Path) -> str:
    """`path` as a person in the project's folder would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
