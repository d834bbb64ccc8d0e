"""A project's schema.json: which records there are, and what is wrong with those that are none."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.errors import RecordError

Value = str | int | float | None
Record = dict[str, Value]

_SHOWN_CHOICES = 12
_LONGEST_TEXT = 256
# Models compute in float32 (IEEE 754): what is beyond its largest number is none to them.
LARGEST = 3.4028234663852886e38


class Target(BaseModel, frozen=True, extra="forbid"):
    """What is predicted."""

    name: str
    positive: str
    negative: str


class NumericFeature(BaseModel, frozen=True, extra="forbid"):
    """A number, perhaps with bounds; `scaling` is preprocessing's."""

    name: str
    type: Literal["Integral", "Fractional"]
    minimum: float | None = None
    maximum: float | None = None
    scaling: Literal["standard", "none"] = "standard"
    nullable: bool = False

    def fault(self, value: object) -> str | None:
        """Why `value` is none of this feature's; None where it is."""
        kind = "a whole number" if self.type == "Integral" else "a number"
        if value is None:
            return None if self.nullable else f"is empty; it needs {kind}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"is {shown(value)}; it needs {kind}, without quotes"
        try:
            number = float(value)
        except OverflowError:
            return "is too large a number"
        if not math.isfinite(number):
            return "is not a finite number"
        if abs(number) > LARGEST:
            return "is too large a number"
        if self.type == "Integral" and not number.is_integer():
            return f"is {value!r}; it needs a whole number"
        if self.minimum is not None and number < self.minimum:
            return f"is {value!r}, below the minimum {self.minimum:g}"
        if self.maximum is not None and number > self.maximum:
            return f"is {value!r}, above the maximum {self.maximum:g}"
        return None

    @property
    def example(self) -> Value:
        """The allowed value that is nearest to 0."""
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        nearest = min(max(0.0, low), high)
        return math.ceil(nearest) if self.type == "Integral" else nearest

    def document(self) -> dict[str, object]:
        """As JSON Schema."""
        plain: dict[str, object] = {"type": "integer" if self.type == "Integral" else "number"}
        if self.nullable:
            plain["type"] = [plain["type"], "null"]
        return plain | {
            "minimum": -LARGEST if self.minimum is None else self.minimum,
            "maximum": LARGEST if self.maximum is None else self.maximum,
        }


class Category(BaseModel, frozen=True, extra="forbid"):
    """One allowed text, and its column in an encoded row."""

    value: str
    encoded_name: str


class CategoricalFeature(BaseModel, frozen=True, extra="forbid"):
    """One of a fixed list of texts."""

    name: str
    type: Literal["String"]
    nullable: bool = False
    categories: tuple[Category, ...] = Field(min_length=1)

    def fault(self, value: object) -> str | None:
        """Why `value` is none of this feature's; None where it is."""
        if value is None:
            return None if self.nullable else f"is empty; it needs {self._choices}"
        if isinstance(value, str) and any(value == each.value for each in self.categories):
            return None
        return f"is {shown(value)}; it needs {self._choices}"

    @property
    def _choices(self) -> str:
        values = [each.value for each in self.categories]
        more = f" … ({len(values)} in all)" if len(values) > _SHOWN_CHOICES else ""
        return f"one of {', '.join(values[:_SHOWN_CHOICES])}{more}"

    @property
    def example(self) -> Value:
        """A value that is allowed."""
        return self.categories[0].value

    def document(self) -> dict[str, object]:
        """As JSON Schema."""
        values: list[object] = [each.value for each in self.categories]
        return {"enum": [*values, None] if self.nullable else values}


Feature = Annotated[NumericFeature | CategoricalFeature, Field(discriminator="type")]


class Schema(BaseModel, frozen=True, extra="forbid"):
    """The features in their order, and the target."""

    version: Literal[1]
    target: Target
    features: tuple[Feature, ...] = Field(min_length=1)

    @property
    def numeric(self) -> tuple[NumericFeature, ...]:
        """The numbers, in the schema's order."""
        return tuple(each for each in self.features if isinstance(each, NumericFeature))

    @property
    def categorical(self) -> tuple[CategoricalFeature, ...]:
        """The categories, in the schema's order."""
        return tuple(each for each in self.features if isinstance(each, CategoricalFeature))

    @property
    def labels(self) -> tuple[str, str]:
        """What the target may be: the positive label, then the negative."""
        return self.target.positive, self.target.negative

    def faults(self, row: int, record: object, takes_text: bool = False) -> Iterator[RecordError]:
        """Everything that is wrong with the record in `row` (from 1).

        `takes_text`: text that is no number may stand where a number belongs.
        """
        if not isinstance(record, dict):
            yield RecordError(row, None, f"is {shown(record)}; it needs an object of the features")
            return
        for feature in self.features:
            if feature.name not in record:
                yield RecordError(row, feature.name, "is missing")
            elif takes_text and isinstance(feature, NumericFeature) and is_unreadable(record[feature.name]):
                continue
            elif reason := feature.fault(record[feature.name]):
                yield RecordError(row, feature.name, reason)
        known = {feature.name for feature in self.features}
        for name in record:
            if name == self.target.name:
                yield RecordError(row, name, "is the target, which the model predicts; leave it out")
            elif name not in known:
                yield RecordError(row, shown(name), "is no feature of this project")

    def unreadable(self, row: int, record: Record) -> Iterator[RecordError]:
        """The text where a number belongs, of a record without faults."""
        for feature in self.numeric:
            value = record[feature.name]
            if isinstance(value, str):
                yield RecordError(row, feature.name, f"is {shown(value)}, which counts as a missing number")

    def key(self, record: Mapping[str, Value]) -> str:
        """What a record is looked up by: its categories, joined by commas in the schema's order."""
        return ",".join(str(record[each.name] or "") for each in self.categorical)

    @property
    def example(self) -> Record:
        """A record that is allowed."""
        return {feature.name: feature.example for feature in self.features}

    def document(self) -> dict[str, object]:
        """A record as JSON Schema."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [feature.name for feature in self.features],
            "properties": {feature.name: feature.document() for feature in self.features},
            "example": self.example,
        }


def is_unreadable(value: object) -> bool:
    """Whether `value` is a line of text that nobody could take for a number.

    "41" is not: the model would read it, and in an encoded row as another number.
    """
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_TEXT:
        return False
    try:
        float(value)
    except ValueError:
        return value.isprintable()
    return False


def shown(value: object) -> str:
    """The value as it may stand in an error: quoted, and not too long."""
    try:
        text = repr(value)
    except ValueError:
        # Python writes no whole number of more than 4,300 digits.
        return "a very long number"
    return text if len(text) <= 60 else text[:57] + "..."
