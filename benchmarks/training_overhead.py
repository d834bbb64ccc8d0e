"""What does the training contract cost? Our job beside a bare program that loads the same files and fits.

Both run in the same image and are timed by the engine from container start to
exit: ours reads hyperparameters and channels, checks every cell, prints
metrics, saves model, encoder and manifest; the peer imports xgboost, loads the
two files and fits.
"""

import tempfile
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.jobs import docker_run, prepare_training, preprocess
from orchestration.project_file import load_tabular

ROUNDS = 5
BARE = """
import json, numpy, xgboost
given = json.load(open("/opt/ml/input/config/hyperparameters.json"))
rounds, metric = int(given.pop("num_round")), given.pop("eval_metric")
def load(part):
    rows = numpy.loadtxt(f"/opt/ml/input/data/{part}/{part}.csv", delimiter=",", dtype=numpy.float32)
    return xgboost.DMatrix(rows[:, 1:], rows[:, 0])
train, validation = load("train"), load("validation")
watched = [(train, "train"), (validation, "validation")]
xgboost.train({**given, "eval_metric": metric}, train, rounds, evals=watched, verbose_eval=False)
"""


def main(images: dict[str, str], data: Path, is_synthetic: bool) -> Figures:
    """Ours and the bare program in turn."""
    project = load_tabular("bank")
    image = images["train_xgb"]
    ours, bare = [], []
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        folder = Path(name)
        preprocess(images["preprocess"], project, data, project.split.seed, folder / "preprocess")
        for number in range(ROUNDS + 1):
            root = folder / f"train-{number}"
            prepare_training(project.hyperparameters, folder / "preprocess", root)
            ours.append(docker_run(image, ["train"], root).seconds)
            bare.append(docker_run(image, ["-c", BARE], root, entrypoint="python").seconds)
    figures = Figures("training_overhead", peer="bare python -c in the same image: import, load, fit")
    figures.note("data", data.name)
    figures.note("synthetic", is_synthetic)
    # The first of each pays for a cold page cache.
    figures.add("container seconds, start to exit", ours[1:], bare[1:])
    return figures
