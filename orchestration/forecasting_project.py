"""A project that says what many series of counts or amounts will be on the days ahead."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StrictFloat, StrictInt, StrictStr, field_validator, model_validator

from orchestration.monitoring import ForecastMonitoring
from orchestration.project import Metric, Project
from orchestration.project_model import FeatureName, Number, ProjectModel, Text

# Of each, less is better. Weighted by how much is sold, and beside seasonal naive's, `relative_`.
LossName = Literal[
    "relative_mean_weighted_quantile_loss", "mean_weighted_quantile_loss", "mase", "smape", "mape"
]
# OpenStreetMap's keys of what is counted around a place (map features).
TagKey = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z_:]*$")]


class Timestamp(ProjectModel):
    """The column that says of which day a row is."""

    name: Text


class SeriesTarget(ProjectModel):
    """The column to forecast, and what it can be at all."""

    name: FeatureName
    type: Literal["Integral", "Fractional"]
    minimum: Number | None = None
    maximum: Number | None = None

    @model_validator(mode="after")
    def _range_is_not_empty(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}; exchange them")
        return self


class KnownFeature(ProjectModel):
    """A number of each row that is known for the days ahead, such as a price.

    `relative` scaling: the logarithm of how it stands to the series' own median.
    """

    name: FeatureName
    type: Literal["Integral", "Fractional"]
    minimum: Number | None = None
    maximum: Number | None = None
    scaling: Literal["relative", "standard", "none"] = "standard"

    @model_validator(mode="after")
    def _a_logarithm_is_of_what_is_positive(self) -> Self:
        if self.scaling == "relative" and (self.minimum is None or self.minimum < 0):
            raise ValueError(
                "scaling: relative is a logarithm, and negative values have none; give a minimum of 0 or more"
            )
        return self


class Location(ProjectModel):
    """A place on the map, in degrees (WGS 84)."""

    latitude: Annotated[StrictFloat | StrictInt, Field(ge=-90, le=90)]
    longitude: Annotated[StrictFloat | StrictInt, Field(ge=-180, le=180)]


class Places(ProjectModel):
    """What is counted around the locations of a column's values, in an extract of OpenStreetMap."""

    column: Text
    radius_meters: Annotated[StrictFloat | StrictInt, Field(gt=0, le=100_000)]
    # Below the project's folder; without it the project's generator makes one.
    file: Annotated[Text, Field(pattern=r"\.osm(\.pbf|\.gz|\.bz2)?$")] | None = None
    locations: Annotated[dict[Text, Location], Field(min_length=1)]
    # A feature's name, and the key whose points and areas it counts.
    counts: Annotated[dict[FeatureName, TagKey], Field(min_length=1)]


class LossMetric(Metric):
    """An error of the test part's forecasts, of which less is better."""

    name: LossName
    threshold: Annotated[float, Field(gt=0)]

    less_is_better: ClassVar[bool] = True


class ForecastingProject(Project):
    """Long rows, one for each series and day, of which the last days are held out."""

    problem_type: Literal["Forecasting"]
    frequency: Text
    prediction_length: Annotated[StrictInt, Field(ge=1, le=366)]
    timestamp: Timestamp
    # The columns whose values, joined by _, are the key of a series.
    item_id: Annotated[tuple[Text, ...], Field(min_length=1)]
    target: SeriesTarget
    # Texts of which a series has one each.
    static: tuple[Text, ...] = ()
    known: tuple[KnownFeature, ...] = ()
    # The code of a country, or of one's part, whose holidays are known ahead.
    holidays: Annotated[StrictStr, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None
    places: Places | None = None
    # Each place's counts are kept in the feature store.
    feature_group: Literal["places"] | None = None
    monitoring: ForecastMonitoring | None = None
    # A series' key and values of what is known ahead: what a form of the API begins with.
    example: dict[Text, Text | Number] | None = None
    metric: LossMetric

    @field_validator("frequency")
    @classmethod
    def _frequency_is_daily(cls, frequency: str) -> str:
        if frequency != "D":
            raise ValueError(f"'{frequency}' is not supported; D is, one row a day")
        return frequency

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> Self:
        texts = [*self.item_id, *(name for name in self.static if name not in self.item_id)]
        names = [self.timestamp.name, self.target.name, *texts, *(feature.name for feature in self.known)]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated or len(set(self.static)) < len(self.static):
            what = ", ".join(repeated) or "of static"
            raise ValueError(f"the columns {what} are described twice; keep one of each")
        return self

    @model_validator(mode="after")
    def _example_is_one(self) -> Self:
        ahead = [feature.name for feature in self.known]
        if self.example is None:
            return self
        if set(self.example) != {*self.item_id, *ahead}:
            raise ValueError(f"example must have {', '.join((*self.item_id, *ahead))}, and nothing else")
        for name, value in self.example.items():
            if isinstance(value, str) != (name in self.item_id):
                raise ValueError(f"example.{name} must be {'a text' if name in self.item_id else 'a number'}")
        return self

    @model_validator(mode="after")
    def _places_are_of_a_static_column(self) -> Self:
        if self.places is not None and self.places.column not in (*self.static, *self.item_id):
            raise ValueError(
                f"places.column is '{self.places.column}', which no series has one of; name one of "
                f"{', '.join(dict.fromkeys((*self.item_id, *self.static)))}"
            )
        if self.feature_group is not None and self.places is None:
            raise ValueError("feature_group keeps what is counted around places; add places, or remove it")
        return self
