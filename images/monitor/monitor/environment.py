"""What a monitoring job is told: Model Monitor's environment contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from smcontract.failure import ContractError

from monitor.dataset_format import CaptureFormat, DatasetFormat, parse_dataset_format
from monitor.predictions import Predictions, parse_predictions

_METRICS_DIRECTORY = "/opt/ml/output/metrics/cloudwatch"


class Command(StrEnum):
    """What the job does."""

    BASELINE = "baseline"
    DRIFT = "drift"
    MERGE = "merge"


class Analysis(StrEnum):
    """What is looked at; the forecast's is ours, and no `analysis_type` means data quality to AWS."""

    DATA_QUALITY = "DATA_QUALITY"
    MODEL_QUALITY = "MODEL_QUALITY"
    FORECAST_ACCURACY = "FORECAST_ACCURACY"


class CategoricalDriftMethod(StrEnum):
    """How two distributions of categories are compared."""

    L_INFINITY = "LInfinity"
    CHI_SQUARED = "ChiSquared"


class OtherRecords(StrEnum):
    """What becomes of captured calls that are of another form than the others; ours, AWS's analyzer fails."""

    FAIL = "fail"
    LEAVE_OUT = "leave_out"


@dataclass(frozen=True, slots=True)
class Settings:
    """One monitoring job.

    Source: developer guide, "Container Contract Inputs" of Model Monitor's
    bring-your-own containers.
    """

    command: Command
    dataset_source: Path
    dataset_format: DatasetFormat
    output_path: Path
    analysis: Analysis = Analysis.DATA_QUALITY
    predictions: Predictions = field(default_factory=Predictions)
    ground_truth_source: Path | None = None
    baseline_constraints: Path | None = None
    baseline_statistics: Path | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    metric_time: datetime | None = None
    publish_cloudwatch_metrics: bool = False
    metrics_directory: Path = Path(_METRICS_DIRECTORY)
    endpoint_name: str | None = None
    monitoring_schedule_name: str | None = None
    exclude_features: tuple[str, ...] = ()
    categorical_drift_method: CategoricalDriftMethod | None = None
    previous_reports: Path | None = None
    other_records: OtherRecords = OtherRecords.FAIL
    record_preprocessor: Path | None = None
    post_analytics_processor: Path | None = None


