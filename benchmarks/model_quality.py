"""How good is bank's model on rows it has never seen? Accuracy and AUC, mean over split seeds.

The peer is a plain model: XGBoost with 300 rounds and nothing tuned, on the
very same parts.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.figures import Figures
from benchmarks.jobs import docker_run, evaluate, prepare_training, preprocess
from orchestration.project_file import load_tabular
from orchestration.tabular_project import TabularProject

SEEDS = (0, 1, 2)
# With the outcome of earlier campaigns, which the study leaves out.
WITH_EARLIER_CAMPAIGNS = ("features.poutcome.use=true", "features.pdays.use=true")
PLAIN = {
    "objective": "binary:logistic",
    "num_round": 300,
    "eta": 0.05,
    "max_depth": 6,
    "subsample": 1,
    "colsample_bytree": 1,
}


@dataclass(frozen=True, slots=True)
class Quality:
    """Metrics by split seed."""

    rounds: tuple[dict[str, float], ...]

    def mean(self, metric: str) -> float:
        """The mean over the seeds."""
        return fmean(entry[metric] for entry in self.rounds)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        yield Path(name)


def measured(
    project: TabularProject,
    models: Mapping[str, Mapping[str, object]],
    images: dict[str, str],
    data: Path,
    seeds: Sequence[int] = SEEDS,
) -> dict[str, Quality]:
    """How good each of `models` is, hyperparameters by name, all of them on the same splits."""
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in models}
    for seed in seeds:
        with _folder() as folder:
            parts = folder / "preprocess"
            preprocess(images["preprocess"], project, data, seed, parts)
            for name, hyperparameters in models.items():
                trained = folder / f"train-{name}"
                prepare_training(dict(hyperparameters), parts, trained)
                docker_run(images["train_xgb"], ["train"], trained)
                rounds[name].append(
                    evaluate(images["train_xgb"], parts, trained, folder / f"evaluate-{name}")
                )
    return {name: Quality(tuple(each)) for name, each in rounds.items()}


def main(images: dict[str, str], data: Path, is_synthetic: bool) -> Figures:
    """Measure both sets of features."""
    figures = Figures("model_quality", peer="XGBoost, 300 rounds, eta 0.05, depth 6, no sampling")
    figures.note("data", data.name)
    figures.note("synthetic", is_synthetic)
    for label, overrides in (("14 features", ()), ("16 features", WITH_EARLIER_CAMPAIGNS)):
        project = load_tabular("bank", overrides)
        models: dict[str, Mapping[str, object]] = {"ours": project.hyperparameters, "plain": PLAIN}
        ours, plain = measured(project, models, images, data).values()
        for metric in ("accuracy", "auc"):
            figures.add(
                f"{metric}, {label}",
                [entry[metric] for entry in ours.rounds],
                [entry[metric] for entry in plain.rounds],
                digits=4,
            )
    return figures
