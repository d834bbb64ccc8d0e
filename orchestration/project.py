"""projects/<name>/project.yaml, read into frozen models; whatever is wrong is refused with its path."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    field_validator,
    model_validator,
)

from orchestration.errors import ProjectError
from orchestration.monitoring import Monitoring
from orchestration.project_model import ProjectModel, Text
from orchestration.settings import PROJECTS

# SageMaker Feature Store's rule for feature names (API reference, FeatureName).
FEATURE_NAME = re.compile(r"^[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}$")
FEATURE_TYPES = ("Integral", "Fractional", "String")
MetricName = Literal["accuracy", "auc", "f1", "precision", "recall"]
Number = StrictInt | StrictFloat


class DataFacts(ProjectModel):
    """Where the real rows come from and how to know that they are the right ones."""

    file_name: Annotated[Text, Field(pattern=r"^[^/\\]+$")]
    rows: Annotated[StrictInt, Field(gt=0)]
    url: Annotated[Text, Field(pattern=r"^https?://")]
    archive_path: Annotated[tuple[Text, ...], Field(min_length=1)]
    canonical_sha256: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]
    citation: Text
    licence: Text


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

    name: Text
    type: Literal["Integral", "Fractional"]
    minimum: Number | None = None
    maximum: Number | None = None
    scaling: Literal["standard", "none"] = "standard"
    nullable: StrictBool = False
    use: StrictBool = True

    @field_validator("name")
    @classmethod
    def _name_is_legal(cls, name: str) -> str:
        if not FEATURE_NAME.match(name):
            raise ValueError(
                f"'{name}' is not a legal SageMaker feature name; use letters, digits, _ and -, 64 at most, "
                "beginning and ending with a letter or digit"
            )
        return name

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

    name: MetricName
    threshold: Annotated[float, Field(gt=0, lt=1)]


class Project(ProjectModel):
    """All that differs between two projects."""

    name: Annotated[Text, Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")]
    title: Text
    problem_type: Literal["BinaryClassification"]
    data: DataFacts
    target: Target
    features: Annotated[tuple[Feature, ...], Field(min_length=1)]
    split: Split = Split()
    on_bad_rows: Literal["fail", "drop"] = "fail"
    # What becomes of a request with text where a number belongs: it is refused, or answered as
    # if the number were missing, which the monitors then tell.
    unreadable_numbers: Literal["refuse", "missing"] = "refuse"
    feature_group: FeatureGroup | None = None
    monitoring: Monitoring | None = None
    images: Images
    instance_types: InstanceTypes
    hyperparameters: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], StrictInt | StrictFloat | Text]
    metric: Metric

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
    def _monitoring_has_an_image(self) -> Self:
        if self.monitoring is not None and self.images.monitoring is None:
            raise ValueError("monitoring needs an image; add `monitoring: monitor` to images")
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


def load_project(name: str, overrides: tuple[str, ...] = (), projects: Path = PROJECTS) -> Project:
    """The project called `name`, with `overrides` (key.path=value) laid over its file.

    Raises ProjectError with the path of each wrong key and the way out.
    """
    file = projects / name / "project.yaml"
    if not file.is_file():
        known = ", ".join(sorted(path.parent.name for path in projects.glob("*/project.yaml"))) or "none"
        raise ProjectError(f"there is no project '{name}' ({file} does not exist); projects: {known}")
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ProjectError(f"{file} is not YAML: {error}") from error
    if not isinstance(document, dict):
        raise ProjectError(f"{file} must be a mapping of keys; it is a {type(document).__name__}")
    for override in overrides:
        _lay_over(document, override)
    return parse_project(document, str(file))


def parse_project(document: dict[str, Any], where: str) -> Project:
    """`document` as a Project. Raises ProjectError, one line for each wrong key of `where`."""
    try:
        return Project.model_validate(document)
    except ValidationError as error:
        # A value that fits no member of a union is reported once for each of them.
        complaints = {key_path(item["loc"]): _way_out(dict(item)) for item in error.errors()}
        lines = [f"  {path}: {complaint}" for path, complaint in complaints.items()]
        raise ProjectError(f"{where} cannot be used:\n" + "\n".join(lines)) from error


def key_path(location: tuple[int | str, ...]) -> str:
    """`location` the way a person finds it in the file: features[2].minimum."""
    path = ""
    for position, part in enumerate(location):
        # pydantic puts the member of a union that it tried between the keys.
        is_variant = position > 0 and isinstance(location[position - 1], int) and part in FEATURE_TYPES
        is_member = part in ("int", "float", "str", "[key]") or "constrained" in str(part)
        if is_variant or is_member:
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "(the whole file)"


def _way_out(item: dict[str, Any]) -> str:
    message, kind, value = str(item["msg"]), item["type"], item.get("input")
    if kind == "extra_forbidden":
        return "this key is not known; remove it or correct its spelling"
    if kind == "missing":
        return "this key is missing; add it"
    if kind == "string_type" and isinstance(value, bool):
        return f"YAML reads this as {value}; put the word in quotes"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return f"{message} (it is {value!r})"


def _lay_over(document: dict[str, Any], override: str) -> None:
    path, separator, text = override.partition("=")
    keys = path.split(".")
    if not separator or not all(keys):
        raise ProjectError(
            f"--set {override}: write key.path=value, for example hyperparameters.num_round=50"
        )
    place = document
    for key in keys[:-1]:
        place = _inside(place, key, override)
    place[keys[-1]] = yaml.safe_load(text)


def _inside(place: dict[str, Any], key: str, override: str) -> dict[str, Any]:
    inner = place.get(key)
    if isinstance(inner, list):
        # A list of named things is reached by their names: features.poutcome.use=true.
        inner = {item["name"]: item for item in inner if isinstance(item, dict) and "name" in item}
    if not isinstance(inner, dict):
        raise ProjectError(f"--set {override}: project.yaml has no group of keys called '{key}'")
    return inner
