"""Metrics in the lines of a log."""

from slipway.executors.metrics import FinalMetrics

DEFINITIONS = [
    {"Name": "validation:auc", "Regex": r"validation:auc=([0-9.eE+-]+|nan);"},
    {"Name": "loss", "Regex": "loss=(.*?);"},
]


def test_the_last_value_of_each_metric_is_final() -> None:
    metrics = FinalMetrics(DEFINITIONS)

    metrics.see(1.0, "epoch 1 loss=0.9; validation:auc=0.5;")
    metrics.see(2.0, "nothing here")
    metrics.see(3.0, "epoch 2 loss=1e-3;")

    assert metrics.documents() == [
        {"MetricName": "validation:auc", "Value": 0.5, "Timestamp": 1.0},
        {"MetricName": "loss", "Value": 0.001, "Timestamp": 3.0},
    ]


def test_a_line_tells_its_own_metrics() -> None:
    assert FinalMetrics(DEFINITIONS).see(1.0, "loss=0.9; loss=0.8;") == {"loss": 0.8}


def test_what_is_no_number_is_no_metric() -> None:
    metrics = FinalMetrics([*DEFINITIONS, {"Name": "no group", "Regex": "loss"}])

    assert metrics.see(1.0, "loss=high;") == {}
    assert metrics.documents() == []
