"""Model quality of a binary classifier, in Model Monitor's statistics layout."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import (
    confusion_matrix,
    fbeta_score,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
    roc_curve,
)

# Model Monitor's: no deviation below 200 rows, else over five 80 % samples.
ROWS_FOR_DEVIATION = 200
SAMPLES = 5
SAMPLE_SHARE = 0.8
CURVE_POINTS = 300

Bits = npt.NDArray[np.int8]
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of a curve, in order."""

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]

    def thinned(self, points: int = CURVE_POINTS) -> "Curve":
        """At most `points` of the points, spread evenly along the curve, both ends kept."""
        if len(self.x) <= points:
            return self
        lengths = np.abs(np.diff(self.x)) + np.abs(np.diff(self.y))
        travelled = np.concatenate([[0.0], np.cumsum(lengths)])
        wanted = np.linspace(0.0, travelled[-1], points)
        keep = np.unique(np.searchsorted(travelled, wanted).clip(0, len(self.x) - 1))
        keep[0], keep[-1] = 0, len(self.x) - 1
        return Curve(self.x[keep], self.y[keep])


@dataclass(frozen=True, slots=True)
class Quality:
    """How a model did on a labelled set; both classes occur in it."""

    labels: Bits
    probabilities: Scores
    threshold: float

    @property
    def predicted(self) -> Bits:
        """1 where the model says positive."""
        return (self.probabilities >= self.threshold).astype(np.int8)

    def roc(self) -> Curve:
        """False positive rate against true positive rate."""
        false_positive, true_positive, _ = roc_curve(self.labels, self.probabilities)
        return Curve(false_positive, true_positive)

    def precision_recall(self) -> Curve:
        """Recall against precision, from all rows called positive to none."""
        precision, recall, _ = precision_recall_curve(self.labels, self.probabilities, drop_intermediate=True)
        return Curve(recall, precision)

    def confusion(self) -> npt.NDArray[np.int64]:
        """Counts, actual by predicted, negative first."""
        return np.asarray(confusion_matrix(self.labels, self.predicted, labels=[0, 1]))

    def sampled(self, seed: int) -> "Quality":
        """A random 80 % of the rows, the same for the same seed."""
        count = round(len(self.labels) * SAMPLE_SHARE)
        rows = np.random.default_rng(seed).choice(len(self.labels), count, replace=False)
        return Quality(self.labels[rows], self.probabilities[rows], self.threshold)


def _rates(labels: Bits, predicted: Bits) -> dict[str, float]:
    """Metrics of labels alone, under Model Monitor's names."""
    recall = float(recall_score(labels, predicted, zero_division=0.0))
    true_negative = float(recall_score(labels, predicted, pos_label=0, zero_division=0.0))
    return {
        "recall": recall,
        "precision": float(precision_score(labels, predicted, zero_division=0.0)),
        "accuracy": float((labels == predicted).mean()),
        "true_positive_rate": recall,
        "true_negative_rate": true_negative,
        "false_positive_rate": 1.0 - true_negative,
        "false_negative_rate": 1.0 - recall,
        **{
            name: float(fbeta_score(labels, predicted, beta=beta, zero_division=0.0))
            for name, beta in (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0))
        },
    }


def model_metrics(quality: Quality) -> dict[str, float]:
    """The model's metrics."""
    # A sample may hold one class only, which has no area.
    both = quality.labels.min() != quality.labels.max()
    auc = float(roc_auc_score(quality.labels, quality.probabilities)) if both else math.nan
    return {**_rates(quality.labels, quality.predicted), "auc": auc}


def constant_metrics(quality: Quality) -> dict[str, float]:
    """The metrics of the constant classifier: the one that calls every row positive.

    So does the sample in the developer guide ("Model Quality Metrics"), whose
    constant recall is 1 and whose constant accuracy is the share of positives.
    """
    rates = _rates(quality.labels, np.ones_like(quality.labels))
    return {
        f"{name}_best_constant_classifier": rates[name]
        for name in ("recall", "precision", "accuracy", "f0_5", "f1", "f2")
    }


def binary_classification_metrics(quality: Quality, negative: str, positive: str) -> dict[str, object]:
    """The block `binary_classification_metrics` of a statistics file.

    The areas and rates are computed on every row; only the curves are thinned.
    """
    counts = quality.confusion()
    names = (negative, positive)
    roc, precision_recall = quality.roc().thinned(), quality.precision_recall().thinned()
    return {
        "confusion_matrix": {
            actual: {predicted: int(counts[i, j]) for j, predicted in enumerate(names)}
            for i, actual in enumerate(names)
        },
        **_with_deviations(quality, model_metrics),
        **_with_deviations(quality, constant_metrics),
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": roc.x.tolist(),
            "true_positive_rates": roc.y.tolist(),
        },
        "precision_recall_curve": {
            "precisions": precision_recall.y.tolist(),
            "recalls": precision_recall.x.tolist(),
        },
    }


def _with_deviations(
    quality: Quality, measure: Callable[[Quality], dict[str, float]]
) -> dict[str, dict[str, float | str]]:
    values = measure(quality)
    if len(quality.labels) < ROWS_FOR_DEVIATION:
        return {name: {"value": value, "standard_deviation": "NaN"} for name, value in values.items()}
    samples = [measure(quality.sampled(seed)) for seed in range(SAMPLES)]
    return {
        name: {"value": value, "standard_deviation": _deviation([sample[name] for sample in samples])}
        for name, value in values.items()
    }


def _deviation(values: list[float]) -> float | str:
    deviation = float(np.std(values))
    return deviation if math.isfinite(deviation) else "NaN"
