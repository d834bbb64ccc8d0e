"""What a model says about the last days, whose actuals are known: asked in two ways, and what if."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from orchestration.errors import EndpointError
from orchestration.forecasting_project import ForecastingProject

JSON = "application/json"
SHOWN_DAYS = 7
# A price a fifth lower, as in a promotion.
WHAT_IF = 0.8
# The interval that a person is shown.
LOW, MIDDLE, HIGH = "0.1", "0.5", "0.9"

Invoke = Callable[[str, str, str], str]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the model said of a series' last days, and what came true of them."""

    item_id: str
    start: str
    mean: tuple[float, ...]
    quantiles: dict[str, tuple[float, ...]]
    actual: tuple[float | None, ...]

    @classmethod
    def of(cls, prediction: Document, actual: Sequence[float | None]) -> "Forecast":
        """An item of the answer, beside the actuals of the same days."""
        quantiles = {level: tuple(values) for level, values in prediction["quantiles"].items()}
        return cls(
            prediction["item_id"], prediction["start"], tuple(prediction["mean"]), quantiles, tuple(actual)
        )

    def figures(self) -> Document:
        """What the record of a run keeps."""
        return {
            "item_id": self.item_id,
            "start": self.start,
            "mean": list(self.mean),
            "quantiles": {level: list(values) for level, values in self.quantiles.items()},
            "actual": list(self.actual),
        }

    def rows(self, days: int) -> list[tuple[str, ...]]:
        """The first days as rows of a table."""
        first = date.fromisoformat(self.start)
        rows: list[tuple[str, ...]] = []
        for day in range(min(days, len(self.mean))):
            actual = self.actual[day]
            low, high = (self.quantiles[level][day] for level in (LOW, HIGH))
            rows.append(
                (
                    self.item_id if day == 0 else "",
                    str(first + timedelta(days=day)),
                    f"{self.mean[day]:.1f}",
                    f"{low:.0f} to {high:.0f}",
                    "none" if actual is None else f"{actual:g}",
                )
            )
        return rows


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The same series and days with one known feature changed, and nothing else."""

    item_id: str
    feature: str
    factor: float
    mean: tuple[float, ...]
    changed_mean: tuple[float, ...]

    @property
    def change(self) -> float:
        """By which share the sum of the forecast changes."""
        return sum(self.changed_mean) / sum(self.mean) - 1 if sum(self.mean) else 0.0

    @property
    def line(self) -> str:
        """The outcome, in words."""
        return (
            f"{self.item_id} with {self.feature} {self.factor - 1:+.0%} on all {len(self.mean)} days: "
            f"{sum(self.mean):,.0f} → {sum(self.changed_mean):,.0f} ({self.change:+.0%})"
        )

    def figures(self) -> Document:
        """What the record of a run keeps."""
        return {
            "item_id": self.item_id,
            "feature": self.feature,
            "factor": self.factor,
            "mean": list(self.mean),
            "changed_mean": list(self.changed_mean),
            "change": round(self.change, 4),
        }


@dataclass(frozen=True, slots=True)
class ForecastAnswers:
    """The forecasts of some series' last days, a what-if, and how to ask for days that nobody knows."""

    forecasts: tuple[Forecast, ...]
    what_if: WhatIf | None
    example: Document

    @property
    def said(self) -> str:
        """What was asked, in a line."""
        days = len(self.forecasts[0].mean)
        return f"{len(self.forecasts)} series, {days} days, asked by name and encoded: same answers"

    def figures(self) -> Document:
        """What the record of a run keeps."""
        return {
            "answers": [forecast.figures() for forecast in self.forecasts],
            "what_if": self.what_if.figures() if self.what_if else None,
        }

    def rows(self) -> list[tuple[str, ...]]:
        """What a person reads: rows of a table, label first."""
        rows: list[tuple[str, ...]] = [("series", "day", "forecast", "80 % interval", "actual")]
        rows += self.forecasts[0].rows(SHOWN_DAYS)
        inside = [
            low <= actual <= high
            for forecast in self.forecasts
            for low, high, actual in zip(
                forecast.quantiles[LOW], forecast.quantiles[HIGH], forecast.actual, strict=True
            )
            if actual is not None
        ]
        rows.append(("", f"{sum(inside)} of {len(inside)} days of {len(self.forecasts)} series are inside"))
        return [*rows, ("what if", self.what_if.line)] if self.what_if else rows

    def request(self) -> Document:
        """A request that needs no history: the model has it."""
        return self.example


def ask_about_the_last_days(
    invoke: Invoke, project: ForecastingProject, live: str, encoded: str
) -> ForecastAnswers:
    """Ask of live series what became of their last days: by the values of what is known, and encoded.

    The what-if is asked first: of the forecasts of a day a monitor takes the one that was asked last.
    Raises EndpointError where the two ways disagree: then the panel inside the model is not the one
    that made its series.
    """
    lines = [json.loads(line) for line in live.splitlines()]
    instances = [line["instance"] for line in lines]
    what_if = _what_if(invoke, project, instances[0]) if project.known else None
    by_encoding = _predictions(invoke, [json.loads(line)["instance"] for line in encoded.splitlines()])
    by_name = _predictions(invoke, instances)
    _agree(by_name, by_encoding)
    forecasts = tuple(
        Forecast.of(prediction, line["actual"]) for prediction, line in zip(by_name, lines, strict=True)
    )
    return ForecastAnswers(forecasts, what_if, {"instances": [_example(instances[0])]})


def _predictions(invoke: Invoke, instances: Sequence[Document]) -> list[Document]:
    found: list[Document] = json.loads(invoke(json.dumps({"instances": list(instances)}), JSON, JSON))[
        "predictions"
    ]
    if len(found) != len(instances):
        raise EndpointError(f"{len(instances)} series were asked about, and {len(found)} forecasts came")
    return found


def _what_if(invoke: Invoke, project: ForecastingProject, instance: Document) -> WhatIf:
    feature = project.known[0].name
    changed = [round(value * WHAT_IF, 6) for value in instance["known"][feature]]
    cheaper = {**instance, "known": {**instance["known"], feature: changed}}
    # Each in a call of its own: where they differ it is by the feature and not by their place.
    (as_it_is,), (as_if,) = (_predictions(invoke, [each]) for each in (instance, cheaper))
    return WhatIf(instance["item_id"], feature, WHAT_IF, tuple(as_it_is["mean"]), tuple(as_if["mean"]))


def _agree(by_name: Sequence[Document], by_encoding: Sequence[Document]) -> None:
    for named, encoded in zip(by_name, by_encoding, strict=True):
        pairs = zip(named["mean"], encoded["mean"], strict=True)
        if not all(math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6) for a, b in pairs):
            raise EndpointError(
                f"{named['item_id']} asked by the values of what is known has the mean {named['mean'][:3]}…, "
                f"asked encoded {encoded['mean'][:3]}…; the model and the panel do not belong together"
            )


def _example(instance: Document) -> Document:
    """The days after all that the model knows, with what is known of them as it is on the last days."""
    return {"item_id": instance["item_id"], "known": instance["known"]}
