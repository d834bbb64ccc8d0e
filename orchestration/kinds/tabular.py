"""Rows of features and a target of two values."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from orchestration.answers import RowAnswers, ask_both_ways
from orchestration.clients import Aws
from orchestration.errors import MonitoringError
from orchestration.forecasting_project import Places
from orchestration.function import Function
from orchestration.handlers.windows import newest_hour
from orchestration.kinds.kind import Answers, Channel, Invoke, ReadJson, ReadLive, Value
from orchestration.monitor_function import monitor_function
from orchestration.names import (
    CAPTURED,
    EVALUATE,
    FEATURES,
    GROUND_TRUTH,
    INGEST,
    MODEL_BASELINE,
    MODEL_QUALITY,
    PREPROCESS,
    bucket_name,
    endpoint_name,
)
from orchestration.outcome import (
    features_detail,
    ingest_detail,
    model_baseline_detail,
    parts_detail,
    scores_detail,
)
from orchestration.retrain_function import retrain_function
from orchestration.run_record import RunRecord, scalar_metrics
from orchestration.tabular_project import TabularProject
from orchestration.tabular_schema import tabular_schema

HOUR = timedelta(hours=1)
CSV, JSON = "text/csv", "application/json"


@dataclass(frozen=True, slots=True)
class Tabular:
    """A tabular project: divided at random, asked row by row, watched by the hour."""

    project: TabularProject

    channels: ClassVar[tuple[Channel, ...]] = (
        Channel("train", "train", CSV),
        Channel("validation", "validation", CSV),
        Channel("encoder", "encoder", JSON),
    )
    content_types: ClassVar[tuple[str, ...]] = (CSV, JSON)
    metrics_block: ClassVar[str] = "binary_classification_metrics"
    shown_metrics: ClassVar[tuple[str, ...]] = ("accuracy", "auc", "f1", "precision", "recall")
    what_is_real: ClassVar[str] = "real clients"
    what_monitors_do: ClassVar[str] = "compares with the baselines, each hour"
    encoder_file: ClassVar[str] = "encoder.json"
    model_file: ClassVar[str] = "model.ubj"

    def schema(self) -> dict[str, Any]:
        """schema.json."""
        return tabular_schema(self.project)

    def preprocess_outputs(self) -> tuple[str, ...]:
        """What preprocess leaves, one S3 folder each."""
        parts = ("train", "validation", "test", "live")
        return (*parts, "keys", "encoder", "baseline", "schema", "report")

    def parameters(self) -> Mapping[str, Value]:
        """How rows are divided."""
        split = self.project.split
        return {
            "SplitSeed": split.seed,
            "LiveSeed": split.live_seed,
            "LiveFraction": split.live_fraction,
            "TestFraction": split.test_fraction,
            "ValidationFraction": split.validation_fraction,
        }

    def preprocess_arguments(self) -> Mapping[str, str]:
        """The same as arguments of preprocess."""
        return {
            "--seed": "SplitSeed",
            "--live-seed": "LiveSeed",
            "--live-fraction": "LiveFraction",
            "--test-fraction": "TestFraction",
            "--validation-fraction": "ValidationFraction",
        }

    def container_environment(self) -> Mapping[str, str]:
        """Variables of the model's container."""
        return {
            "SAGEMAKER_INFERENCE_OUTPUT": "predicted_label,probability",
            "UNREADABLE_NUMBERS": self.project.unreadable_numbers,
        }

    def places(self) -> Places | None:
        """Nothing."""
        return None

    def more_steps(self) -> Iterator[str]:
        """None."""
        return iter(())

    def feature_group_prefix(self) -> str:
        """How the project's feature groups begin; a digest of what they hold follows."""
        return f"{self.project.name}-encodings"

    def predictions_environment(self) -> Mapping[str, str]:
        """What the columns of the test part's predictions are."""
        return {
            **self._model_quality(),
            "inference_attribute": "predicted_label",
            "probability_attribute": "probability",
            "ground_truth_attribute": "ground_truth",
            "positive_label": self.project.target.positive,
        }

    def analysis_environment(self, monitor: str) -> Mapping[str, str]:
        """What a monitor's data is."""
        # Raw rows under a header, and questions in JSON, are the caller's right and no drift.
        others = {"other_records": "leave_out"}
        if monitor != MODEL_QUALITY:
            return {"dataset_format": _captured("sagemakerCaptureJson", "endpointInput"), **others}
        return {
            "dataset_format": _captured("sagemakerMergeJson", "endpointOutput"),
            **others,
            **self._model_quality(),
            # An answer is `yes,0.87`: SAGEMAKER_INFERENCE_OUTPUT of the model's container.
            "inference_attribute": "0",
            "probability_attribute": "1",
            "positive_label": self.project.target.positive,
        }

    def _model_quality(self) -> dict[str, str]:
        return {"analysis_type": "MODEL_QUALITY", "problem_type": self.project.problem_type}

    def api_fields(self) -> Mapping[str, Any]:
        """What the API must know beside schema and names."""
        truth = f"s3://{bucket_name(self.project.name)}/{GROUND_TRUTH}"
        fields: dict[str, Any] = {"kind": "tabular", "ground_truth_uri": truth}
        if self.project.unreadable_numbers != "refuse":
            fields["unreadable_numbers"] = self.project.unreadable_numbers
        if self.project.feature_group is not None:
            # Which group and encoder is the version's own knowledge, and not the project's.
            fields["lookup"] = {"unknown_key": self.project.feature_group.unknown_key}
        return fields

    def monitor_function(self, aws: Aws, topic_arn: str) -> Function:
        """The function that finds the monitors' windows."""
        return monitor_function(aws, self.project.name, topic_arn)

    def retrain_function(self, aws: Aws) -> Function:
        """The function that decides about violations."""
        assert self.project.monitoring is not None
        assert self.project.monitoring.retraining is not None
        return retrain_function(aws, self.project.name, self.project.monitoring.retraining)

    def newest_end(self, aws: Aws) -> datetime:
        """The end of the last hour of which a call is captured."""
        name = self.project.name
        captured = f"s3://{bucket_name(name)}/{CAPTURED}"
        found = newest_hour(aws.s3, captured, endpoint_name(name))
        if found is None:
            raise MonitoringError(
                f"{captured} holds no call of {endpoint_name(name)}; ask it something: `make run "
                f"PROJECT={name}` does, and `make api PROJECT={name}` says how"
            )
        return found + HOUR

    def step_detail(self, step: str, read: ReadJson, record: RunRecord) -> str:
        """What a person wants to know of a step that succeeded; `record` keeps the figures."""
        if step == PREPROCESS:
            report = read("report", "report.json")
            record.parts = {**report["parts"], "dropped": report["rows_dropped"]}
            return parts_detail(report["parts"])
        if step == INGEST:
            record.feature_group |= read("ingest", "ingest.json")
            return ingest_detail(record.feature_group)
        if step == FEATURES:
            found = read("features", "features.json")
            record.feature_group["read"] = found
            return features_detail(found)
        if step == EVALUATE:
            record.metrics = scalar_metrics(read("evaluation", "evaluation.json")[self.metrics_block])
            return scores_detail(record.metrics)
        if step == MODEL_BASELINE:
            return model_baseline_detail(read("monitoring_output", "statistics.json"))
        return ""

    def ask(self, invoke: Invoke, live: ReadLive) -> Answers:
        """Ask a deployed model about live data, in each way that it can be asked."""
        answers = ask_both_ways(invoke, self.project, live("live.csv"), live("encoded.csv"))
        return RowAnswers(tuple(answers))


def _captured(form: str, index: str) -> str:
    return json.dumps({form: {"captureIndexNames": [index]}})
