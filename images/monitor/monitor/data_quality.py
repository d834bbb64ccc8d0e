"""Data quality: what a dataset is like, and where it is not like its baseline."""

import logging
import time
from collections.abc import Callable, Sequence

from smcontract.failure import ContractError

from monitor import constraints, metrics_file, statistics, violations
from monitor.dataset import Dataset, prepared
from monitor.environment import Command, Settings
from monitor.feature_sections import feature_sections
from monitor.findings import Findings
from monitor.profiles import DatasetProfile, InferredType, Profile
from monitor.reading import read_table
from monitor.spark import running_spark

log = logging.getLogger(__name__)

_NAMES_IN_MESSAGE = 10


def analyse(settings: Settings) -> Findings:
    """Statistics, suggested constraints, and violations where there is a baseline.

    Raises ContractError for whatever the caller can mend.
    """
    return _baseline(settings) if settings.command is Command.BASELINE else _drift(settings)


def _baseline(settings: Settings) -> Findings:
    described, dataset = _described(settings, None)
    _refuse_not_finite(described)
    return Findings(
        rows=described.rows,
        documents={
            statistics.FILE_NAME: statistics.statistics_document(described),
            constraints.FILE_NAME: constraints.suggested_document(
                described, settings.categorical_drift_method
            ),
        },
        cloudwatch=metrics_file.feature_metrics(described, None, {}),
        profile=described,
        left_out=dataset.left_out,
        ground_truth=dataset.ground_truth,
        remark=dataset.remark + _without_values(described),
        sections=feature_sections(described, {}, {}),
    )


def _drift(settings: Settings) -> Findings:
    assert settings.baseline_constraints is not None
    assert settings.baseline_statistics is not None
    expected = constraints.read_constraints(settings.baseline_constraints, settings.categorical_drift_method)
    before = statistics.read_baseline_statistics(settings.baseline_statistics)
    described, dataset = _described(settings, list(expected.features))
    kept = expected.without(settings.exclude_features)
    found = violations.verdict(described, kept, before)
    return Findings(
        rows=described.rows,
        documents={
            statistics.FILE_NAME: statistics.statistics_document(described),
            constraints.FILE_NAME: constraints.suggested_document(
                described, settings.categorical_drift_method
            ),
            violations.FILE_NAME: violations.violations_document(found.violations),
        },
        violations=len(found.violations),
        cloudwatch=metrics_file.feature_metrics(described, kept, found.drifts),
        drifts={name: drift.value for name, drift in found.drifts.items()},
        profile=described,
        left_out=dataset.left_out,
        ground_truth=dataset.ground_truth,
        remark=dataset.remark + _without_values(described),
        sections=feature_sections(
            described, found.drifts, before, frozenset(each.feature_name for each in found.violations)
        ),
    )


def _described(settings: Settings, baseline_names: Sequence[str] | None) -> tuple[DatasetProfile, Dataset]:
    started = time.perf_counter()
    with prepared(settings, baseline_names) as dataset, running_spark(dataset.cells) as spark:
        # Only now: it imports PySpark, for which the JVM need not wait.
        from monitor.profiling import profile

        table = read_table(spark, settings, dataset)
        described = profile(spark, table, dataset.cells)
    log.info(
        "monitor.described files=%d rows=%d columns=%d seconds=%.3f",
        len(dataset.files),
        described.rows,
        len(described.features),
        time.perf_counter() - started,
    )
    return described, dataset


def _refuse_not_finite(described: DatasetProfile) -> None:
    """A baseline with NaN in it would call NaN normal."""
    bad = [feature for feature in described.features if feature.types.not_finite]
    if bad:
        raise ContractError(
            f"the baseline has NaN or infinite values: {_listed(bad, lambda each: each.types.not_finite)}. "
            "Remove those rows, or leave the cells empty where a value is missing."
        )


def _without_values(described: DatasetProfile) -> str:
    empty = [feature for feature in described.features if feature.inferred_type is InferredType.UNKNOWN]
    if not empty:
        return ""
    names = ", ".join(feature.name for feature in empty[:_NAMES_IN_MESSAGE])
    more = f" and {len(empty) - _NAMES_IN_MESSAGE} more" if len(empty) > _NAMES_IN_MESSAGE else ""
    return f" Columns without any value: {names}{more}."


def _listed(features: Sequence[Profile], count: Callable[[Profile], int]) -> str:
    shown = ", ".join(f"'{feature.name}' ({count(feature):,})" for feature in features[:_NAMES_IN_MESSAGE])
    return shown + (" and others" if len(features) > _NAMES_IN_MESSAGE else "")
