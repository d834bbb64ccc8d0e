"""How much of a warm run is not the jobs' own work? `make run`'s program beside the work inside it.

The peer is the time that the jobs and the endpoint's answers take by their own
word; the ratio is what containers, the SDK and LocalStack make of it.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.figures import Figures
from scripts.commands import ROOT

ROUNDS = 3


def main(images: dict[str, str], data: Path, is_synthetic: bool) -> Figures:
    """Some runs after one that warms up."""
    environment = {**os.environ, **{f"SLIPWAY_IMAGE_{name.upper()}": image for name, image in images.items()}}
    records = []
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        program = [sys.executable, "-m", "orchestration", "run", "--build-dir", folder, "--data", str(data)]
        for _ in range(ROUNDS + 1):
            subprocess.run(program, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
            records.append(json.loads((Path(folder) / "run.json").read_text(encoding="utf-8")))
    warm = [record["overhead"] for record in records[1:]]
    figures = Figures("run_overhead", peer="the work inside the jobs' containers, by their own word")
    figures.note("data", data.name)
    figures.note("synthetic", is_synthetic)
    figures.add(
        "seconds of a warm run",
        [overhead["total_seconds"] for overhead in warm],
        [overhead["work_seconds"] for overhead in warm],
    )
    for key, label in (
        ("container_seconds", "seconds in containers"),
        ("sdk_seconds", "seconds of SDK and engine"),
    ):
        figures.note(label, round(median(overhead[key] for overhead in warm), 2))
    figures.note("share that is not work", round(median(overhead["share"] for overhead in warm), 3))
    return figures
