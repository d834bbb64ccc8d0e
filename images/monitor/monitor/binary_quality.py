"""Binary classification: the confusion matrix from Deequ, the curves from counts by score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smcontract.failure import ContractError

from monitor import classification, curves
from monitor.analyzers import ValueCounts
from monitor.classification import Counts
from monitor.curves import MOST_POINTS, RankSums
from monitor.measures import Measure, measured
from monitor.paired import (
    SAMPLE_NAMES,
    Answered,
    Question,
    Wanted,
    ask,
    count_if,
    ground_truth,
    grouped,
    label,
    literal,
    rows_of,
)
from monitor.predictions import Predictions, ProblemType
from monitor.quality import Quality
from monitor.spark import Spark
from monitor.table import Table

_DEFAULT_POSITIVE = "1"
_DEFAULT_THRESHOLD = 0.5
_CELLS = {
    "true_positive": "truth_positive AND answer_positive",
    "false_positive": "NOT truth_positive AND answer_positive",
    "false_negative": "truth_positive AND NOT answer_positive",
    "true_negative": "NOT truth_positive AND NOT answer_positive",
}


def binary_quality(spark: Spark, table: Table, predictions: Predictions) -> Quality:
    """Every measure of a model that says yes or no; with probabilities, the curves and their area too.

    Raises ContractError for what cannot be read, and for labels that are not two.
    """
    positive = label(predictions.positive_label or _DEFAULT_POSITIVE)
    asked = _Asked(predictions, positive)
    wanted = asked.wanted(table)
    answered = ask(spark, table, wanted, asked.question())
    negative = _negative_label(answered, positive, predictions)
    counts = _counts(answered, "")
    samples = [_counts(answered, f" {name}") for name in SAMPLE_NAMES]
    values = classification.binary_measures(counts) | classification.binary_constant_measures(counts)
    sampled = [
        classification.binary_measures(each) | classification.binary_constant_measures(each)
        for each in samples
    ]
    deviations = classification.binary_deviations(counts)
    measures = measured(values, sampled, deviations, answered.rows)
    details: dict[str, Any] = {"confusion_matrix": _confusion_matrix(counts, positive, negative)}
    if predictions.probability is not None:
        measures["auc"], drawn = _by_score(spark, answered, counts)
        details |= drawn
    return Quality(answered.rows, answered.left_out, measures, details)


@dataclass(frozen=True, slots=True)
class _Asked:
    predictions: Predictions
    positive: str

    @property
    def by_threshold(self) -> bool:
        """Whether the answer is made of the probability, which a threshold that is given always does."""
        return self.predictions.inference is None or self.predictions.probability_threshold is not None

    def wanted(self, table: Table) -> list[Wanted]:
        wanted = [ground_truth(table, self.predictions.ground_truth, is_number=False)]
        if not self.by_threshold and self.predictions.inference is not None:
            wanted.append(
                Wanted("answer", "inference_attribute", self.predictions.inference, is_number=False)
            )
        if self.predictions.probability is not None:
            wanted.append(
                Wanted("score", "probability_attribute", self.predictions.probability, is_number=True)
            )
        return wanted

    def question(self) -> Question:
        positive = literal(self.positive)
        threshold = self.predictions.probability_threshold
        limit = _DEFAULT_THRESHOLD if threshold is None else threshold
        columns = {
            "truth_positive": f"truth = {positive}",
            "answer_positive": f"score >= {limit!r}D" if self.by_threshold else f"answer = {positive}",
        }
        analyzers = [
            ValueCounts("truth"),
            *([] if self.by_threshold else [ValueCounts("answer")]),
            *(count_if(name, condition) for name, condition in _CELLS.items()),
            *(
                count_if(f"{name} {sample}", f"{sample} AND {condition}")
                for sample in SAMPLE_NAMES
                for name, condition in _CELLS.items()
            ),
        ]
        return Question(columns, analyzers)


def _negative_label(answered: Answered, positive: str, predictions: Predictions) -> str:
    """The other label. Raises ContractError where there are others, or the positive one is a guess."""
    labels = {
        value
        for column in ("truth", "answer")
        if answered.metrics.has("Histogram", column)
        for value in answered.metrics.histogram("Histogram", column)[1]
    }
    others = sorted(labels - {positive})
    shown = ", ".join(repr(each) for each in others[:5]) + (" …" if len(others) > 5 else "")
    if predictions.positive_label is None and others not in ([], ["0"]):
        raise ContractError(
            f"positive_label is not set and the labels are not 0 and 1, but {shown}; name the positive one."
        )
    if len(others) > 1:
        raise ContractError(
            f"problem_type={ProblemType.BINARY} has one label beside {positive!r}, and the data has {shown}; "
            f"mend the labels, or set problem_type={ProblemType.MULTICLASS}."
        )
    if others:
        return others[0]
    return "0" if positive == _DEFAULT_POSITIVE else f"not {positive}"


def _counts(answered: Answered, suffix: str) -> Counts:
    return Counts(**{name: answered.count(f"{name}{suffix}") for name in _CELLS})


def _confusion_matrix(counts: Counts, positive: str, negative: str) -> dict[str, dict[str, int]]:
    """What was true, and in it what was predicted."""
    matrix = {
        negative: {negative: counts.true_negative, positive: counts.false_positive},
        positive: {negative: counts.false_negative, positive: counts.true_positive},
    }
    return {name: dict(sorted(row.items())) for name, row in sorted(matrix.items())}


def _by_score(spark: Spark, answered: Answered, counts: Counts) -> tuple[Measure, dict[str, Any]]:
    """The area under the ROC curve, and both curves where there are positives and negatives."""
    ranked = _ranked(spark, answered.frame)
    (sums,) = rows_of(spark, spark.select(ranked, _sums(counts.negative)))
    ranks = RankSums(
        counts.positive, counts.negative, sums["pairs"], sums["positive_squares"], sums["negative_squares"]
    )
    samples = [
        {"auc": RankSums(sums[f"p_{name}"], sums[f"n_{name}"], sums[f"pairs_{name}"]).auc}
        for name in SAMPLE_NAMES
    ]
    found = measured({"auc": ranks.auc}, samples, {"auc": ranks.of_one_row}, answered.rows)["auc"]
    if not counts.positive or not counts.negative:
        return found, {}
    points = _points(spark, ranked, scores=sums["scores"], rows=answered.rows)
    return found, {
        "receiver_operating_characteristic_curve": curves.roc_curve(points, counts.positive, counts.negative),
        "precision_recall_curve": curves.precision_recall_curve(points, counts.positive),
    }


def _populations() -> dict[str, str]:
    """All rows and the samples: a suffix, and SQL that is true for its rows."""
    return {"": "true", **{f"_{name}": name for name in SAMPLE_NAMES}}


def _ranked(spark: Spark, frame: Any) -> Any:
    """Positives and negatives of each score, and of it and all higher ones, in each population."""
    counted = [
        f"sum(CAST({condition} AND {side} AS BIGINT)) AS {name}{suffix}"
        for suffix, condition in _populations().items()
        for name, side in (("p", "truth_positive"), ("n", "NOT truth_positive"))
    ]
    by_score = grouped(spark, frame, "score", counted)
    window = "OVER (ORDER BY score DESC ROWS UNBOUNDED PRECEDING)"
    running = [f"sum(p{suffix}) {window} AS tp{suffix}" for suffix in _populations()]
    return spark.select(by_score, ["*", *running, f"sum(n) {window} AS fp"]).cache()


def _sums(negative: int) -> list[str]:
    """Pairs in whole numbers, which are exact; squares of shares of pairs as fractions."""
    per_population = [
        expression
        for suffix in _populations()
        for expression in (
            f"sum(p{suffix}) AS p{suffix}",
            f"sum(n{suffix}) AS n{suffix}",
            f"sum(n{suffix} * (2 * tp{suffix} - p{suffix})) AS pairs{suffix}",
        )
    ]
    return [
        "count(*) AS scores",
        f"sum(p * pow({negative} - fp + n / 2, 2)) AS positive_squares",
        "sum(n * pow(tp - p / 2, 2)) AS negative_squares",
        *per_population,
    ]


def _points(spark: Spark, ranked: Any, scores: int, rows: int) -> Sequence[curves.Point]:
    """Points of the curve from the highest score on; of too many, some that are even by rows."""
    if scores > MOST_POINTS:
        # Counts only grow, so a step's largest ones are those of its last score: a point of the curve.
        step = f"ceil((tp + fp) * {MOST_POINTS}L / {rows}L)"
        steps = spark.select(ranked, [f"{step} AS step", "tp", "fp"])
        ranked = grouped(spark, steps, "step", ["max(tp) AS tp", "max(fp) AS fp"])
    found = rows_of(spark, spark.select(ranked, ["tp", "fp"]))
    return sorted((row["tp"], row["fp"]) for row in found)
