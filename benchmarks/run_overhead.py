"""How long is a run, and how much of it is not the jobs' own work? `make run`'s program in both its modes.

The peer is the same run under the SDK's own local mode. Both compute every
step; ours registers, approves and deploys beyond that, local mode imports the
SDK. Work is what jobs and answers took by their own word.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figures
from scripts.commands import ROOT

ROUNDS = 3
# Without --fresh a second run would take every job from the first. Local mode has no feature store
# and makes no baselines, for it has no endpoint that is watched.
OURS = ("--mode", "api", "--fresh", "--set", "feature_group=null", "--set", "monitoring=null")
PEER = ("--mode", "sdk-local")


def main(images: dict[str, str], data: Path, is_synthetic: bool) -> Figures:
    """Some runs in each mode, in turn, after one of each that warms up."""
    environment = {**os.environ, **{f"SLIPWAY_IMAGE_{name.upper()}": image for name, image in images.items()}}
    records: dict[tuple[str, ...], list[dict[str, Any]]] = {OURS: [], PEER: []}
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        program = [
            sys.executable,
            "-m",
            "orchestration",
            "run",
            "--project",
            "bank",
            "--build-dir",
            folder,
            "--data",
            str(data),
        ]
        for _ in range(ROUNDS + 1):
            for mode, measured in records.items():
                subprocess.run(
                    [*program, *mode], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
                )
                measured.append(json.loads((Path(folder) / "run.json").read_text(encoding="utf-8")))
    ours, peer = records[OURS][1:], records[PEER][1:]
    figures = Figures("run_overhead", peer="the same run under the SDK's own local mode")
    figures.note("data", data.name)
    figures.note("synthetic", is_synthetic)
    figures.add(
        "seconds of the pipeline",
        [record["pipeline_seconds"] for record in ours],
        [record["pipeline_seconds"] for record in peer],
    )
    figures.add("seconds of a warm run", total(ours), total(peer))
    figures.add("seconds of it that are not work", beyond_work(ours), beyond_work(peer))
    for key, label in (("container_seconds", "our seconds in containers"), ("work_seconds", "of them work")):
        figures.note(label, round(median(record["overhead"][key] for record in ours), 2))
    return figures


def total(records: list[dict[str, Any]]) -> list[float]:
    """From the program's start to its last figure."""
    return [record["overhead"]["total_seconds"] for record in records]


def beyond_work(records: list[dict[str, Any]]) -> list[float]:
    """What of that the jobs and the endpoint's answers did not take."""
    return [record["overhead"]["total_seconds"] - record["overhead"]["work_seconds"] for record in records]
