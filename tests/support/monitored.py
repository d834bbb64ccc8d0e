"""Jobs of the monitor image: run, many in one container where a JVM for each would only cost time."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
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
                f"baseline_{each}": f"{before}/{each}.json" for each in ("constraints", "statistics")
            }
        write_monitoring_root(roots[name], job.files, environment)
    shutil.copy(PROGRAM, folder)
    open_to_everyone(folder)
    outcome = run_job(image, [f"/opt/ml/{PROGRAM.name}"], folder, entrypoint="python")
    assert outcome.exit_code == 0, outcome.stderr
    return {name: _left(root) for name, root in roots.items()}


def _left(root: Path) -> Left:
    files = outputs_of(root)
    for name, content in files.items():
        if name in SCHEMAS:
            jsonschema.validate(json.loads(content), SCHEMAS[name])
    message = (root / "output" / "message").read_text()
    return Left(int((root / "exit_code").read_text()), message, files)
