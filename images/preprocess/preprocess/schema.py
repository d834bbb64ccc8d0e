"""schema.json: the columns that rows must have, and how encoded columns are called."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from smcontract.failure import ContractError

from preprocess.schema_fields import (
    bound_of,
    check_unique,
    fields_of,
    flag_of,
    items_of,
    schema_error,
    text_of,
)

SCHEMA_VERSION = 1
# How rows of a schema are encoded; another way is another version.
ENCODER_VERSION = 1
# API reference, FeatureDefinition.FeatureName.
FEATURE_NAME = re.compile(r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}")


@dataclass(frozen=True, slots=True)
class Target:
    """The column to predict and its two values."""

    name: str
    positive: str
    negative: str


@dataclass(frozen=True, slots=True)
class NumericFeature:
    """A number with an optional range, standardised or left as it is."""

    name: str
    integral: bool
    minimum: int | float | None
    maximum: int | float | None
    standardised: bool
    nullable: bool

    @property
    def type(self) -> str:
        """The type as Model Monitor calls it."""
        return "Integral" if self.integral else "Fractional"


@dataclass(frozen=True, slots=True)
class Category:
    """One allowed value and the name of its one-hot column."""

    value: str
    encoded_name: str


@dataclass(frozen=True, slots=True)
class CategoricalFeature:
    """One of a fixed list of texts."""

    name: str
    nullable: bool
    categories: tuple[Category, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The allowed values, in the order of their columns."""
        return tuple(category.value for category in self.categories)


Feature = NumericFeature | CategoricalFeature


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a project, and the very bytes they were read from."""

    target: Target
    features: tuple[Feature, ...]
    content: bytes

    @property
    def numeric(self) -> tuple[NumericFeature, ...]:
        """The numbers, in the file's order; they come first in an encoded row."""
        return tuple(feature for feature in self.features if isinstance(feature, NumericFeature))

    @property
    def categorical(self) -> tuple[CategoricalFeature, ...]:
        """The categories, in the file's order."""
        return tuple(feature for feature in self.features if isinstance(feature, CategoricalFeature))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a file must have: the features, then the target."""
        return (*(feature.name for feature in self.features), self.target.name)

    @property
    def encoded_names(self) -> tuple[str, ...]:
        """The columns of an encoded row."""
        one_hot = (c.encoded_name for feature in self.categorical for c in feature.categories)
        return (*(feature.name for feature in self.numeric), *one_hot)

    @property
    def sha256(self) -> str:
        """The digest of the file, which ties an encoder to it."""
        return hashlib.sha256(self.content).hexdigest()


class SchemaFile:
    """schema.json in a folder, read once: it may be a pipe."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "schema.json"
        self._read: tuple[object, bytes] | None = None

    def read(self) -> tuple[object, bytes]:
        """The JSON, and its bytes. Raises ContractError where there is none."""
        if self._read is None:
            content = self._content()
            try:
                self._read = json.loads(content), content
            except ValueError as error:
                raise ContractError(
                    f"{self._path} is not valid JSON ({error}); write it as a JSON object."
                ) from error
        return self._read

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            raise ContractError(f"{self._path} is missing; give the folder that holds schema.json.") from None
        except OSError as error:
            raise ContractError(
                f"{self._path} cannot be read ({error.strerror}); check the schema input."
            ) from error


def read_schema(folder: Path) -> Schema:
    """The schema in `folder`. Raises ContractError, naming the key, where it cannot be used."""
    return parse_schema(*SchemaFile(folder).read())


def parse_schema(document: object, content: bytes) -> Schema:
    """The schema that the JSON `document` describes. Raises ContractError naming the key."""
    fields = fields_of(document, "", required=("version", "target", "features"))
    if fields["version"] != SCHEMA_VERSION:
        raise schema_error("version", f"is {fields['version']!r}; this image reads version {SCHEMA_VERSION}")
    target = _target(fields["target"])
    features = tuple(
        _feature(item, f"features[{at}]") for at, item in enumerate(items_of(fields["features"], "features"))
    )
    schema = Schema(target=target, features=features, content=content)
    check_unique(schema.columns, "the target's and the features' names")
    check_unique(schema.encoded_names, "the encoded columns' names")
    for name in schema.encoded_names:
        if not FEATURE_NAME.fullmatch(name):
            raise ContractError(
                f"schema.json: '{name}' cannot name an encoded column; use letters and digits, "
                "with _ or - between them, 64 at most."
            )
    return schema


def _target(value: object) -> Target:
    fields = fields_of(value, "target", required=("name", "positive", "negative"))
    target = Target(
        **{key: text_of(fields[key], f"target.{key}") for key in ("name", "positive", "negative")}
    )
    if target.positive == target.negative:
        raise schema_error("target", f"has {target.positive!r} as positive and as negative; they must differ")
    return target


def _feature(value: object, where: str) -> Feature:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "String":
        fields = fields_of(value, where, required=("name", "type", "categories"), optional=("nullable",))
        return CategoricalFeature(
            name=text_of(fields["name"], f"{where}.name"),
            nullable=flag_of(fields.get("nullable", False), f"{where}.nullable"),
            categories=_categories(fields["categories"], f"{where}.categories"),
        )
    fields = fields_of(
        value,
        where,
        required=("name", "type"),
        optional=("minimum", "maximum", "scaling", "nullable"),
    )
    if kind not in ("Integral", "Fractional"):
        raise schema_error(f"{where}.type", f"is {kind!r}; it must be Integral, Fractional or String")
    scaling = fields.get("scaling", "standard")
    if scaling not in ("standard", "none"):
        raise schema_error(f"{where}.scaling", f"is {scaling!r}; it must be standard or none")
    minimum = bound_of(fields.get("minimum"), f"{where}.minimum")
    maximum = bound_of(fields.get("maximum"), f"{where}.maximum")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise schema_error(where, f"has the minimum {minimum} above the maximum {maximum}")
    return NumericFeature(
        name=text_of(fields["name"], f"{where}.name"),
        integral=kind == "Integral",
        minimum=minimum,
        maximum=maximum,
        standardised=scaling == "standard",
        nullable=flag_of(fields.get("nullable", False), f"{where}.nullable"),
    )


def _categories(value: object, where: str) -> tuple[Category, ...]:
    categories = []
    for at, item in enumerate(items_of(value, where)):
        fields = fields_of(item, f"{where}[{at}]", required=("value", "encoded_name"))
        categories.append(
            Category(
                value=text_of(fields["value"], f"{where}[{at}].value"),
                encoded_name=text_of(fields["encoded_name"], f"{where}[{at}].encoded_name"),
            )
        )
    check_unique((category.value for category in categories), f"the values in {where}")
    return tuple(categories)
