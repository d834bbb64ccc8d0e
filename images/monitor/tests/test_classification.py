"""What follows from a confusion matrix."""

import math

import pytest
from monitor.classification import (
    Counts,
    binary_constant_measures,
    binary_deviations,
    binary_measures,
    multiclass_constant_measures,
    multiclass_deviations,
    multiclass_measures,
)

# Developer guide, "Model quality metrics": {"0": {"0": 1, "1": 2}, "1": {"0": 0, "1": 1}}, and its figures.
GUIDE = Counts(true_positive=1, false_positive=2, false_negative=0, true_negative=1)
GUIDE_MEASURES = {
    "recall": 1.0,
    "precision": 0.3333333333333333,
    "accuracy": 0.5,
    "true_positive_rate": 1.0,
    "true_negative_rate": 0.33333333333333337,
    "false_positive_rate": 0.6666666666666666,
    "false_negative_rate": 0.0,
    "f0_5": 0.3846153846153846,
    "f1": 0.5,
    "f2": 0.7142857142857143,
}
GUIDE_CONSTANT = {
    "recall_best_constant_classifier": 1.0,
    "precision_best_constant_classifier": 0.25,
    "accuracy_best_constant_classifier": 0.25,
    "f0_5_best_constant_classifier": 0.29411764705882354,
    "f1_best_constant_classifier": 0.4,
    "f2_best_constant_classifier": 0.625,
}
# The same page's example of several classes.
CELLS = {("0", "0"): 1180, ("0", "1"): 510, ("1", "0"): 268, ("1", "1"): 138}
CELLS_MEASURES = {
    "accuracy": 0.6288167938931297,
    "weighted_recall": 0.6288167938931297,
    "weighted_precision": 0.6983172269629505,
    "weighted_f0_5": 0.6803947317178771,
    "weighted_f1": 0.6571162346664904,
    "weighted_f2": 0.6384024354394601,
}


def test_two_classes_are_as_in_the_developer_guide() -> None:
    assert binary_measures(GUIDE) == pytest.approx(GUIDE_MEASURES, rel=1e-12)
    assert binary_constant_measures(GUIDE) == pytest.approx(GUIDE_CONSTANT, rel=1e-12)


def test_several_classes_are_as_in_the_developer_guide() -> None:
    assert multiclass_measures(CELLS) == pytest.approx(CELLS_MEASURES, rel=1e-12)


def test_the_best_constant_answer_is_the_most_frequent_class() -> None:
    share = 1690 / 2096

    constant = multiclass_constant_measures(CELLS)

    assert constant["accuracy_best_constant_classifier"] == pytest.approx(share)
    assert constant["weighted_precision_best_constant_classifier"] == pytest.approx(share**2)
    expected = share * 2 * share / (share + 1)
    assert constant["weighted_f1_best_constant_classifier"] == pytest.approx(expected)


def test_without_a_positive_nothing_is_said_of_positives() -> None:
    measures = binary_measures(Counts(0, 2, 0, 8))

    told = {name: value for name, value in measures.items() if not math.isnan(value)}
    assert told == {
        "accuracy": 0.8,
        "true_negative_rate": 0.8,
        "false_positive_rate": 0.2,
    }
    assert all(map(math.isnan, binary_constant_measures(Counts(0, 2, 0, 8)).values()))


def test_a_model_that_never_says_positive_is_not_precise() -> None:
    measures = binary_measures(Counts(0, 0, 3, 7))

    assert (measures["precision"], measures["recall"], measures["f1"]) == (0, 0, 0)
    assert measures["true_negative_rate"] == 1


def test_a_share_deviates_as_the_binomial_does() -> None:
    counts = Counts(true_positive=6000, false_positive=1000, false_negative=4000, true_negative=9000)

    deviations = binary_deviations(counts)

    assert deviations["accuracy"] == pytest.approx(math.sqrt(0.75 * 0.25), rel=1e-3)
    # Half of a window's rows are positive, so recall is of half as many.
    assert deviations["recall"] == pytest.approx(math.sqrt(0.6 * 0.4 / 0.5), rel=1e-3)
    assert deviations["false_negative_rate"] == pytest.approx(deviations["recall"])


def test_several_classes_deviate_as_the_binomial_does() -> None:
    deviations = multiclass_deviations(CELLS)

    share = CELLS_MEASURES["accuracy"]
    assert deviations["accuracy"] == pytest.approx(math.sqrt(share * (1 - share)), rel=1e-3)
    # Recall weighted by the classes' own rows is accuracy.
    assert deviations["weighted_recall"] == pytest.approx(deviations["accuracy"])


def test_one_row_more_moves_a_weighted_measure_as_computing_it_anew_does() -> None:
    base = multiclass_measures(CELLS)["weighted_f2"]
    rows = sum(CELLS.values())
    variance = sum(
        here
        / rows
        * ((rows + 1) * (multiclass_measures(CELLS | {pair: here + 1})["weighted_f2"] - base)) ** 2
        for pair, here in CELLS.items()
    )

    assert multiclass_deviations(CELLS)["weighted_f2"] == pytest.approx(math.sqrt(variance), rel=1e-9)
