"""How good are retail's forecasts of the last 30 days, which no choice has seen?

Mean weighted quantile loss (nine levels) and coverage of the 80 % interval of the
shipped configuration, over three training seeds, beside seasonal naive, AutoETS and
LightGBM on the same series, split and prices; then what a request costs. The rows
are SLIPWAY_RETAIL_CSV's, or DATA's, else the project's synthetic ones. `SEEDS=1`
trains one model.
"""

import csv
import json
import math
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from benchmarks.figures import Figures
from benchmarks.forecast_peers import PEERS, python
from benchmarks.forecast_serving import served
from benchmarks.jobs import docker_run, evaluation, prepare_preprocess, prepare_training
from orchestration.data_source import choose
from orchestration.errors import ProjectError
from orchestration.extract import extract_of
from orchestration.forecasting_project import ForecastingProject
from orchestration.project_file import load_project
from orchestration.schema import schema_body
from orchestration.settings import ROOT, Settings
from scripts.images import Build, ensure_built

PROJECT = "retail"
LEVELS = tuple(level / 10 for level in range(1, 10))
# As an endpoint would be asked; one instance has two cores here.
SAMPLES = 200
CHANNELS = {"train": "train", "validation": "validation", "encoder": "encoder", "history": "test"}
Forecast = Mapping[str, Sequence[Sequence[float]]]
Actuals = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Score:
    """Of forecasts of every series and day that has a value."""

    loss: float
    coverage: float

    @classmethod
    def of(cls, forecast: Forecast, actuals: Actuals) -> "Score":
        """As GluonTS weighs: 2 · losses / sum of |values|, the mean over LEVELS, a row each of a forecast."""
        losses, size, inside, count = 0.0, 0.0, 0, 0
        for key, values in actuals.items():
            for day, actual in enumerate(values):
                if actual is None:
                    continue
                quantiles = [row[day] for row in forecast[key]]
                losses += sum(
                    2 * max(level * (actual - quantile), (level - 1) * (actual - quantile))
                    for level, quantile in zip(LEVELS, quantiles, strict=True)
                )
                size += abs(actual)
                inside += quantiles[0] <= actual <= quantiles[-1]
                count += 1
        return cls(losses / len(LEVELS) / size, inside / count)


def main(_images: dict[str, str], _data: Path, _is_synthetic: bool) -> Figures:
    """One split, every peer once, ours for each seed."""
    project = load_project(PROJECT)
    if not isinstance(project, ForecastingProject):
        raise ProjectError(f"project {PROJECT} is not a forecasting one")
    seeds = range(int(os.environ.get("SEEDS", "3")))
    source = choose(PROJECT, Settings.from_environ(os.environ), ROOT / "build")
    figures = Figures("forecast", peer="statsforecast and mlforecast on the same split and prices")
    figures.note("rows", source.line)
    python()
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        folder = Path(name)
        preprocess(project, source.path, folder / "preprocess")
        parts = folder / "preprocess" / "processing" / "output"
        actuals = last_days(parts / "test" / "series.jsonl", project.prediction_length)
        image = ensure_built(Build("train_deepar")).reference
        ours = [
            scored(image, project, seed, folder / "preprocess", folder / f"seed{seed}", actuals)
            for seed in seeds
        ]
        for what, value in served(
            image, folder / "seed0" / "model", parts, project.prediction_length
        ).items():
            figures.note(what, value)
        for peer in PEERS:
            forecast, seconds = peer.forecast(parts / "test" / "series.jsonl", project.prediction_length)
            score = Score.of(forecast, actuals)
            figures.add(
                f"weighted quantile loss beside {peer.name}",
                [score_.loss for score_, _ in ours],
                [score.loss] * len(ours),
                digits=4,
            )
            figures.note(f"{peer.name}: coverage of 80 %", round(score.coverage, 3))
            figures.note(f"{peer.name}: seconds", round(seconds, 1))
    losses, coverages = [score.loss for score, _ in ours], [score.coverage for score, _ in ours]
    figures.note("loss by seed", [round(loss, 4) for loss in losses])
    figures.note("spread of the loss over seeds", round(stdev(losses), 5) if len(losses) > 1 else math.nan)
    figures.note("coverage of the 80 % interval by seed", [round(value, 3) for value in coverages])
    figures.note("training seconds by seed", [round(seconds, 1) for _, seconds in ours])
    figures.note("mean", f"loss {fmean(losses):.4f}, coverage {fmean(coverages):.3f}")
    figures.note("batches", batch_budget(project))
    return figures


def batch_budget(project: ForecastingProject) -> str:
    """What the networks may learn from, at most: one before the validation window, each with it."""
    given = project.hyperparameters
    networks = int(given["num_models"]) + 1
    epochs, batches = given["epochs"], given["num_batches_per_epoch"]
    return f"{networks} networks x {epochs} epochs x {batches} batches of {given['mini_batch_size']}"


def preprocess(project: ForecastingProject, data: Path, root: Path) -> None:
    """Make parts of `data` under `root`."""
    inputs = prepare_preprocess(data, schema_body(project), root)
    extract = extract_of(project, ROOT / "build")
    if extract:
        (inputs / "places").mkdir()
        shutil.copy(extract.path, inputs / "places")
    docker_run(ensure_built(Build("preprocess")).reference, [], root)


def last_days(series: Path, days: int) -> dict[str, list[float | None]]:
    """What came true on the held-out days, by the key of a series."""
    read = (json.loads(line) for line in series.read_text(encoding="utf-8").splitlines())
    return {each["item_id"]: each["target"][-days:] for each in read}


def scored(
    image: str, project: ForecastingProject, seed: int, preprocess: Path, root: Path, actuals: Actuals
) -> tuple[Score, float]:
    """A model trained from `seed`, asked of the held-out days: how good, and the seconds of training."""
    # The members of an ensemble take seeds that follow each other.
    models = int(project.hyperparameters.get("num_models", 1))
    given = {**project.hyperparameters, "seed": 1000 * seed * models}
    prepare_training(given, preprocess, root, CHANNELS)
    trained = docker_run(image, ["train"], root)
    folder = evaluation(image, preprocess, root, root, "--num-samples", str(SAMPLES))
    return Score.of(predictions(folder / "predictions.csv"), actuals), trained.seconds


def predictions(file: Path) -> dict[str, list[list[float]]]:
    """predictions.csv as a row of days for each of LEVELS, by the key of a series."""
    found: dict[str, list[list[float]]] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            levels = found.setdefault(row["item_id"], [[] for _ in LEVELS])
            for level, values in zip(LEVELS, levels, strict=True):
                values.append(float(row[f"q{level:g}"]))
    return found
