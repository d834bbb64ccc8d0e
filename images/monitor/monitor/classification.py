"""What follows from a confusion matrix: arithmetic on counts.

Source of the names and of the best constant classifier's figures: developer
guide, "Model quality metrics and Amazon CloudWatch monitoring".
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from monitor.measures import ratio

# Rows by what was true and what was predicted.
Cells = Mapping[tuple[str, str], int]
_CONSTANT = "_best_constant_classifier"
_BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}


@dataclass(frozen=True, slots=True)
class Counts:
    """The confusion matrix of two classes."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @property
    def positive(self) -> int:
        """Rows that are positive in truth."""
        return self.true_positive + self.false_negative

    @property
    def negative(self) -> int:
        """Rows that are negative in truth."""
        return self.false_positive + self.true_negative


def f_score(beta: float, precision_counts: tuple[float, float], actual: float) -> float:
    """F-beta of (true positives, predicted positives) and the positives there are; 0 of nothing."""
    true, predicted = precision_counts
    weight = beta * beta
    whole = predicted + weight * actual
    return (1 + weight) * true / whole if whole else 0.0


def binary_measures(counts: Counts) -> dict[str, float]:
    """Every measure of two classes.

    Where no row is positive in truth, what speaks of positives cannot be told
    (NaN); likewise of negatives. A model that never says positive has precision 0,
    as scikit-learn has it.
    """
    positive, negative = counts.positive, counts.negative
    predicted = counts.true_positive + counts.false_positive
    rows = positive + negative
    recall = ratio(counts.true_positive, positive)
    true_negative_rate = ratio(counts.true_negative, negative)
    told = bool(positive)
    values = {
        "recall": recall,
        "precision": (counts.true_positive / predicted if predicted else 0.0) if told else math.nan,
        "accuracy": ratio(counts.true_positive + counts.true_negative, rows),
        "true_positive_rate": recall,
        "true_negative_rate": true_negative_rate,
        "false_positive_rate": ratio(counts.false_positive, negative),
        "false_negative_rate": ratio(counts.false_negative, positive),
    }
    for name, beta in _BETAS.items():
        score = f_score(beta, (counts.true_positive, predicted), positive)
        values[name] = score if told else math.nan
    return values


def binary_constant_measures(counts: Counts) -> dict[str, float]:
    """The measures of a classifier that always says positive, which is what AWS's figures are of."""
    positive, rows = counts.positive, counts.positive + counts.negative
    if not positive:
        return dict.fromkeys(
            (f"{name}{_CONSTANT}" for name in ("recall", "precision", "accuracy", *_BETAS)), math.nan
        )
    always = binary_measures(Counts(positive, rows - positive, 0, 0))
    return {f"{name}{_CONSTANT}": always[name] for name in ("recall", "precision", "accuracy", *_BETAS)}


def binary_deviations(counts: Counts) -> dict[str, float]:
    """How much one row moves each measure of two classes: see `Measure.of_one_row`."""
    fields = ("true_positive", "false_positive", "false_negative", "true_negative")
    base = binary_measures(counts)
    rows = counts.positive + counts.negative
    variances = dict.fromkeys(base, 0.0)
    for field in fields:
        here = getattr(counts, field)
        if not here:
            continue
        more = binary_measures(replace(counts, **{field: here + 1}))
        for name, value in base.items():
            variances[name] += here / rows * ((rows + 1) * (more[name] - value)) ** 2
    return {name: math.sqrt(variance) for name, variance in variances.items()}


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """One class among several: rows of it in truth, in the answers, and in both."""

    actual: int = 0
    predicted: int = 0
    correct: int = 0

    def and_row(self, actual: bool, predicted: bool) -> "ClassCounts":
        """The counts with one row more."""
        return ClassCounts(
            self.actual + actual, self.predicted + predicted, self.correct + (actual and predicted)
        )

    def measures(self) -> dict[str, float]:
        """What is averaged over the classes; 0 of nothing, as scikit-learn has it."""
        return {
            "weighted_recall": self.correct / self.actual if self.actual else 0.0,
            "weighted_precision": self.correct / self.predicted if self.predicted else 0.0,
            **{
                f"weighted_{name}": f_score(beta, (self.correct, self.predicted), self.actual)
                for name, beta in _BETAS.items()
            },
        }


def class_counts(cells: Cells) -> dict[str, ClassCounts]:
    """Each class of the confusion matrix."""
    actual: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    for (truth, answer), rows in cells.items():
        actual[truth] += rows
        predicted[answer] += rows
    return {
        name: ClassCounts(actual[name], predicted[name], cells.get((name, name), 0))
        for name in sorted(actual | predicted)
    }


def multiclass_measures(cells: Cells) -> dict[str, float]:
    """Every measure of several classes, weighted by the classes' rows in truth."""
    classes = class_counts(cells)
    rows = sum(each.actual for each in classes.values())
    values = {"accuracy": ratio(sum(each.correct for each in classes.values()), rows)}
    for name in ClassCounts().measures():
        values[name] = ratio(sum(each.actual * each.measures()[name] for each in classes.values()), rows)
    return values


def multiclass_constant_measures(cells: Cells) -> dict[str, float]:
    """The measures of a classifier that always gives the most frequent class."""
    truths: Counter[str] = Counter()
    for (truth, _), rows in cells.items():
        truths[truth] += rows
    most_frequent = min(truths, key=lambda name: (-truths[name], name))
    always = multiclass_measures({(truth, most_frequent): rows for truth, rows in truths.items()})
    return {f"{name}{_CONSTANT}": value for name, value in always.items()}


def multiclass_deviations(cells: Cells) -> dict[str, float]:
    """How much one row moves each measure of several classes: see `Measure.of_one_row`."""
    classes = class_counts(cells)
    rows = sum(each.actual for each in classes.values())
    base = multiclass_measures(cells)
    variances = dict.fromkeys(base, 0.0)
    for (truth, answer), here in cells.items():
        for name, change in _changes(classes, base, rows, truth, answer):
            variances[name] += here / rows * change**2
    return {name: math.sqrt(variance) for name, variance in variances.items()}


def _changes(
    classes: Mapping[str, ClassCounts], base: Mapping[str, float], rows: int, truth: str, answer: str
) -> Iterator[tuple[str, float]]:
    """What one more such row does to each measure, times the rows; only two classes' own measures change."""
    totals = {name: value * rows for name, value in base.items()}
    totals["accuracy"] += truth == answer
    for name in {truth, answer}:
        before = classes[name]
        after = before.and_row(actual=name == truth, predicted=name == answer)
        for counts, sign in ((before, -1), (after, 1)):
            for measure, value in counts.measures().items():
                totals[measure] += sign * counts.actual * value
    for name, total in totals.items():
        yield name, (rows + 1) * (total / (rows + 1) - base[name])
