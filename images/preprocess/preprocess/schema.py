"""schema.json: the columns that rows must have, and how encoded columns are called."""

import hashlib
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from smcontract.failure import ContractError

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


def read_schema(folder: Path) -> Schema:
    """The schema in `folder`. Raises ContractError, naming the key, where it cannot be used."""
    path = folder / "schema.json"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ContractError(f"{path} is missing; give the folder that holds schema.json.") from None
    except OSError as error:
        raise ContractError(f"{path} cannot be read ({error.strerror}); check the schema input.") from error
    try:
        document = json.loads(content)
    except ValueError as error:
        raise ContractError(f"{path} is not valid JSON ({error}); write it as a JSON object.") from error
    return parse_schema(document, content)


def parse_schema(document: object, content: bytes) -> Schema:
    """The schema that the JSON `document` describes. Raises ContractError naming the key."""
    fields = _object(document, "", required=("version", "target", "features"))
    if fields["version"] != SCHEMA_VERSION:
        raise _error("version", f"is {fields['version']!r}; this image reads version {SCHEMA_VERSION}")
    target = _target(fields["target"])
    features = tuple(
        _feature(item, f"features[{at}]") for at, item in enumerate(_list(fields["features"], "features"))
    )
    schema = Schema(target=target, features=features, content=content)
    _check_unique(schema.columns, "the target's and the features' names")
    _check_unique(schema.encoded_names, "the encoded columns' names")
    for name in schema.encoded_names:
        if not FEATURE_NAME.fullmatch(name):
            raise ContractError(
                f"schema.json: '{name}' cannot name an encoded column; use letters and digits, "
                "with _ or - between them, 64 at most."
            )
    return schema


def _target(value: object) -> Target:
    fields = _object(value, "target", required=("name", "positive", "negative"))
    target = Target(**{key: _text(fields[key], f"target.{key}") for key in ("name", "positive", "negative")})
    if target.positive == target.negative:
        raise _error("target", f"has {target.positive!r} as positive and as negative; they must differ")
    return target


def _feature(value: object, where: str) -> Feature:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "String":
        fields = _object(value, where, required=("name", "type", "categories"), optional=("nullable",))
        return CategoricalFeature(
            name=_text(fields["name"], f"{where}.name"),
            nullable=_flag(fields.get("nullable", False), f"{where}.nullable"),
            categories=_categories(fields["categories"], f"{where}.categories"),
        )
    fields = _object(
        value,
        where,
        required=("name", "type"),
        optional=("minimum", "maximum", "scaling", "nullable"),
    )
    if kind not in ("Integral", "Fractional"):
        raise _error(f"{where}.type", f"is {kind!r}; it must be Integral, Fractional or String")
    scaling = fields.get("scaling", "standard")
    if scaling not in ("standard", "none"):
        raise _error(f"{where}.scaling", f"is {scaling!r}; it must be standard or none")
    minimum = _bound(fields.get("minimum"), f"{where}.minimum")
    maximum = _bound(fields.get("maximum"), f"{where}.maximum")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise _error(where, f"has the minimum {minimum} above the maximum {maximum}")
    return NumericFeature(
        name=_text(fields["name"], f"{where}.name"),
        integral=kind == "Integral",
        minimum=minimum,
        maximum=maximum,
        standardised=scaling == "standard",
        nullable=_flag(fields.get("nullable", False), f"{where}.nullable"),
    )


def _categories(value: object, where: str) -> tuple[Category, ...]:
    categories = []
    for at, item in enumerate(_list(value, where)):
        fields = _object(item, f"{where}[{at}]", required=("value", "encoded_name"))
        categories.append(
            Category(
                value=_text(fields["value"], f"{where}[{at}].value"),
                encoded_name=_text(fields["encoded_name"], f"{where}[{at}].encoded_name"),
            )
        )
    _check_unique((category.value for category in categories), f"the values in {where}")
    return tuple(categories)


def _object(
    value: object, where: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _error(where, f"must be a JSON object, not {json.dumps(value)[:60]}")
    prefix = f"{where}." if where else ""
    for key in value:
        if key not in required + optional:
            known = ", ".join(required + optional)
            raise _error(f"{prefix}{key}", f"is not a known key; known here: {known}")
    for key in required:
        if key not in value:
            raise _error(f"{prefix}{key}", "is missing")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list) or not value:
        raise _error(where, "must be a list with at least one item")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise _error(where, f"must be a text that is not empty, not {json.dumps(value)[:60]}")
    return value


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise _error(where, f"must be true or false, not {json.dumps(value)[:60]}")
    return value


def _bound(value: object, where: str) -> int | float | None:
    if value is None:
        return None
    # JSON's true is an int to Python; its NaN and Infinity are floats and fail the comparison.
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return value
    raise _error(where, f"must be a number or null, not {json.dumps(value)[:60]}")


def _check_unique(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ContractError(f"schema.json: '{name}' occurs twice among {what}; give each its own.")
        seen.add(name)


def _error(where: str, problem: str) -> ContractError:
    return ContractError(f"schema.json: {where or 'the document'} {problem}.")
