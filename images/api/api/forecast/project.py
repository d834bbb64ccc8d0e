"""The document of a project whose records are series, each with a future to forecast."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from api.description import Document, Operation
from api.forecast.description import example_record, form, predictions, record
from api.forecast.records import faults
from api.forecast.schema import ForecastSchema
from api.project import S3_URI, Project


class ForecastProject(Project, frozen=True, extra="forbid"):
    """Series are named by their keys; the model has their history, or the record brings it."""

    version: Literal[1]
    kind: Literal["forecast"]
    schema_: ForecastSchema = Field(alias="schema")
    # The levels that are asked for, as the endpoint names them.
    quantiles: tuple[str, ...] = ("0.1", "0.5", "0.9")
    # A record that is answered, which forms and examples begin with.
    example: dict[str, Any] | None = None
    # Where rows of what happened go, for monitoring and training; this image only says so.
    actuals_uri: str | None = None

    def form(self) -> Document:
        """What a form for its records needs."""
        return form(self.schema_, self.quantiles, self._example)

    def record(self) -> Document:
        """A record as JSON Schema."""
        return record(self.schema_, self._example)

    def operations(self) -> Mapping[str, Operation]:
        """Forecasts; what became of them comes as rows."""
        return {"predictions": predictions(self.schema_, self.record_reference, self._example)}

    @property
    def _example(self) -> Document:
        return self.example or example_record(self.schema_)

    @field_validator("quantiles")
    @classmethod
    def _levels(cls, quantiles: tuple[str, ...]) -> tuple[str, ...]:
        try:
            levels = [float(each) for each in quantiles]
        except ValueError:
            raise ValueError("quantiles must be numbers as texts, such as '0.9'") from None
        if not levels or levels != sorted(set(levels)) or not 0 < levels[0] <= levels[-1] < 1:
            raise ValueError("quantiles must rise, each between 0 and 1")
        return quantiles

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.actuals_uri is not None and not S3_URI.fullmatch(self.actuals_uri):
            raise ValueError("actuals_uri must be s3://bucket/prefix")
        if self.example is not None:
            for fault in faults(self.schema_, 1, self.example):
                raise ValueError(f"the example is no record: {fault.field} {fault.reason}")
        return self
