"""Jobs of the monitor image: run, many in one container where a JVM for each would only cost time."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema

from tests.support.containers import run_job
from tests.support.monitor_data import features, write_monitoring_root
from tests.support.preprocess_data import open_to_everyone, outputs_of

SCHEMAS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "model_monitor_schemas.json").read_text(encoding="utf-8")
)
# Runs inside the image, with what is installed there alone.
PROGRAM = Path(__file__).with_name("monitor_jobs.py")
JSON_LINES = {"dataset_format": '{"json": {"lines": true}}'}
CSV = {"dataset_format": '{"csv": {"header": true}}'}
METRICS = {"publish_cloudwatch_metrics": "Enabled"}
BASELINE_FILES = ["constraints.json", "statistics.json"]
DRIFT_FILES = ["constraint_violations.json", *BASELINE_FILES]
REPORTS = ["monitoring_report.json", "report.html"]


@dataclass(frozen=True, slots=True)
class JobOf:
    """A job's data and environment; `expects` is the job whose baseline it is compared with."""

    files: Mapping[str, str | bytes]
    environment: Mapping[str, str]
    expects: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What a job left behind."""

    exit_code: int
    message: str
    files: dict[str, bytes]
    metrics: list[dict[str, Any]] = field(default_factory=list)

    def document(self, name: str) -> Any:
        """One of its JSON files."""
        return json.loads(self.files[name])

    @property
    def statistics(self) -> dict[str, Any]:
        """The features by name."""
        return features(self.document("statistics.json"))

    @property
    def violations(self) -> set[tuple[str, str]]:
        """What is violated, and how."""
        return {
            (each["feature_name"], each["constraint_check_type"])
            for each in self.document("constraint_violations.json")["violations"]
        }


def run_jobs(image: str, folder: Path, jobs: Mapping[str, JobOf]) -> dict[str, Left]:
    """Run `jobs` in their order in one container; their files are held against the schemas."""
    roots = {name: folder / "jobs" / f"{number:02d}" for number, name in enumerate(jobs)}
    for name, job in jobs.items():
        environment = dict(job.environment)
        if job.expects is not None:
            before = f"/opt/ml/../{roots[job.expects].name}/processing/output"
            environment |= {
                f"baseline_{each}": f"{before}/{each}.json"
                for each in ("constraints", "statistics")
                if f"baseline_{each}" not in environment
            }
        write_monitoring_root(roots[name], job.files, environment)
    shutil.copy(PROGRAM, folder)
    open_to_everyone(folder)
    outcome = run_job(image, [f"/opt/ml/{PROGRAM.name}"], folder, entrypoint="python")
    assert outcome.exit_code == 0, outcome.stderr
    return {name: _left(root, int((root / "exit_code").read_text())) for name, root in roots.items()}


def run_one(image: str, folder: Path, job: JobOf, **options: Any) -> Left:
    """Run one job in a container of its own, with Docker's `options`."""
    root = write_monitoring_root(folder / "ml", job.files, job.environment)
    return _left(root, run_job(image, [], root, **options).exit_code)


def _left(root: Path, exit_code: int) -> Left:
    files = outputs_of(root)
    for name, content in files.items():
        if schema := _schema(name, files):
            jsonschema.validate(json.loads(content), schema)
    message = (root / "output" / "message").read_text()
    metrics = root / "output" / "metrics" / "cloudwatch" / "cloudwatch_metrics.jsonl"
    lines = metrics.read_text().splitlines() if metrics.exists() else []
    return Left(exit_code, message, files, [json.loads(line) for line in lines])


def _schema(name: str, files: Mapping[str, bytes]) -> Any:
    """The schema of a file, of the analysis that the report names."""
    report = json.loads(files.get("monitoring_report.json", b"{}"))
    of_analysis = {"model-quality": "model-quality/", "forecast-accuracy": "model-quality/"}
    return SCHEMAS.get(of_analysis.get(report.get("analysis", ""), "") + name, SCHEMAS.get(name))
