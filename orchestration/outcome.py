"""What an execution's outcome means, in words and digests."""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from typing import Any

from orchestration.errors import PipelineError
from orchestration.project import Project

LOSS = "mean_weighted_quantile_loss"
LOSS_OF_LEVEL = "weighted_quantile_loss_"


def parts_detail(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """How many rows each part has."""
    return ", ".join(f"{part['rows']:,} {name}" for name, part in parts.items())


def ingest_detail(report: Mapping[str, Any]) -> str:
    """What `ingest` wrote into which group, and in how long; on a group that is full it wrote nothing."""
    name, records, written = report["feature_group_name"], report["records"], report["written"]
    if not written:
        return f"all {records:,} records are in {name}"
    there = f", {report['already_there']:,} were there" if report["already_there"] else ""
    return f"{written:,} records into {name} in {report['seconds']:.1f} s{there}"


def features_detail(report: Mapping[str, Any]) -> str:
    """How many rows have the columns that SQL found."""
    return f"{report['rows']:,} rows with the columns of {report['distinct_keys']:,} records, read by SQL"


def baseline_detail(statistics: Mapping[str, Any]) -> str:
    """How much a monitor of columns compares with."""
    return f"{len(statistics['features'])} columns of {statistics['dataset']['item_count']:,} rows"


def model_baseline_detail(statistics: Mapping[str, Any]) -> str:
    """How good the answers are that a monitor of answers compares with."""
    block = statistics["binary_classification_metrics"]
    shown = ", ".join(f"{name} {block[name]['value']:.4f}" for name in ("accuracy", "auc"))
    return f"{shown} on {statistics['dataset']['item_count']:,} rows"


def scores_detail(metrics: Mapping[str, float]) -> str:
    """The two metrics that say most about a classifier."""
    return ", ".join(f"{name} {metrics[name]:.4f}" for name in ("accuracy", "auc"))


def panel_detail(report: Mapping[str, Any]) -> str:
    """How many series there are, from when to when, and how many rows each part has."""
    days = f"{report['start']} to {report['end']}"
    return f"{report['series']:,} series, {days}; rows: {parts_detail(report['parts'])}"


def forecast_detail(metrics: Mapping[str, float], naive: Mapping[str, float]) -> str:
    """The loss of the forecasts beside that of seasonal naive's, and how wide they are."""
    return (
        f"weighted quantile loss {metrics[LOSS]:.4f}, seasonal naive {naive[LOSS]:.4f}; "
        f"80 % interval covers {metrics['coverage_80']:.0%}"
    )


def accuracy_baseline_detail(statistics: Mapping[str, Any]) -> str:
    """How good the forecasts are that a monitor of forecasts compares with."""
    metrics = statistics["forecast_accuracy_metrics"]
    # Over the quantiles that the API answers, which are fewer than those of an evaluation.
    levels = [name.removeprefix(LOSS_OF_LEVEL) for name in metrics if name.startswith(LOSS_OF_LEVEL)]
    return (
        f"weighted quantile loss {metrics[LOSS]['value']:.4f} of {', '.join(levels)} "
        f"on {statistics['dataset']['item_count']:,} rows"
    )


def compared(project: Project, metrics: Mapping[str, float]) -> str:
    """The metric that decides beside its threshold."""
    metric = project.metric
    value = metrics[metric.name]
    reached, not_reached = ("≤", ">") if metric.less_is_better else ("≥", "<")
    sign = reached if metric.is_reached(value) else not_reached
    return f"{metric.name} {value:.4f} {sign} {metric.threshold:.4f}"


def missed(project: Project, metrics: Mapping[str, float]) -> str:
    """Which metric missed its threshold, and by how much."""
    value, threshold = metrics[project.metric.name], project.metric.threshold
    return (
        f"{project.metric.name} {value:.4f} misses the threshold {threshold:.4f} by "
        f"{abs(threshold - value):.4f}; "
        "the model is not kept. More rows or other hyperparameters may help (--set hyperparameters.…), "
        f"or a {'higher' if project.metric.less_is_better else 'lower'} metric.threshold in project.yaml"
    )


def model_digest(archive: bytes, model_file: str) -> str:
    """The digest of the model inside model.tar.gz: the archive's own changes with the clock."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        names = {name.removeprefix("./"): name for name in files.getnames()}
        model = files.extractfile(names[model_file]) if model_file in names else None
        if model is None:
            raise PipelineError(
                f"model.tar.gz holds no {model_file}; the training image did not keep its contract"
            )
        return hashlib.sha256(model.read()).hexdigest()
