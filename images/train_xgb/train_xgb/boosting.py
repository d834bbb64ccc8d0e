"""Rounds of boosting: reported one by one, stopped on request, cut to the best."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError

from train_xgb.hyperparameters import Hyperparameters
from train_xgb.lean_xgboost import xgboost

REPORTED_METRICS = ("auc", "error", "logloss")
_HIGHER_IS_BETTER = {"auc", "aucpr"}


@dataclass(frozen=True, slots=True)
class Part:
    """One named set of rows, as the booster sees them."""

    name: str
    inputs: npt.NDArray[np.float32]
    labels: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A booster that holds the rounds up to its best, and what they reached."""

    booster: xgboost.Booster
    best_iteration: int
    rounds_trained: int
    stopped_early_by: str | None
    metrics: dict[str, float]


class _Rounds(xgboost.callback.TrainingCallback):  # type: ignore[misc]  # published untyped
    """Prints each round's metrics, remembers the best, and says when to stop."""

    def __init__(self, hyperparameters: Hyperparameters, judge: str, stop: StopSignal) -> None:
        super().__init__()
        self._hyperparameters = hyperparameters
        self._judge = judge
        self._stop = stop
        self._best_score = -math.inf
        self.best_iteration = -1
        self.stopped_early_by: str | None = None
        self.history: list[dict[str, float]] = []

    def after_iteration(self, _model: Any, epoch: int, evals_log: Any) -> bool:
        """Whether to stop after this round."""
        metrics = _latest(evals_log)
        self.history.append(metrics)
        print(f"[{epoch}] {metric_line(metrics)}", flush=True)
        watched = self._hyperparameters.watched_metric
        score = metrics[f"{self._judge}:{watched}"] * (1 if watched in _HIGHER_IS_BETTER else -1)
        if score > self._best_score:
            self._best_score, self.best_iteration = score, epoch
        if self._stop.requested:
            self.stopped_early_by = self._stop.name
            return True
        patience = self._hyperparameters.early_stopping_rounds
        if patience is not None and epoch - self.best_iteration >= patience:
            self.stopped_early_by = "early_stopping_rounds"
            return True
        return False


def metric_line(metrics: dict[str, float]) -> str:
    """Metrics as the regular expressions in the README expect them."""
    return " ".join(f"{name}={value:.6f};" for name, value in metrics.items())


def fit(
    parts: list[Part], feature_names: list[str], hyperparameters: Hyperparameters, stop: StopSignal
) -> Fitted:
    """Boost on the first part; the last one judges which round is best.

    The booster keeps the rounds up to the best when early stopping was asked
    for or a signal ended the training; otherwise all that were asked for.
    Raises ContractError when a signal comes before the first round is done.
    """
    _refuse_if_stopped(stop)
    matrices = [
        xgboost.DMatrix(
            part.inputs, part.labels, feature_names=feature_names, nthread=hyperparameters.nthread
        )
        for part in parts
    ]
    rounds = _Rounds(hyperparameters, judge=parts[-1].name, stop=stop)
    _refuse_if_stopped(stop)
    booster = xgboost.train(
        _booster_parameters(hyperparameters),
        matrices[0],
        num_boost_round=hyperparameters.num_round,
        evals=[(matrix, part.name) for matrix, part in zip(matrices, parts, strict=True)],
        callbacks=[rounds],
        verbose_eval=False,
    )
    last = len(rounds.history) - 1
    # On the training rows alone the last round is always best, so there is nothing to cut.
    judged = len(parts) > 1 and (
        hyperparameters.early_stopping_rounds is not None or rounds.stopped_early_by is not None
    )
    best = rounds.best_iteration if judged else last
    return Fitted(
        booster=booster[: best + 1] if best < last else booster,
        best_iteration=best,
        rounds_trained=last + 1,
        stopped_early_by=rounds.stopped_early_by,
        metrics=rounds.history[best],
    )


def _refuse_if_stopped(stop: StopSignal) -> None:
    if stop.requested:
        raise ContractError(
            f"Stopped by {stop.name} before the first round was done, so there is no model to keep; "
            "give the job more time."
        )


def _booster_parameters(hyperparameters: Hyperparameters) -> dict[str, object]:
    document = hyperparameters.as_document()
    own = {"num_round", "early_stopping_rounds", "pca_components", "decision_threshold", "eval_metric"}
    parameters = {name: value for name, value in document.items() if name not in own}
    if hyperparameters.tree_method == "exact":
        # XGBoost warns about a parameter that its method does not use.
        del parameters["max_bin"]
    named = [*REPORTED_METRICS, *hyperparameters.eval_metric]
    parameters["eval_metric"] = list(dict.fromkeys(_measured(name, hyperparameters) for name in named))
    return parameters


def _measured(metric: str, hyperparameters: Hyperparameters) -> str:
    return f"error@{hyperparameters.decision_threshold!r}" if metric == "error" else metric


def _latest(evals_log: dict[str, dict[str, list[float]]]) -> dict[str, float]:
    """The last value of each metric as `part:metric`, and accuracy beside error."""
    metrics: dict[str, float] = {}
    for part, logged in evals_log.items():
        for name, values in logged.items():
            metric = name.partition("@")[0]
            metrics[f"{part}:{metric}"] = float(values[-1])
            if metric == "error":
                metrics[f"{part}:accuracy"] = 1.0 - float(values[-1])
    return metrics
