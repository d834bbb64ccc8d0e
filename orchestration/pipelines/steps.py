"""The steps of pipelines that differ between kinds of projects: one interface, chosen once."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from orchestration.errors import ProjectError
from orchestration.forecasting_project import ForecastingProject
from orchestration.pipelines.features import FeatureSteps
from orchestration.pipelines.forecasting_steps import ForecastingSteps
from orchestration.pipelines.processing import ProcessingJobs
from orchestration.pipelines.tabular_steps import TabularSteps
from orchestration.project import Project
from orchestration.tabular_project import TabularProject


class ProjectSteps(Protocol):
    """What a project's pipelines have of its kind."""

    def features(self, jobs: ProcessingJobs, preprocess: Any) -> FeatureSteps:
        """The steps between preprocess and train."""

    def monitoring_parameters(self, monitor: str, bucket: str, images: Mapping[str, str]) -> dict[str, str]:
        """Parameters of a monitor's pipeline that no other one has."""

    def compared(self, jobs: ProcessingJobs, monitor: str, window: Any) -> tuple[list[Any], Any]:
        """The steps between a window and its analysis, and the analysis's input `data`."""

    def retraining_parameters(self, images: Mapping[str, str]) -> dict[str, str | int]:
        """Parameters of the retraining pipeline, with their defaults."""

    # What the function says that collects a retraining's rows: where is what.
    collected: ClassVar[tuple[str, ...]]

    def retraining(self, jobs: ProcessingJobs, collect: Any, bucket: str) -> list[Any]:
        """The steps that make new training data of what was collected."""


def steps_of(project: Project) -> ProjectSteps:
    """The steps of the project's kind: nowhere else is asked which that is."""
    if isinstance(project, TabularProject):
        return TabularSteps(project)
    if isinstance(project, ForecastingProject):
        return ForecastingSteps(project)
    raise ProjectError(f"there are no steps for projects of problem_type {project.problem_type}")
