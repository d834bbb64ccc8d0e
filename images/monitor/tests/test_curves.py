"""What follows from counts by score."""

import math

import pytest
from monitor.curves import RankSums, precision_recall_curve, roc_curve

# Positives at 0.9, 0.6 and 0.6, negatives at 0.6 and 0.1: five of the six pairs are in
# order, two of them by half.
POSITIVE, NEGATIVE = 3, 2
POINTS = [(1, 0), (3, 1), (3, 2)]


def test_the_area_counts_ties_by_half() -> None:
    ranks = RankSums(POSITIVE, NEGATIVE, doubled_pairs=2 * 4 + 2 * 1)

    assert ranks.auc == pytest.approx(5 / 6)


def test_of_one_class_there_is_no_area() -> None:
    assert math.isnan(RankSums(0, 5, 0, 0.0, 0.0).auc)
    assert math.isnan(RankSums(0, 5, 0, 0.0, 0.0).of_one_row)


def test_the_area_deviates_as_delong_has_it() -> None:
    # Shares of the negatives below each positive: 1, 3/4, 3/4; of the positives above each negative: 2/3, 1.
    positives, negatives = [2, 1.5, 1.5], [2, 3]
    ranks = RankSums(
        POSITIVE, NEGATIVE, 10, sum(each**2 for each in positives), sum(each**2 for each in negatives)
    )
    area = 5 / 6
    among_positives = sum((each / 2 - area) ** 2 for each in positives) / 3
    among_negatives = sum((each / 3 - area) ** 2 for each in negatives) / 2

    expected = math.sqrt(5 * (among_positives / 3 + among_negatives / 2))
    assert ranks.of_one_row == pytest.approx(expected)


def test_curves_begin_above_the_highest_score() -> None:
    assert roc_curve(POINTS, POSITIVE, NEGATIVE) == {
        "false_positive_rates": [0, 0, 0.5, 1],
        "true_positive_rates": [0, 1 / 3, 1, 1],
    }
    assert precision_recall_curve(POINTS, POSITIVE) == {
        "precisions": [1, 1, 0.75, 0.6],
        "recalls": [0, 1 / 3, 1, 1],
    }
