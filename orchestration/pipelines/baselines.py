"""The steps that say what a project's monitors compare with.

`baseline` describes the columns that the endpoint is asked with, `model-baseline`
how good the model is on the rows that it was tested on. Both are monitoring jobs
without a baseline of their own; what they leave is registered with the version.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow.steps import ProcessingStep

from orchestration.kinds import kind_of
from orchestration.names import BASELINE, MODEL_BASELINE
from orchestration.pipelines.processing import CACHED, PROCESSING, ProcessingJobs, job_input, output_uri
from orchestration.project import Project

# Both as Model Monitor's own baseline jobs call them (SDK v2, model_monitoring.py).
INPUT, OUTPUT = "baseline_dataset_input", "monitoring_output"
STATISTICS, CONSTRAINTS = "statistics.json", "constraints.json"
PREDICTIONS = "predictions.csv"


@dataclass(frozen=True, slots=True)
class Baselines:
    """Both steps, and what a version says of them."""

    data: Any
    model: Any

    @classmethod
    def of(cls, jobs: ProcessingJobs, project: Project, preprocess: Any, evaluate: Any) -> "Baselines":
        """Capture the steps; `preprocess` leaves the rows that were trained on, `evaluate` the answers."""
        predictions = Join(on="/", values=[output_uri(evaluate, "evaluation"), PREDICTIONS])
        return cls(
            _step(jobs, BASELINE, output_uri(preprocess, "baseline"), {}),
            _step(jobs, MODEL_BASELINE, predictions, kind_of(project).predictions_environment()),
        )

    def model_metrics(self, evaluation: Any) -> dict[str, Any]:
        """ModelMetrics of a version whose evaluation.json is `evaluation`."""
        return {
            "ModelQuality": {
                "Statistics": _source(evaluation),
                "Constraints": _file(self.model, CONSTRAINTS),
            },
            "ModelDataQuality": _both(self.data),
        }

    def drift_check_baselines(self) -> dict[str, Any]:
        """DriftCheckBaselines of a version: what each monitor reads, as it was written."""
        return {"ModelQuality": _both(self.model), "ModelDataQuality": _both(self.data)}


def _step(jobs: ProcessingJobs, name: str, dataset_uri: Any, variables: Mapping[str, str]) -> Any:
    folder = f"{PROCESSING}/input/{INPUT}"
    processor = jobs.processor(
        "MonitorImageUri",
        *("monitor", "baseline"),
        environment={
            "dataset_source": folder,
            "dataset_format": json.dumps({"csv": {"header": True}}),
            "output_path": f"{PROCESSING}/output",
            "publish_cloudwatch_metrics": "Disabled",
            **variables,
        },
    )
    arguments = processor.run(
        inputs=[job_input(INPUT, dataset_uri, folder)],
        outputs=[jobs.output(name, OUTPUT, f"{PROCESSING}/output")],
    )
    return ProcessingStep(name, step_args=arguments, cache_config=CACHED)


def _both(step: Any) -> dict[str, Any]:
    return {"Statistics": _file(step, STATISTICS), "Constraints": _file(step, CONSTRAINTS)}


def _file(step: Any, name: str) -> dict[str, Any]:
    return _source(Join(on="/", values=[output_uri(step, OUTPUT), name]))


def _source(uri: Any) -> dict[str, Any]:
    return {"ContentType": "application/json", "S3Uri": uri}
