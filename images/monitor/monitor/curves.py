"""Receiver operating characteristic and precision-recall: what follows from counts by score."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.measures import ratio

# As many points as a file, a chart and a person can bear; a window of fewer scores has all of its points.
MOST_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class RankSums:
    """How scores order positives and negatives.

    `doubled_pairs` is twice the number of pairs in which the positive has the
    higher score, a tie counting half; the squares are over each row's share of
    the pairs, for its own deviation.
    """

    positive: int
    negative: int
    doubled_pairs: int
    positive_squares: float = math.nan
    negative_squares: float = math.nan

    @property
    def auc(self) -> float:
        """The area under the ROC curve, ties halved: the trapezoids'."""
        return ratio(self.doubled_pairs, 2 * self.positive * self.negative)

    @property
    def of_one_row(self) -> float:
        """How much one row moves the area, after DeLong, DeLong and Clarke-Pearson (1988)."""
        if not self.positive or not self.negative:
            return math.nan
        rows = self.positive + self.negative
        square = self.auc**2
        among_positives = self.positive_squares / self.positive / self.negative**2 - square
        among_negatives = self.negative_squares / self.negative / self.positive**2 - square
        variance = max(among_positives, 0) / self.positive + max(among_negatives, 0) / self.negative
        return math.sqrt(rows * variance)


# True and false positives at or above a score.
Point = tuple[int, int]


def roc_curve(points: Sequence[Point], positive: int, negative: int) -> dict[str, list[float]]:
    """From (0, 0) to (1, 1), a point for each score from the highest on."""
    return {
        "false_positive_rates": [0.0, *(false / negative for _, false in points)],
        "true_positive_rates": [0.0, *(true / positive for true, _ in points)],
    }


def precision_recall_curve(points: Sequence[Point], positive: int) -> dict[str, list[float]]:
    """From recall 0, where precision is 1 by definition, a point for each score from the highest on."""
    return {
        "precisions": [1.0, *(true / (true + false) for true, false in points)],
        "recalls": [0.0, *(true / positive for true, _ in points)],
    }
