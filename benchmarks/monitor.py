"""How long does a monitoring job take, from its container's start to its exit?

Baseline and drift jobs on seeded rows, beside the same pydeequ, Deequ, Spark and
Java used plainly (ColumnProfiler with KLL sketches, defaults), in turn. Evidently
and whylogs, which sketch otherwise and check nothing, are told beside them.
`LARGE=1` adds ten million rows within 6 GB.
"""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.jobs import Ended, JobError, docker_run
from benchmarks.monitor_peers import CSV_NAME, PEERS, Shape, plain_pydeequ, pydeequ_image, write_rows
from scripts.images import Build, ensure_built

# Rounds by shape: what takes a minute a program is not asked as often.
SHAPES = {
    Shape(10_000, 16, categories=4): 3,
    Shape(10_000, 47, categories=0): 3,
    Shape(1_000_000, 16, categories=4): 2,
}
LARGE = Shape(10_000_000, 16, categories=4)
LARGE_MEMORY = "6g"
FORMAT = '{"csv": {"header": true}}'


@dataclass(frozen=True, slots=True)
class Images:
    """The two images whose containers are compared."""

    ours: str
    pydeequ: str


def main(_images: dict[str, str], _data: Path, _is_synthetic: bool) -> Figures:
    """Every shape, and the largest where LARGE is set."""
    figures = Figures("monitor", peer="plain pydeequ, ColumnProfiler with KLL, defaults")
    figures.note("load average at the beginning", round(os.getloadavg()[0], 1))
    image = ensure_built(Build("monitor")).reference
    images = Images(image, pydeequ_image(image))
    for peer in PEERS:
        peer.python()
    shapes = dict(SHAPES)
    if only := os.environ.get("ROUNDS"):
        shapes = dict.fromkeys(shapes, int(only))
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        for shape, rounds in shapes.items():
            measure(figures, images, shape, rounds, Path(name) / shape.name.replace(" ", ""))
        if os.environ.get("LARGE"):
            measure_large(figures, image, Path(name) / "large")
    return figures


def measure(figures: Figures, images: Images, shape: Shape, rounds: int, folder: Path) -> None:
    """Everybody on one dataset, in turn."""
    folder.mkdir()
    write_rows(shape, folder)
    seconds: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, taken in one_round(images, shape, folder).items():
            seconds.setdefault(name, []).append(taken)
    for job in ("baseline", "drift"):
        figures.add(f"seconds, {job} of {shape.name}", seconds[job], seconds["pydeequ"])
    for peer in PEERS:
        figures.add(
            f"seconds, baseline of {shape.name}, {peer.name} beside it",
            seconds["baseline"],
            seconds[peer.name],
        )
    shutil.rmtree(folder)


def one_round(images: Images, shape: Shape, folder: Path) -> dict[str, float]:
    """Seconds of each program; a drift job compares with the baseline of the same round."""
    before = monitored(images.ours, shape, folder, {})
    seconds = {"baseline": before.seconds}
    baseline = {name: f"/opt/ml/before/{name}.json" for name in ("statistics", "constraints")}
    shutil.rmtree(folder / "before", ignore_errors=True)
    (folder / "output").rename(folder / "before")
    seconds["pydeequ"] = plain_pydeequ(images.pydeequ, shape, folder)
    environment = {f"baseline_{name}": path for name, path in baseline.items()}
    seconds["drift"] = monitored(images.ours, shape, folder, environment).seconds
    return seconds | {peer.name: peer.described(shape, folder) for peer in PEERS}


def monitored(
    image: str, shape: Shape, folder: Path, environment: dict[str, str], options: tuple[str, ...] = ()
) -> Ended:
    """A job of ours. Raises JobError where it found something else than what is there."""
    variables = {
        "dataset_source": f"/opt/ml/{CSV_NAME}",
        "dataset_format": FORMAT,
        "output_path": "/opt/ml/output",
        **environment,
    }
    config = folder / "config" / "processingjobconfig.json"
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps({"Environment": variables}), encoding="utf-8")
    shutil.rmtree(folder / "output", ignore_errors=True)
    (folder / "output").mkdir()
    ended = docker_run(image, [], folder, options=options)
    document = json.loads((folder / "output" / "statistics.json").read_text(encoding="utf-8"))
    sketched = [
        feature
        for feature in document["features"]
        if "kll" in feature.get("numerical_statistics", {}).get("distribution", {})
    ]
    found = document["dataset"]["item_count"], len(document["features"]), len(sketched)
    if found != (shape.rows, shape.columns, shape.columns - shape.categories):
        raise JobError(f"the monitor found {found} in {shape.name}: rows, columns, sketches")
    return ended


def measure_large(figures: Figures, image: str, folder: Path) -> None:
    """Ten million rows beside one million, in a container that may take no more memory than that."""
    smaller = Shape(LARGE.rows // 10, LARGE.columns, LARGE.categories)
    seconds = {}
    for shape in (smaller, LARGE):
        folder.mkdir()
        write_rows(shape, folder)
        limits = ("--memory", LARGE_MEMORY, "--memory-swap", LARGE_MEMORY)
        seconds[shape.rows] = monitored(image, shape, folder, {}, limits).seconds
        shutil.rmtree(folder)
    figures.note(f"seconds, baseline of {LARGE.name} within {LARGE_MEMORY}", round(seconds[LARGE.rows], 1))
    figures.note(
        "times as long as a tenth of the rows", round(seconds[LARGE.rows] / seconds[smaller.rows], 2)
    )
