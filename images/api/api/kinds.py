"""The kinds of projects that there are: the one place that knows them all."""

from typing import Annotated, Any, Protocol, assert_never

from pydantic import Discriminator

from api.endpoint import Endpoint, Means
from api.forecast.predictor import ForecastPredictor
from api.forecast.project import ForecastProject
from api.project import Project
from api.tabular.predictor import TabularPredictor
from api.tabular.project import TabularProject
from api.wishes import Wishes

AnyProject = Annotated[TabularProject | ForecastProject, Discriminator("kind")]


class Predictor(Protocol):
    """Who answers for one project, of whatever kind."""

    @property
    def project(self) -> Project:
        """The project."""

    @property
    def endpoint(self) -> Endpoint:
        """Whom it asks."""

    async def predict(self, body: dict[str, Any], wishes: Wishes) -> dict[str, object]:
        """The answer to a request for predictions. Raises an ApiError."""

    async def take_in(self, body: dict[str, Any], /) -> dict[str, object]:
        """The answer to what became of predictions. Raises an ApiError."""


def predictor_of(project: AnyProject, means: Means) -> Predictor:
    """Who answers for `project`."""
    match project:
        case TabularProject():
            return TabularPredictor(project, means)
        case ForecastProject():
            return ForecastPredictor(project, means)
        case _:
            assert_never(project)
