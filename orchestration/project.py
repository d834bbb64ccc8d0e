"""What every project says of itself in its project.yaml, whatever it predicts."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StrictFloat, StrictInt, StrictStr, model_validator

from orchestration.monitoring import Monitoring
from orchestration.project_model import ProjectModel, Text


class DataFacts(ProjectModel):
    """Where the real rows come from and how to know that they are the right ones."""

    file_name: Annotated[Text, Field(pattern=r"^[^/\\]+$")]
    rows: Annotated[StrictInt, Field(gt=0)]
    url: Annotated[Text, Field(pattern=r"^https?://")]
    archive_path: Annotated[tuple[Text, ...], Field(min_length=1)]
    canonical_sha256: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]
    citation: Text
    licence: Text


class Images(ProjectModel):
    """Which of the images does what."""

    processing: Text
    training: Text
    monitoring: Text | None = None


class InstanceTypes(ProjectModel):
    """On what each job runs in AWS; local mode accepts and ignores them."""

    processing: Annotated[Text, Field(pattern=r"^ml\.")]
    training: Annotated[Text, Field(pattern=r"^ml\.")]
    endpoint: Annotated[Text, Field(pattern=r"^ml\.")]


class Metric(ProjectModel):
    """What a model must reach on the test part to be kept."""

    name: Text
    threshold: float

    # Whether a smaller value is a better model, as of losses and errors.
    less_is_better: ClassVar[bool] = False

    def is_reached(self, value: float) -> bool:
        """Whether a model with that value is kept."""
        return value <= self.threshold if self.less_is_better else value >= self.threshold


class Project(ProjectModel):
    """What all projects have; each kind of project adds what its rows are and how they are divided."""

    name: Annotated[Text, Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")]
    title: Text
    problem_type: Text
    # Where real rows are published; without it they are given, or made.
    data: DataFacts | None = None
    on_bad_rows: Literal["fail", "drop"] = "fail"
    monitoring: Monitoring | None = None
    images: Images
    instance_types: InstanceTypes
    hyperparameters: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], StrictInt | StrictFloat | Text]
    metric: Metric
    # What is kept in the feature store, if anything is.
    feature_group: Any = None

    @model_validator(mode="after")
    def _monitoring_has_an_image(self) -> Self:
        if self.monitoring is not None and self.images.monitoring is None:
            raise ValueError("monitoring needs an image; add `monitoring: monitor` to images")
        return self

    def without_services(self) -> Self:
        """The same project where there is no feature store and nobody watches, as in local mode."""
        return self.model_copy(update={"feature_group": None, "monitoring": None})
