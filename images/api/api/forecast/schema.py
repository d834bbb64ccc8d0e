"""A forecasting project's schema.json: whose future is forecast, and what is known of it ahead."""

from typing import Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from api.values import Number

# What a record has beside the parts of its series' key.
RESERVED = ("known", "prediction_length", "history", "static")


class Timestamp(BaseModel, frozen=True, extra="forbid"):
    """The column of dates."""

    name: str


class Places(BaseModel, frozen=True, extra="ignore"):
    """What is counted around the places; where they are, the model knows."""

    # The features' names, and what of each is counted.
    counts: dict[str, str]


class KnownFeature(Number, frozen=True, extra="forbid"):
    """A number that is known ahead; `scaling` is the model's."""

    scaling: Literal["relative", "standard", "none"] = "none"

    def fault(self, value: object) -> str | None:
        """Why `value` is none of this feature's; None where it is."""
        reason = super().fault(value)
        if reason is None and self.scaling == "relative" and isinstance(value, int | float) and value <= 0:
            return f"is {value!r}; it is compared by ratio, so it must be above 0"
        return reason

    @property
    def bounds(self) -> dict[str, float]:
        """The bounds that there are, by their names; what is relative has one that it may not be."""
        if self.scaling != "relative" or (self.minimum or 0) > 0:
            return super().bounds
        return {"above": 0.0, **{name: each for name, each in super().bounds.items() if name == "maximum"}}

    def document(self) -> dict[str, object]:
        """As JSON Schema."""
        plain = super().document()
        return plain | {"exclusiveMinimum": 0} if self.scaling == "relative" else plain

    @property
    def example(self) -> float:
        """The allowed value that is nearest to 1: what is relative has no logarithm at 0."""
        nearest = max(1.0, self.minimum) if self.minimum is not None else 1.0
        nearest = min(nearest, self.maximum) if self.maximum is not None else nearest
        return int(nearest) if self.type == "Integral" else nearest


class ForecastSchema(BaseModel, frozen=True, extra="forbid"):
    """Columns of the series, and the longest horizon. What is not asked of callers is not looked at."""

    version: Literal[1]
    problem_type: Literal["Forecasting"]
    frequency: Literal["D"]
    prediction_length: int = Field(ge=1)
    timestamp: Timestamp
    item_id: tuple[str, ...] = Field(min_length=1)
    target: Number
    static: tuple[str, ...] = ()
    known: tuple[KnownFeature, ...] = ()
    # Of its own series the model has holidays and places' counts itself.
    holidays: str | None = None
    places: Places | None = None

    @field_validator("frequency", mode="before")
    @classmethod
    def _days(cls, frequency: object) -> object:
        if frequency != "D":
            raise ValueError(f"frequency {frequency!r} is not implemented; it must be 'D', days")
        return frequency

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Self:
        for name in self.item_id:
            if name in RESERVED:
                raise ValueError(f"a column of item_id cannot be called '{name}'; rename it")
        if len({each.name for each in self.known}) < len(self.known):
            raise ValueError("known names a feature twice")
        return self

    @property
    def further_static(self) -> tuple[str, ...]:
        """The static columns that the key does not tell."""
        return tuple(name for name in self.static if name not in self.item_id)

    @property
    def counts(self) -> tuple[Number, ...]:
        """The numbers that places add to a series."""
        names = self.places.counts if self.places else ()
        return tuple(Number(name=name, type="Integral", minimum=0) for name in names)
