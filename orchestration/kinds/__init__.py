"""What differs between kinds of projects, behind one interface."""

from orchestration.errors import ProjectError
from orchestration.forecasting_project import ForecastingProject
from orchestration.kinds.forecasting import Forecasting
from orchestration.kinds.kind import Kind
from orchestration.kinds.tabular import Tabular
from orchestration.project import Project
from orchestration.tabular_project import TabularProject


def kind_of(project: Project) -> Kind:
    """The project as one of its kind: nowhere else is asked which that is."""
    if isinstance(project, TabularProject):
        return Tabular(project)
    if isinstance(project, ForecastingProject):
        return Forecasting(project)
    raise ProjectError(f"nothing is known of projects of problem_type {project.problem_type}")
