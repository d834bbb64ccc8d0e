"""A forecasting project's own steps: places, forecasts beside what came true, rows appended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sagemaker.mlops.workflow.steps import ProcessingStep

from orchestration.forecasting_project import ForecastingProject
from orchestration.kinds.forecasting import Forecasting
from orchestration.names import APPEND, FEATURE_GROUP_NAME, FORECAST_ACTUALS, MODEL_QUALITY, ROWS
from orchestration.pipelines.encodings import ingest_step
from orchestration.pipelines.features import FeatureSteps
from orchestration.pipelines.processing import (
    PROCESSING,
    ProcessingJobs,
    incoming_rows,
    job_input,
    output_uri,
)
from orchestration.schema import schema_body
from orchestration.storage import content_folder

INPUTS = f"{PROCESSING}/input"


@dataclass(frozen=True, slots=True)
class ForecastingSteps:
    """The steps of one project."""

    project: ForecastingProject

    # The rows that the newest approved version was trained on, and a manifest of those that came since.
    collected: ClassVar[tuple[str, ...]] = ("base", "actuals")

    def features(self, jobs: ProcessingJobs, preprocess: Any) -> FeatureSteps:
        """Where there is a group, each place's counts into it; series have them from preprocess."""
        if self.project.feature_group is None:
            return FeatureSteps()
        places = job_input("input-places", output_uri(preprocess, "places"), f"{INPUTS}/places")
        prefix = Forecasting(self.project).feature_group_prefix()
        ingest, feature_group_name = ingest_step(jobs, "ingest-places", prefix, [places])
        return FeatureSteps(steps=(ingest,), metadata={FEATURE_GROUP_NAME: feature_group_name})

    def monitoring_parameters(
        self,
        monitor: str,  # noqa: ARG002
        bucket: str,
        images: Mapping[str, str],
    ) -> dict[str, str]:
        """What reads rows and forecasts, and where they are put."""
        return {
            "OutputUri": f"s3://{bucket}/executions",
            "SchemaUri": f"s3://{bucket}/{content_folder('schema', schema_body(self.project))}",
            "PreprocessImageUri": images[self.project.images.processing],
        }

    def compared(self, jobs: ProcessingJobs, monitor: str, window: Any) -> tuple[list[Any], Any]:
        """The window's rows by themselves, or beside what was forecast of them."""
        is_model_quality = monitor == MODEL_QUALITY
        step = self._forecasts(jobs, window) if is_model_quality else self._rows(jobs, window)
        output = "forecasts" if is_model_quality else "data"
        return [step], job_input("data", output_uri(step, output), f"{INPUTS}/data")

    def _forecasts(self, jobs: ProcessingJobs, window: Any) -> Any:
        """A row for each series and day that was forecast and has come."""
        found = window.properties.Outputs
        processor = jobs.processor(
            "PreprocessImageUri",
            *("preprocess", FORECAST_ACTUALS),
            environment={"window_start": found["window_start"], "window_end": found["window_end"]},
        )
        arguments = processor.run(
            inputs=[
                job_input("captured", found["captured"], f"{INPUTS}/captured", data_type="ManifestFile"),
                job_input("actuals", found["labels"], f"{INPUTS}/actuals", data_type="ManifestFile"),
                _schema(jobs),
            ],
            outputs=[
                jobs.output(FORECAST_ACTUALS, name, f"{PROCESSING}/output/{name}")
                for name in ("forecasts", "report")
            ],
            arguments=["--on-bad-rows", self.project.on_bad_rows],
        )
        return ProcessingStep(FORECAST_ACTUALS, step_args=arguments)

    def _rows(self, jobs: ProcessingJobs, window: Any) -> Any:
        """Rows in the form of the baseline, whichever they came in: nothing appended to themselves."""
        found = window.properties.Outputs
        arguments = jobs.processor("PreprocessImageUri", "preprocess", APPEND).run(
            inputs=[
                job_input("actuals", found["captured"], f"{INPUTS}/actuals", data_type="ManifestFile"),
                _schema(jobs),
            ],
            outputs=[jobs.output(ROWS, name, f"{PROCESSING}/output/{name}") for name in ("data", "report")],
            arguments=["--data", f"{INPUTS}/actuals", "--on-bad-rows", self.project.on_bad_rows],
        )
        return ProcessingStep(ROWS, step_args=arguments)

    def retraining_parameters(self, images: Mapping[str, str]) -> dict[str, str | int]:  # noqa: ARG002
        """On what the job runs that appends."""
        return {"ProcessingInstanceType": self.project.instance_types.processing}

    def retraining(self, jobs: ProcessingJobs, collect: Any, bucket: str) -> list[Any]:
        """The earlier rows and those that came since, in one file."""
        found = collect.properties.Outputs
        arguments = jobs.processor("PreprocessImageUri", "preprocess", APPEND).run(
            inputs=[
                job_input("input-data", found["base"], f"{INPUTS}/data"),
                job_input("actuals", found["actuals"], f"{INPUTS}/actuals", data_type="ManifestFile"),
                _schema(jobs),
            ],
            outputs=[
                incoming_rows(bucket, "data", f"{PROCESSING}/output/data"),
                jobs.output(APPEND, "report", f"{PROCESSING}/output/report"),
            ],
            arguments=["--on-bad-rows", self.project.on_bad_rows],
        )
        return [ProcessingStep(APPEND, step_args=arguments)]


def _schema(jobs: ProcessingJobs) -> Any:
    return job_input("input-schema", jobs.parameters["SchemaUri"], f"{INPUTS}/schema")
