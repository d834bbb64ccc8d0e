"""The job: describe the data, and compare it with a baseline where one is given."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError, write_reason
from smcontract.processing import read_resource_config
from smcontract.root import ContainerRoot

from monitor import constraints, metrics_file, statistics, violations
from monitor.environment import Command, Settings
from monitor.files import write_documents
from monitor.profiles import DatasetProfile, InferredType, Profile
from monitor.reading import data_files, estimated_rows, read_table
from monitor.spark import running_spark

log = logging.getLogger(__name__)

_NAMES_IN_MESSAGE = 10


def monitor(settings: Settings, root: ContainerRoot, stop: StopSignal) -> None:
    """Carry out the job and leave its message.

    Raises ContractError for whatever the caller can mend.
    """
    hosts = read_resource_config(root).hosts
    if len(hosts) > 1:
        raise ContractError(
            f"this job has {len(hosts)} instances; several are not implemented yet, set InstanceCount to 1."
        )
    message = baseline(settings, stop) if settings.command is Command.BASELINE else drift(settings, stop)
    write_reason(root.message_file, message)
    log.info("monitor.finished message=%s", message)


def baseline(settings: Settings, stop: StopSignal) -> str:
    """Write statistics and suggested constraints; returns the job's message."""
    described = _described(settings, None, stop)
    _refuse_not_finite(described)
    documents = {
        statistics.FILE_NAME: statistics.statistics_document(described),
        constraints.FILE_NAME: constraints.suggested_document(described, settings.categorical_drift_method),
    }
    if settings.publish_cloudwatch_metrics:
        metrics_file.write_metrics(settings, described, None, {}, datetime.now(UTC))
    write_documents(settings.output_path, documents)
    return "Completed: Job completed successfully with no violations." + _without_values(described)


def drift(settings: Settings, stop: StopSignal) -> str:
    """Write statistics, constraints and violations; returns the job's message."""
    assert settings.baseline_constraints is not None
    assert settings.baseline_statistics is not None
    expected = constraints.read_constraints(settings.baseline_constraints, settings.categorical_drift_method)
    before = statistics.read_baseline_statistics(settings.baseline_statistics)
    described = _described(settings, list(expected.features), stop)
    kept = expected.without(settings.exclude_features)
    found = violations.verdict(described, kept, before)
    documents = {
        statistics.FILE_NAME: statistics.statistics_document(described),
        constraints.FILE_NAME: constraints.suggested_document(described, settings.categorical_drift_method),
        violations.FILE_NAME: violations.violations_document(found.violations),
    }
    if settings.publish_cloudwatch_metrics:
        metrics_file.write_metrics(settings, described, kept, found.drifts, datetime.now(UTC))
    write_documents(settings.output_path, documents)
    count = len(found.violations)
    if not count:
        return "Completed: Job completed successfully with no violations." + _without_values(described)
    return f"CompletedWithViolations: Job completed successfully with {count} violations."


def _described(settings: Settings, baseline_names: Sequence[str] | None, stop: StopSignal) -> DatasetProfile:
    started = time.perf_counter()
    files = data_files(settings.dataset_source)
    rows = estimated_rows(files)
    with running_spark(rows) as spark:
        # Only now: it imports PySpark, for which the JVM need not wait.
        from monitor.analyzers import profile

        table = read_table(spark, settings, files, baseline_names)
        described = profile(spark, table)
    if stop.requested:
        raise ContractError(f"stopped by {stop.name} before any output was complete; start the job again.")
    log.info(
        "monitor.described files=%d rows=%d columns=%d seconds=%.3f",
        len(files),
        described.rows,
        len(described.features),
        time.perf_counter() - started,
    )
    return described


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
