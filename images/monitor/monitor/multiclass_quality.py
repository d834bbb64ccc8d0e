"""Multiclass classification: every measure from the confusion matrix."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from smcontract.failure import ContractError

from monitor import classification
from monitor.analyzers import ValueCounts
from monitor.classification import Cells
from monitor.measures import measured
from monitor.paired import SAMPLE_NAMES, Answered, Question, Wanted, ask, ground_truth, grouped, rows_of
from monitor.predictions import Predictions, ProblemType
from monitor.quality import Quality
from monitor.spark import Spark
from monitor.table import Table

# A confusion matrix is this number's square.
MOST_CLASSES = 1000


def multiclass_quality(spark: Spark, table: Table, predictions: Predictions) -> Quality:
    """Every measure of a model that names one of several classes.

    Raises ContractError for what cannot be read and for more than `MOST_CLASSES` labels.
    """
    assert predictions.inference is not None
    wanted = [
        ground_truth(table, predictions.ground_truth, is_number=False),
        Wanted("answer", "inference_attribute", predictions.inference, is_number=False),
    ]
    answered = ask(spark, table, wanted, Question({}, [ValueCounts("truth"), ValueCounts("answer")]))
    _refuse_too_many(answered)
    cells, samples = _cells(spark, answered.frame)
    measures = measured(
        _all_measures(cells),
        [_all_measures(sample) for sample in samples],
        classification.multiclass_deviations(cells),
        answered.rows,
    )
    return Quality(answered.rows, answered.left_out, measures, {"confusion_matrix": _matrix(cells)})


def _refuse_too_many(answered: Answered) -> None:
    for column in ("truth", "answer"):
        classes, _ = answered.metrics.histogram("Histogram", column)
        if classes > MOST_CLASSES:
            raise ContractError(
                f"the data has {classes:,} different labels and {MOST_CLASSES:,} can be told apart; "
                f"set problem_type={ProblemType.REGRESSION} for numbers, or group the labels."
            )


def _cells(spark: Spark, frame: Any) -> tuple[Cells, list[Cells]]:
    """The confusion matrix, and that of each sample.

    Deequ's histogram tells a thousand values, the pairs of 31 labels, and so it is not asked.
    """
    in_samples = [f"sum(CAST({name} AS BIGINT)) AS in_{name}" for name in SAMPLE_NAMES]
    rows = rows_of(spark, grouped(spark, frame, "truth, answer", ["count(*) AS all", *in_samples]))
    return _pairs(rows, "all"), [_pairs(rows, f"in_{name}") for name in SAMPLE_NAMES]


def _pairs(rows: Sequence[dict[str, Any]], count: str) -> Cells:
    return {(row["truth"], row["answer"]): row[count] for row in rows if row[count]}


def _all_measures(cells: Cells) -> dict[str, float]:
    if not cells:
        return defaultdict(lambda: math.nan)
    return classification.multiclass_measures(cells) | classification.multiclass_constant_measures(cells)


def _matrix(cells: Cells) -> dict[str, dict[str, int]]:
    """What was true, and in it what was predicted."""
    classes = sorted({name for pair in cells for name in pair})
    return {truth: {answer: cells.get((truth, answer), 0) for answer in classes} for truth in classes}
