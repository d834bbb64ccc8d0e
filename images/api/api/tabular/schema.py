"""A project's schema.json: which records there are, and what is wrong with those that are none."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.errors import RecordError
from api.values import Number, shown

Value = str | int | float | None
Record = dict[str, Value]

_SHOWN_CHOICES = 12
_LONGEST_TEXT = 256


class Target(BaseModel, frozen=True, extra="forbid"):
    """What is predicted."""

    name: str
    positive: str
    negative: str


class NumericFeature(Number, frozen=True, extra="forbid"):
    """A number; `scaling` is preprocessing's."""

    scaling: Literal["standard", "none"] = "standard"
    nullable: bool = False

    def fault(self, value: object) -> str | None:
        """Why `value` is none of this feature's; None where it is."""
        return None if value is None and self.nullable else super().fault(value)

    def document(self) -> dict[str, object]:
        """As JSON Schema."""
        plain = super().document()
        return plain | {"type": [plain["type"], "null"]} if self.nullable else plain


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
