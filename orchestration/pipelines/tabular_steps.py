"""A tabular project's own steps: encodings, captured calls beside their labels, rows decoded again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sagemaker.mlops.workflow.steps import ProcessingStep

from orchestration.kinds.tabular import Tabular
from orchestration.names import MERGE, MODEL_QUALITY, TRAINING_SET
from orchestration.pipelines.encodings import encodings
from orchestration.pipelines.features import FeatureSteps
from orchestration.pipelines.processing import (
    PROCESSING,
    ProcessingJobs,
    hours_of,
    incoming_rows,
    job_input,
    output_uri,
)
from orchestration.tabular_project import TabularProject

INPUTS = f"{PROCESSING}/input"


@dataclass(frozen=True, slots=True)
class TabularSteps:
    """The steps of one project."""

    project: TabularProject

    # A manifest's URI each, and the base rows' own.
    collected: ClassVar[tuple[str, ...]] = ("captured", "labels", "encoders", "base")

    def features(self, jobs: ProcessingJobs, preprocess: Any) -> FeatureSteps:
        """Where there is a group, the encoded categories into it and out of it."""
        if self.project.feature_group is None:
            return FeatureSteps()
        return encodings(jobs, Tabular(self.project).feature_group_prefix(), preprocess)

    def monitoring_parameters(
        self,
        monitor: str,
        bucket: str,
        images: Mapping[str, str],  # noqa: ARG002
    ) -> dict[str, str]:
        """Where merged calls are put."""
        return {"OutputUri": f"s3://{bucket}/executions"} if monitor == MODEL_QUALITY else {}

    def compared(self, jobs: ProcessingJobs, monitor: str, window: Any) -> tuple[list[Any], Any]:
        """Captured calls as they are, or, to say how good the answers were, with their labels."""
        if monitor != MODEL_QUALITY:
            captured = window.properties.Outputs["captured"]
            return [], job_input("data", captured, f"{INPUTS}/data", data_type="ManifestFile")
        merge = _merge(jobs, window, hours_of(window))
        return [merge], job_input("data", output_uri(merge, "merged"), f"{INPUTS}/data")

    def retraining_parameters(self, images: Mapping[str, str]) -> dict[str, str | int]:
        """The image that merges, on what it runs, and how few rows are too few."""
        assert self.project.images.monitoring is not None
        assert self.project.monitoring is not None
        assert self.project.monitoring.retraining is not None
        return {
            "MonitorImageUri": images[self.project.images.monitoring],
            "ProcessingInstanceType": self.project.instance_types.processing,
            "MinimumRows": self.project.monitoring.retraining.minimum_rows,
        }

    def retraining(self, jobs: ProcessingJobs, collect: Any, bucket: str) -> list[Any]:
        """Every captured request that has a label, and base rows with them."""
        merge = _merge(jobs, collect, {})
        return [merge, _training_set(jobs, collect, merge, bucket)]


def _merge(jobs: ProcessingJobs, found: Any, variables: Mapping[str, Any]) -> Any:
    """Each captured call that has a label, with it; `found` is the step that says where both are."""
    folders = {name: f"{INPUTS}/{name}" for name in ("captured", "labels")}
    processor = jobs.processor(
        "MonitorImageUri",
        "monitor",
        environment={
            "dataset_source": folders["captured"],
            "ground_truth_source": folders["labels"],
            "output_path": f"{PROCESSING}/output",
            **variables,
        },
    )
    arguments = processor.run(
        inputs=[
            job_input(name, found.properties.Outputs[name], folder, data_type="ManifestFile")
            for name, folder in folders.items()
        ],
        outputs=[jobs.output(MERGE, "merged", f"{PROCESSING}/output")],
    )
    return ProcessingStep(MERGE, step_args=arguments)


def _training_set(jobs: ProcessingJobs, collect: Any, merge: Any, bucket: str) -> Any:
    """Base rows and labelled ones, to where a new object starts the training pipeline."""
    found = collect.properties.Outputs
    arguments = jobs.processor("PreprocessImageUri", "preprocess", TRAINING_SET).run(
        inputs=[
            job_input("base", found["base"], f"{INPUTS}/base"),
            job_input("input-merged", output_uri(merge, "merged"), f"{INPUTS}/merged"),
            job_input("encoder", found["encoders"], f"{INPUTS}/encoder", data_type="ManifestFile"),
            job_input("schema", jobs.parameters["SchemaUri"], f"{INPUTS}/schema"),
        ],
        outputs=[
            incoming_rows(bucket, "rows", f"{PROCESSING}/output/rows"),
            jobs.output(TRAINING_SET, "report", f"{PROCESSING}/output/report"),
        ],
        arguments=["--minimum-rows", jobs.parameters["MinimumRows"].to_string()],
    )
    return ProcessingStep(TRAINING_SET, step_args=arguments)
