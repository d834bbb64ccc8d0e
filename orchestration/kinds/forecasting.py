"""Series of days, and forecasts of the days ahead."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from orchestration.clients import Aws
from orchestration.errors import MonitoringError
from orchestration.forecast_answers import ask_about_the_last_days
from orchestration.forecasting_project import ForecastingProject, Places
from orchestration.forecasting_schema import forecasting_schema
from orchestration.function import Function
from orchestration.handlers.windows import newest_day
from orchestration.kinds.kind import Answers, Channel, Invoke, ReadJson, ReadLive, Value
from orchestration.monitor_function import forecast_monitor_function
from orchestration.names import (
    ACTUALS,
    EVALUATE,
    INGEST,
    MODEL_BASELINE,
    MODEL_QUALITY,
    PREPROCESS,
    bucket_name,
)
from orchestration.outcome import (
    accuracy_baseline_detail,
    forecast_detail,
    ingest_detail,
    panel_detail,
)
from orchestration.retrain_function import forecast_retrain_function
from orchestration.run_record import RunRecord, scalar_metrics

DAY = timedelta(days=1)
JSON, JSON_LINES = "application/json", "application/jsonlines"
# The levels that the model is asked for where a request names none, which the API does not: what
# a monitor finds in the answers, and so what the baseline must be of.
QUANTILES = ("0.1", "0.5", "0.9")


@dataclass(frozen=True, slots=True)
class Forecasting:
    """A forecasting project: the last days held out, asked series by series, watched by the day."""

    project: ForecastingProject

    channels: ClassVar[tuple[Channel, ...]] = (
        Channel("train", "train", JSON_LINES),
        Channel("validation", "validation", JSON_LINES),
        # What has been sold until now: kept with the model to forecast from, never trained on.
        Channel("history", "test", JSON_LINES),
        Channel("encoder", "encoder", JSON),
    )
    content_types: ClassVar[tuple[str, ...]] = (JSON, JSON_LINES)
    metrics_block: ClassVar[str] = "forecast_metrics"
    shown_metrics: ClassVar[tuple[str, ...]] = (
        *("relative_mean_weighted_quantile_loss", "mean_weighted_quantile_loss"),
        *("mase", "smape", "coverage_80", "coverage_95"),
    )
    what_is_real: ClassVar[str] = "real sales"
    what_monitors_do: ClassVar[str] = "compares rows that came with what was forecast, each day"
    encoder_file: ClassVar[str] = "panel.json"
    model_file: ClassVar[str] = "manifest.json"

    def schema(self) -> dict[str, Any]:
        """schema.json."""
        return forecasting_schema(self.project)

    def preprocess_outputs(self) -> tuple[str, ...]:
        """What preprocess leaves, one S3 folder each."""
        places = ("places",) if self.project.places else ()
        return ("train", "validation", "test", "live", "encoder", *places, "baseline", "schema", "report")

    def parameters(self) -> Mapping[str, Value]:
        """None: the last days are held out, as many as are forecast."""
        return {}

    def preprocess_arguments(self) -> Mapping[str, str]:
        """None."""
        return {}

    def container_environment(self) -> Mapping[str, str]:
        """None."""
        return {}

    def places(self) -> Places | None:
        """What is counted around the project's locations."""
        return self.project.places

    def more_steps(self) -> Iterator[str]:
        """Where rows go as they come."""
        day = "2026/01/30"
        yield f"  aws s3 cp rows.csv {self._actuals_uri}/{day}/    # what was sold that day, for make monitor"

    @property
    def _actuals_uri(self) -> str:
        return f"s3://{bucket_name(self.project.name)}/{ACTUALS}"

    def feature_group_prefix(self) -> str:
        """How the project's feature groups begin; a digest of what they hold follows."""
        return f"{self.project.name}-places"

    def predictions_environment(self) -> Mapping[str, str]:
        """What the columns of the test part's predictions are."""
        return {
            "analysis_type": "FORECAST_ACCURACY",
            "inference_attribute": "mean",
            "quantile_attributes": ",".join(f"{level}:q{level}" for level in QUANTILES),
            "ground_truth_attribute": "actual",
        }

    def analysis_environment(self, monitor: str) -> Mapping[str, str]:
        """What a monitor's data is."""
        rows = {"dataset_format": json.dumps({"csv": {"header": True}})}
        if monitor != MODEL_QUALITY:
            # How much is sold is the model's business; the day is another one each day.
            others = (self.project.timestamp.name, self.project.target.name)
            return {**rows, "exclude_features_attribute": ",".join(others)}
        assert self.project.monitoring is not None
        tolerance = self.project.monitoring.model_quality.tolerance
        return {**rows, **self.predictions_environment(), "model_quality_tolerance": f"{tolerance:g}"}

    def api_fields(self) -> Mapping[str, Any]:
        """What the API must know beside schema and names."""
        return {
            "kind": "forecast",
            "quantiles": list(QUANTILES),
            "actuals_uri": self._actuals_uri,
            **self._api_example(),
        }

    def _api_example(self) -> Mapping[str, Any]:
        """The project's example as a record of the API: what is known ahead stays the same all days."""
        project, example = self.project, self.project.example
        if example is None:
            return {}
        known = {each.name: [example[each.name]] * project.prediction_length for each in project.known}
        return {"example": {**{name: example[name] for name in project.item_id}, "known": known}}

    def monitor_function(self, aws: Aws, topic_arn: str) -> Function:
        """The function that finds the monitors' windows."""
        return forecast_monitor_function(aws, self.project.name, topic_arn, self.project.prediction_length)

    def retrain_function(self, aws: Aws) -> Function:
        """The function that decides about violations."""
        assert self.project.monitoring is not None
        assert self.project.monitoring.retraining is not None
        return forecast_retrain_function(aws, self.project.name, self.project.monitoring.retraining)

    def newest_end(self, aws: Aws) -> datetime:
        """The end of the last day of which rows have come."""
        found = newest_day(aws.s3, self._actuals_uri)
        if found is None:
            raise MonitoringError(
                f"{self._actuals_uri} holds no rows; put those of a day there, CSV with a header, for "
                f"example `aws s3 cp rows.csv {self._actuals_uri}/2026/01/30/`"
            )
        return found + DAY

    def step_detail(self, step: str, read: ReadJson, record: RunRecord) -> str:
        """What a person wants to know of a step that succeeded; `record` keeps the figures."""
        if step == PREPROCESS:
            report = read("report", "report.json")
            record.parts = {**report["parts"], "dropped": report["rows_dropped"]}
            return panel_detail(report)
        if step == INGEST:
            record.feature_group |= read("ingest", "ingest.json")
            return ingest_detail(record.feature_group)
        if step == EVALUATE:
            evaluation = read("evaluation", "evaluation.json")
            record.metrics = scalar_metrics(evaluation[self.metrics_block])
            record.reference = {"seasonal_naive": evaluation["seasonal_naive"]}
            return forecast_detail(record.metrics, evaluation["seasonal_naive"])
        if step == MODEL_BASELINE:
            return accuracy_baseline_detail(read("monitoring_output", "statistics.json"))
        return ""

    def ask(self, invoke: Invoke, live: ReadLive) -> Answers:
        """Ask a deployed model about live data, in each way that it can be asked."""
        return ask_about_the_last_days(invoke, self.project, live("live.jsonl"), live("encoded.jsonl"))
