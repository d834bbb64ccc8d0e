import numpy as np
import pytest
from sklearn.metrics import auc as area
from train_xgb.metrics import Curve, Quality, binary_classification_metrics


def quality(count: int, seed: int = 0) -> Quality:
    random = np.random.default_rng(seed)
    labels = (random.random(count) < 0.3).astype(np.int8)
    labels[:2] = (0, 1)
    probabilities = np.clip(labels * 0.3 + random.random(count) * 0.7, 0, 1).astype(np.float32)
    return Quality(labels, probabilities, threshold=0.5)


def test_the_developer_guides_small_sample_comes_out() -> None:
    # "Model Quality Metrics": one of four rows is positive; found, with two false alarms.
    sample = Quality(
        np.array([1, 0, 0, 0], dtype=np.int8), np.array([0.9, 0.8, 0.7, 0.1], dtype=np.float32), 0.5
    )

    block = binary_classification_metrics(sample, "0", "1")

    assert block["confusion_matrix"] == {"0": {"0": 1, "1": 2}, "1": {"0": 0, "1": 1}}
    expected = {
        "recall": 1.0,
        "precision": 1 / 3,
        "accuracy": 0.5,
        "recall_best_constant_classifier": 1.0,
        "precision_best_constant_classifier": 0.25,
        "accuracy_best_constant_classifier": 0.25,
        "true_positive_rate": 1.0,
        "true_negative_rate": 1 / 3,
        "false_positive_rate": 2 / 3,
        "false_negative_rate": 0.0,
    }
    for name, value in expected.items():
        assert block[name] == {"value": pytest.approx(value), "standard_deviation": "NaN"}


def test_every_name_of_the_layout_is_there() -> None:
    names = set(binary_classification_metrics(quality(300), "no", "yes"))

    constant = {
        f"{name}_best_constant_classifier" for name in ("recall", "precision", "accuracy", "f0_5", "f1", "f2")
    }
    rates = {f"{side}_{kind}_rate" for side in ("true", "false") for kind in ("positive", "negative")}
    curves = {"receiver_operating_characteristic_curve", "precision_recall_curve"}
    assert names == constant | rates | curves | {
        "confusion_matrix", "recall", "precision", "accuracy", "auc", "f0_5", "f1", "f2",
    }  # fmt: skip


@pytest.mark.parametrize(("count", "known"), [(199, False), (200, True)])
def test_deviations_need_two_hundred_rows_and_repeat(count: int, known: bool) -> None:
    block = binary_classification_metrics(quality(count), "no", "yes")
    metric = block["auc"]

    assert isinstance(metric, dict)
    assert (metric["standard_deviation"] != "NaN") is known
    assert block == binary_classification_metrics(quality(count), "no", "yes")


def test_a_thinned_curve_keeps_its_ends_and_its_area() -> None:
    curve = quality(20_000).roc()
    thin = curve.thinned()

    assert len(curve.x) > 1000
    assert len(thin.x) <= 300
    assert (thin.x[0], thin.y[0], thin.x[-1], thin.y[-1]) == (0, 0, 1, 1)
    assert area(thin.x, thin.y) == pytest.approx(area(curve.x, curve.y), abs=1e-3)


def test_the_written_area_is_that_of_every_row() -> None:
    sample = quality(20_000)
    metric = binary_classification_metrics(sample, "no", "yes")["auc"]

    assert isinstance(metric, dict)
    assert metric["value"] == pytest.approx(area(sample.roc().x, sample.roc().y), abs=1e-12)


def test_a_short_curve_is_left_alone() -> None:
    curve = Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]))

    assert curve.thinned() is curve
