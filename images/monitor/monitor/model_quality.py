"""Model quality and forecast accuracy: what a model's answers were worth once the truth is known."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from smcontract.failure import ContractError

from monitor import quality_constraints
from monitor.dataset import Dataset, prepared
from monitor.environment import Command, Settings
from monitor.findings import Findings, Metric
from monitor.measures import SAMPLES, Measure
from monitor.metric_sections import metric_sections
from monitor.predictions import Predictions, ProblemType
from monitor.quality import Quality
from monitor.quality_constraints import Constraint, Verdict
from monitor.reading import read_table
from monitor.spark import Spark, running_spark
from monitor.table import Table

log = logging.getLogger(__name__)

# AWS's names of the blocks; the forecast's is ours.
_BLOCKS = {
    ProblemType.REGRESSION: "regression",
    ProblemType.BINARY: "binary_classification",
    ProblemType.MULTICLASS: "multiclass_classification",
    None: "forecast_accuracy",
}
_NOT_A_NUMBER = "NaN"


def analyse(settings: Settings) -> Findings:
    """Statistics, suggested constraints, and violations where there is a baseline.

    Raises ContractError for whatever the caller can mend.
    """
    expected = expected_constraints(settings)
    started = time.perf_counter()
    # Every row is looked at once more in each sample.
    with prepared(settings, None) as dataset, running_spark(dataset.cells * (1 + SAMPLES)) as spark:
        quality = measure(spark, settings, dataset)
    log.info(
        "monitor.measured rows=%d left_out=%d seconds=%.3f",
        quality.rows,
        quality.left_out,
        time.perf_counter() - started,
    )
    found = findings(settings, quality, expected)
    return replace(
        found,
        left_out=found.left_out + dataset.left_out,
        ground_truth=dataset.ground_truth,
        remark=dataset.remark + found.remark,
    )


def expected_constraints(settings: Settings) -> dict[str, Constraint] | None:
    """What the baseline says; None in a baseline job."""
    if settings.command is Command.BASELINE:
        return None
    assert settings.baseline_constraints is not None
    return quality_constraints.read_constraints(
        settings.baseline_constraints, f"{_block(settings)}_constraints"
    )


def measure(spark: Spark, settings: Settings, dataset: Dataset) -> Quality:
    """Every measure of the analysis that the settings ask for."""
    table = read_table(spark, settings, dataset)
    return _analysis(settings.predictions.problem_type)(spark, table, settings.predictions)


def findings(settings: Settings, quality: Quality, expected: Mapping[str, Constraint] | None) -> Findings:
    """What is written of the measures, beside what is expected of them."""
    block = _block(settings)
    documents = {
        "statistics.json": statistics_document(f"{block}_metrics", quality, datetime.now(UTC)),
        "constraints.json": quality_constraints.suggested_document(f"{block}_constraints", quality),
    }
    verdict = Verdict((), ())
    if expected is not None:
        verdict = quality_constraints.verdict(quality, expected, settings.predictions.tolerance)
        documents["constraint_violations.json"] = quality_constraints.violations_document(verdict.violations)
    metrics = {name: _metric(measure) for name, measure in quality.measures.items()}
    return Findings(
        rows=quality.rows,
        documents=documents,
        violations=len(verdict.violations),
        cloudwatch=cloudwatch_metrics(quality),
        metrics=metrics,
        left_out=quality.left_out,
        remark=_remark(quality, verdict),
        sections=metric_sections(
            metrics, quality.details, expected, quality.rows, settings.predictions.tolerance
        ),
    )


def _block(settings: Settings) -> str:
    return _BLOCKS[settings.predictions.problem_type]


def _analysis(problem_type: ProblemType | None) -> Callable[[Spark, Table, Predictions], Quality]:
    # Only now: they import PySpark, for which the JVM need not wait.
    match problem_type:
        case ProblemType.REGRESSION:
            from monitor.regression_quality import regression_quality

            return regression_quality
        case ProblemType.BINARY:
            from monitor.binary_quality import binary_quality

            return binary_quality
        case ProblemType.MULTICLASS:
            from monitor.multiclass_quality import multiclass_quality

            return multiclass_quality
        case None:
            from monitor.forecast_accuracy import forecast_accuracy

            return forecast_accuracy


def statistics_document(block: str, quality: Quality, now: datetime) -> dict[str, Any]:
    """The file's content; a text stands for what cannot be told, for JSON has no NaN."""
    return {
        "version": 0.0,
        "dataset": {"item_count": quality.rows, "evaluation_time": f"{now:%Y-%m-%dT%H:%M:%SZ}"},
        block: {**quality.details, **{name: _figures(each) for name, each in quality.measures.items()}},
    }


def _figures(measure: Measure) -> dict[str, float | str]:
    return {
        "value": _number(measure.value),
        "standard_deviation": _number(measure.standard_deviation),
    }


def _number(value: float) -> float | str:
    if math.isinf(value):
        raise ContractError("a measure is beyond double precision (1.8e308); scale predictions and truths.")
    return _NOT_A_NUMBER if math.isnan(value) else value


def _metric(measure: Measure) -> Metric:
    def told(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return Metric(told(measure.value), told(measure.standard_deviation))


def cloudwatch_metrics(quality: Quality) -> list[dict[str, Any]]:
    """Every measure that can be told, under its own name."""
    return [
        {"MetricName": name, "Value": measure.value}
        for name, measure in quality.measures.items()
        if math.isfinite(measure.value)
    ]


def _remark(quality: Quality, verdict: Verdict) -> str:
    """What a person must know who reads the job's message alone."""
    sentences = list(quality.remarks)
    if quality.left_out:
        rows = "row was" if quality.left_out == 1 else "rows were"
        sentences.append(f"{quality.left_out:,} {rows} left out for want of a prediction or its truth.")
    if verdict.untold:
        sentences.append(f"The data cannot tell {', '.join(verdict.untold)}, which were not compared.")
    return "".join(f" {sentence}" for sentence in sentences)
