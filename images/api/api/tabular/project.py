"""The document of a project whose records are rows, each with a label to predict."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field, model_validator

from api.description import Document, Operation
from api.project import S3_URI, Project
from api.tabular.description import form, ground_truth, predictions
from api.tabular.schema import Schema


class Lookup(BaseModel, frozen=True, extra="forbid"):
    """Records are looked up in the group that the serving version names."""

    # What becomes of a record whose key is not in the group: the raw row is
    # sent, which the endpoint encodes itself, or the caller is told.
    unknown_key: Literal["raw", "refuse"]


class TabularProject(Project, frozen=True, extra="forbid"):
    """Rows are checked, looked up where the project says so, and labelled by the endpoint."""

    version: Literal[1]
    kind: Literal["tabular"]
    schema_: Schema = Field(alias="schema")
    lookup: Lookup | None = None
    # Text where a number belongs: the caller is told, or the model counts it as missing.
    unreadable_numbers: Literal["refuse", "missing"] = "refuse"
    ground_truth_uri: str | None = None

    def form(self) -> Document:
        """What a form for its records needs."""
        return form(self.schema_, self.ground_truth_uri is not None)

    def record(self) -> Document:
        """A record as JSON Schema."""
        return self.schema_.document()

    def operations(self) -> Mapping[str, Operation]:
        """Predictions, and labels for them."""
        return {
            "predictions": predictions(self.schema_, self.record_reference),
            "ground-truth": ground_truth(self.schema_),
        }

    @model_validator(mode="after")
    def _parts_fit(self) -> "TabularProject":
        if self.ground_truth_uri is not None and not S3_URI.fullmatch(self.ground_truth_uri):
            raise ValueError("ground_truth_uri must be s3://bucket/prefix")
        if self.lookup is not None:
            self._check_keys()
        return self

    def _check_keys(self) -> None:
        for feature in self.schema_.categorical:
            for category in feature.categories:
                # Two combinations could have one key.
                if "," in category.value:
                    raise ValueError(
                        f"the category '{category.value}' of '{feature.name}' has a comma, which joins keys; "
                        "leave lookup out"
                    )
