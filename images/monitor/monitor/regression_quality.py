"""Regression: errors by Deequ's means and deviations."""

import math
from collections.abc import Mapping

from pydeequ.analyzers import Mean, StandardDeviation

from monitor.analyzers import Metrics, run
from monitor.measures import measured, ratio
from monitor.paired import POPULATIONS, Answered, Question, Wanted, ask, ground_truth, per_population
from monitor.predictions import Predictions
from monitor.quality import Quality, finite
from monitor.spark import Spark
from monitor.table import Table


def regression_quality(spark: Spark, table: Table, predictions: Predictions) -> Quality:
    """Every measure of a model that gives a number.

    Raises ContractError for what cannot be read.
    """
    assert predictions.inference is not None
    wanted = [
        ground_truth(table, predictions.ground_truth, is_number=True),
        Wanted("answer", "inference_attribute", predictions.inference, is_number=True),
    ]
    answered = ask(spark, table, wanted, _question())
    values, *samples = (_measures(answered.metrics, suffix) for suffix in POPULATIONS)
    deviations = _deviations(spark, answered, values)
    return Quality(answered.rows, answered.left_out, measured(values, samples, deviations, answered.rows))


def _question() -> Question:
    error = "(answer - truth)"
    columns = {"absolute": f"abs({error})", "squared": f"pow({error}, 2)", "known": "truth"}
    analyzers = [
        *(Mean(f"{name}{suffix}") for name in ("absolute", "squared") for suffix in POPULATIONS),
        *(StandardDeviation(f"known{suffix}") for suffix in POPULATIONS),
        *(StandardDeviation(name) for name in ("absolute", "squared")),
        Mean("known"),
    ]
    return Question(per_population(columns), analyzers)


def _measures(metrics: Metrics, suffix: str) -> dict[str, float]:
    if not metrics.has("Mean", f"squared{suffix}"):
        return dict.fromkeys(("mae", "mse", "rmse", "r2"), math.nan)
    squared = finite(metrics.number("Mean", f"squared{suffix}"))
    variance = finite(metrics.number("StandardDeviation", f"known{suffix}") ** 2)
    return {
        "mae": metrics.number("Mean", f"absolute{suffix}"),
        "mse": squared,
        "rmse": math.sqrt(squared),
        # Of a truth that never changes no part can be explained.
        "r2": 1 - ratio(squared, variance),
    }


def _deviations(spark: Spark, answered: Answered, values: Mapping[str, float]) -> dict[str, float]:
    """How much one row moves each measure: see `Measure.of_one_row`."""
    metrics = answered.metrics
    absolute, squared = (metrics.number("StandardDeviation", name) for name in ("absolute", "squared"))
    return {
        "mae": absolute,
        "mse": squared,
        # By the chain rule from the mean of the squares to its root.
        "rmse": squared / (2 * values["rmse"]) if values["rmse"] else 0.0,
        "r2": _deviation_of_r2(spark, answered),
    }


def _deviation_of_r2(spark: Spark, answered: Answered) -> float:
    """Both of its means move with a row: by M·d²/V² - e²/V, where d is the truth less its mean."""
    metrics = answered.metrics
    error = metrics.number("Mean", "squared")
    variance = metrics.number("StandardDeviation", "known") ** 2
    if not variance:
        return math.nan
    mean = metrics.number("Mean", "known")
    influence = f"{error / variance!r}D * pow(truth - {mean!r}D, 2) - squared"
    frame = spark.select(answered.frame, [f"{influence} AS influence"])
    found = run(spark, frame, [StandardDeviation("influence")])
    return found.number("StandardDeviation", "influence") / variance
