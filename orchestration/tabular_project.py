"""A project that says of each row which of two values it has."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, StrictInt, field_validator, model_validator

from orchestration.monitoring import TabularMonitoring
from orchestration.project import Metric, Project
from orchestration.project_model import FeatureName, Number, ProjectModel, Text

MetricName = Literal["accuracy", "auc", "f1", "precision", "recall"]


class Target(ProjectModel):
    """The column to predict and its two values."""

    name: Text
    positive: Text
    negative: Text

    @model_validator(mode="after")
    def _values_differ(self) -> Self:
        if self.positive == self.negative:
            raise ValueError(
                f"positive and negative are both '{self.positive}'; give the two values of the column"
            )
        return self


class NumericFeature(ProjectModel):
    """A number; minimum and maximum bound what is accepted as a value at all."""

    name: FeatureName
    type: Literal["Integral", "Fractional"]
    minimum: Number | None = None
    maximum: Number | None = None
    scaling: Literal["standard", "none"] = "standard"
    nullable: StrictBool = False
    use: StrictBool = True

    @model_validator(mode="after")
    def _range_is_not_empty(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}; exchange them")
        return self


class CategoricalFeature(ProjectModel):
    """One of the listed texts; any other is a bad row."""

    name: Text
    type: Literal["String"]
    categories: Annotated[tuple[Text, ...], Field(min_length=1)]
    nullable: StrictBool = False
    use: StrictBool = True

    @field_validator("categories")
    @classmethod
    def _categories_are_distinct(cls, categories: tuple[str, ...]) -> tuple[str, ...]:
        repeated = sorted({value for value in categories if categories.count(value) > 1})
        if repeated:
            raise ValueError(f"{', '.join(repeated)} appears more than once; list each category once")
        return categories


Feature = Annotated[NumericFeature | CategoricalFeature, Field(discriminator="type")]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class Split(ProjectModel):
    """How rows are divided; `live_seed` alone decides which rows are set aside as live."""

    seed: Annotated[StrictInt, Field(ge=0, lt=2**32)] = 0
    live_seed: Annotated[StrictInt, Field(ge=0, lt=2**32)] = 0
    live_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1
    test_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    validation_fraction: Fraction = 0.1

    @model_validator(mode="after")
    def _something_is_left_to_train_on(self) -> Self:
        if self.test_fraction + self.validation_fraction >= 1:
            raise ValueError(
                "test_fraction and validation_fraction leave nothing to train on; make their sum less than 1"
            )
        return self


class FeatureGroup(ProjectModel):
    """That the encoded categories are kept in the feature store, for training and for the API.

    `unknown_key` is what the API does with a record that the store lacks: send it raw, or refuse it.
    """

    unknown_key: Literal["raw", "refuse"]


class ClassifierMetric(Metric):
    """A share of the test rows, of which more is better."""

    name: MetricName
    threshold: Annotated[float, Field(gt=0, lt=1)]


class TabularProject(Project):
    """Rows of features, divided at random, and a target of two values."""

    problem_type: Literal["BinaryClassification"]
    target: Target
    features: Annotated[tuple[Feature, ...], Field(min_length=1)]
    split: Split = Split()
    # What becomes of a request with text where a number belongs: it is refused, or answered as
    # if the number were missing, which the monitors then tell.
    unreadable_numbers: Literal["refuse", "missing"] = "refuse"
    feature_group: FeatureGroup | None = None
    monitoring: TabularMonitoring | None = None
    metric: ClassifierMetric

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> Self:
        names = [feature.name for feature in self.features] + [self.target.name]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"the columns {', '.join(repeated)} are described twice; keep one of each")
        if not self.used_features:
            raise ValueError("no feature is used; set `use: true` on one")
        return self

    @model_validator(mode="after")
    def _a_feature_group_has_a_key(self) -> Self:
        categorical = [feature for feature in self.used_features if isinstance(feature, CategoricalFeature)]
        if self.feature_group is None:
            return self
        if not categorical:
            raise ValueError(
                "feature_group keeps encoded categories, and no feature of type String is used; remove it"
            )
        for feature in categorical:
            for value in feature.categories:
                if "," in value:
                    raise ValueError(
                        f"'{value}' of '{feature.name}' has a comma, which joins the values of a key; "
                        "rename the category, or remove feature_group"
                    )
        return self

    @property
    def used_features(self) -> tuple[NumericFeature | CategoricalFeature, ...]:
        """The features that the model sees, in the file's order."""
        return tuple(feature for feature in self.features if feature.use)