def merged_environment(job: Mapping[str, object], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of the job's request, and below them those of the process.

    AWS's analyzer reads the request's `Environment` and not the process; whoever
    starts the container by hand has only the process.
    """
    requested = job.get("Environment")
    given = requested if isinstance(requested, dict) else {}
    return {**environ, **{str(key): str(value) for key, value in given.items() if value is not None}}


def parse_settings(variables: Mapping[str, str], command: str | None = None) -> Settings:
    """The job that `variables` describe; a baseline is compared with where one is given.

    Raises ContractError for what is missing, wrong or not implemented.
    """
    analysis = _analysis(variables)
    constraints = _path(variables, "baseline_constraints")
    statistics = _path(variables, "baseline_statistics")
    chosen = _command(command, variables)
    if chosen is Command.DRIFT:
        _refuse_no_baseline(analysis, constraints, statistics)
    start, end = (_moment(variables, name) for name in ("start_time", "end_time"))
    if start and end and start >= end:
        raise ContractError(f"start_time {start:%FT%TZ} is not before end_time {end:%FT%TZ}.")
    return Settings(
        command=chosen,
        dataset_source=Path(_required(variables, "dataset_source")),
        dataset_format=_dataset_format(variables, chosen),
        output_path=Path(_required(variables, "output_path")),
        analysis=analysis,
        predictions=_predictions(variables, chosen, analysis),
        ground_truth_source=_optional_path(variables, "ground_truth_source"),
        baseline_constraints=constraints,
        baseline_statistics=statistics,
        start_time=start,
        end_time=end,
        metric_time=_moment(variables, "metric_time") or start,
        publish_cloudwatch_metrics=_switch(variables, "publish_cloudwatch_metrics"),
        metrics_directory=Path(variables.get("CLOUDWATCH_METRICS_DIRECTORY") or _METRICS_DIRECTORY),
        endpoint_name=variables.get("sagemaker_endpoint_name") or None,
        monitoring_schedule_name=variables.get("sagemaker_monitoring_schedule_name") or None,
        exclude_features=tuple(
            name.strip()
            for name in variables.get("exclude_features_attribute", "").split(",")
            if name.strip()
        ),
        categorical_drift_method=_drift_method(variables),
        previous_reports=_folder(variables, "previous_reports"),
        other_records=_other_records(variables),
        record_preprocessor=_path(variables, "record_preprocessor_script"),
        post_analytics_processor=_path(variables, "post_analytics_processor_script"),
    )


def _analysis(variables: Mapping[str, str]) -> Analysis:
    value = variables.get("analysis_type") or Analysis.DATA_QUALITY
    try:
        return Analysis(value)
    except ValueError:
        raise ContractError(
            f"analysis_type={value} is not implemented; it can be {', '.join(Analysis)}, and left out it "
            "is data quality."
        ) from None


def _command(command: str | None, variables: Mapping[str, str]) -> Command:
    if command is None:
        if variables.get("ground_truth_source"):
            return Command.MERGE
        return Command.DRIFT if variables.get("baseline_constraints") else Command.BASELINE
    try:
        return Command(command)
    except ValueError:
        raise ContractError(
            f"'{command}' is no command; it can be {', '.join(Command)}, and left out "
            "ground_truth_source and baseline_constraints decide."
        ) from None


def _refuse_no_baseline(analysis: Analysis, constraints: Path | None, statistics: Path | None) -> None:
    """A model's quality is compared with its constraints alone, as AWS's own jobs give it no more."""
    if analysis is Analysis.DATA_QUALITY and statistics is None:
        missing = "baseline_statistics"
    elif constraints is None:
        missing = "baseline_constraints"
    else:
        return
    raise ContractError(f"a drift job needs a baseline: {missing} is not set; give the path of its file.")


def _dataset_format(variables: Mapping[str, str], command: Command) -> DatasetFormat:
    # AWS gives a merge job no format: what it merges was captured.
    if command is Command.MERGE:
        return CaptureFormat()
    return parse_dataset_format(_required(variables, "dataset_format"))


def _predictions(variables: Mapping[str, str], command: Command, analysis: Analysis) -> Predictions:
    if command is Command.MERGE or analysis is Analysis.DATA_QUALITY:
        return Predictions()
    return parse_predictions(variables, is_forecast=analysis is Analysis.FORECAST_ACCURACY)


def _required(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name)
    if not value:
        raise ContractError(f"the environment variable {name} is not set; a monitoring job needs it.")
    return value


def _path(variables: Mapping[str, str], name: str) -> Path | None:
    value = variables.get(name)
    if not value:
        return None
    if not Path(value).is_file():
        raise ContractError(f"{name}={value} is not a file; give the path of the file in the container.")
    return Path(value)


def _folder(variables: Mapping[str, str], name: str) -> Path | None:
    value = variables.get(name)
    if not value:
        return None
    if not Path(value).is_dir():
        raise ContractError(f"{name}={value} is not a folder; give the path of the folder in the container.")
    return Path(value)


def _optional_path(variables: Mapping[str, str], name: str) -> Path | None:
    value = variables.get(name)
    return Path(value) if value else None


def _moment(variables: Mapping[str, str], name: str) -> datetime | None:
    value = variables.get(name)
    if not value:
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ContractError(f"{name}={value} is not a time as 2026-01-31T23:00:00Z.") from None


def _switch(variables: Mapping[str, str], name: str) -> bool:
    value = variables.get(name) or "Disabled"
    if value not in ("Enabled", "Disabled"):
        raise ContractError(f"{name}={value} must be Enabled or Disabled.")
    return value == "Enabled"


def _other_records(variables: Mapping[str, str]) -> OtherRecords:
    value = variables.get("other_records") or OtherRecords.FAIL
    try:
        return OtherRecords(value)
    except ValueError:
        raise ContractError(f"other_records={value} must be {' or '.join(OtherRecords)}.") from None


def _drift_method(variables: Mapping[str, str]) -> CategoricalDriftMethod | None:
    value = variables.get("categorical_drift_method")
    if not value:
        return None
    try:
        return CategoricalDriftMethod(value)
    except ValueError:
        allowed = " or ".join(CategoricalDriftMethod)
        raise ContractError(f"categorical_drift_method={value} must be {allowed}.") from None
