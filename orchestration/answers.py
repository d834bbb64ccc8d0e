"""What a model says about rows of `live`: asked by name and encoded, both the same."""

import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.errors import EndpointError
from orchestration.tabular_project import NumericFeature, TabularProject

ROWS_TO_ASK = 5
SHOWN_FEATURES = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said about a row, and what was true."""

    row: dict[str, str | int | float | None]
    predicted: str
    probability: float
    actual: str

    def figures(self) -> dict[str, Any]:
        """What the record of a run keeps of it."""
        return {
            "row": self.row,
            "predicted_label": self.predicted,
            "probability": self.probability,
            "actual": self.actual,
        }


@dataclass(frozen=True, slots=True)
class RowAnswers:
    """The answers to some live rows, in their order."""

    answers: tuple[Answer, ...]

    @property
    def said(self) -> str:
        """What was asked, in a line."""
        return f"{len(self.answers)} live rows, asked by name and encoded: same answers"

    def figures(self) -> dict[str, Any]:
        """What the record of a run keeps."""
        return {"answers": [answer.figures() for answer in self.answers]}

    def rows(self) -> list[tuple[str, ...]]:
        """What a person reads: rows of a table, label first."""
        rows: list[tuple[str, ...]] = [("answers", "predicted", "probability", "actual", "")]
        for answer in self.answers:
            known = ", ".join(f"{key} {value}" for key, value in list(answer.row.items())[:SHOWN_FEATURES])
            rows.append(("", answer.predicted, f"{answer.probability:.4f}", answer.actual, f"{known}, …"))
        return rows

    def request(self) -> dict[str, Any]:
        """The first row that was asked, by its names."""
        return {"instances": [self.answers[0].row]}


def ask_both_ways(
    invoke: Callable[[str, str, str], str],
    project: TabularProject,
    live: str,
    encoded: str,
    count: int = ROWS_TO_ASK,
) -> list[Answer]:
    """Answers to the first `count` live rows, asked as named rows and as encoded rows.

    Raises EndpointError where the two ways disagree: then the encoder inside
    the model is not the one that made the training rows.
    """
    rows = list(csv.DictReader(io.StringIO(live)))[:count]
    named = [{f.name: _value(f, row[f.name]) for f in project.used_features} for row in rows]
    by_name = json.loads(invoke(json.dumps({"instances": named}), "application/json", "application/json"))[
        "predictions"
    ]
    lines = [line.split(",", 1)[1] for line in encoded.splitlines()[:count]]
    by_encoding = list(csv.reader(io.StringIO(invoke("\n".join(lines) + "\n", "text/csv", "text/csv"))))
    _agree(by_name, by_encoding)
    return [
        Answer(row, prediction["predicted_label"], float(prediction["probability"]), raw[project.target.name])
        for row, prediction, raw in zip(named, by_name, rows, strict=True)
    ]


def _agree(by_name: Sequence[Any], by_encoding: Sequence[list[str]]) -> None:
    pairs = [
        ((named["predicted_label"], float(named["probability"])), (encoded[0], float(encoded[1])))
        for named, encoded in zip(by_name, by_encoding, strict=True)
    ]
    for number, (named, encoded) in enumerate(pairs, start=1):
        if named[0] != encoded[0] or not math.isclose(named[1], encoded[1], abs_tol=1e-6):
            raise EndpointError(
                f"row {number} asked by its names gives {named}, asked encoded gives {encoded}; "
                "the model and the encoder do not belong together"
            )


def _value(feature: Any, text: str) -> str | int | float | None:
    if text == "":
        return None
    if isinstance(feature, NumericFeature):
        return int(text) if feature.type == "Integral" else float(text)
    return text
