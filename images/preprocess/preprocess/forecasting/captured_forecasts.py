"""Captured calls of a forecasting endpoint: what it said of which series and day, and when."""

import base64
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from preprocess.forecasting.cells import day_of
from preprocess.merged_lines import LeftOutError, read_merged


@dataclass(frozen=True, slots=True)
class DayForecast:
    """What was said of a series on a day; `quantiles` are by level, as the answer names it."""

    made_at: str
    mean: float | None
    quantiles: Mapping[str, float]

    def is_before(self, day: int) -> bool:
        """Whether it was made before the day began (UTC)."""
        made_on = day_of(self.made_at[:10])
        return made_on is not None and made_on < day


@dataclass(slots=True)
class CapturedForecasts:
    """The newest forecast of each series and day; grows line by line.

    Of several, one that was made before the day counts more than one that was
    not, and then the one that was made last.
    """

    calls: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    by_day: dict[tuple[str, int], DayForecast] = field(default_factory=dict)

    def take(self, item_id: str, day: int, forecast: DayForecast) -> None:
        """Keep it, unless there is a better one."""
        present = self.by_day.get((item_id, day))
        if present is None or _rank(forecast, day) >= _rank(present, day):
            self.by_day[item_id, day] = forecast


def read_captured(folder: Path) -> CapturedForecasts:
    """The forecasts in every file below `folder`. Raises ContractError where there is no file."""
    found = CapturedForecasts()
    for _, line in read_merged(folder):
        found.calls += 1
        try:
            made_at, predictions = _answer(line)
        except LeftOutError as error:
            found.left_out[str(error)] += 1
            continue
        for prediction in predictions:
            try:
                forecasts = list(_days(prediction, made_at))
            except LeftOutError as error:
                found.left_out[str(error)] += 1
                continue
            for item_id, day, forecast in forecasts:
                found.take(item_id, day, forecast)
    return found


def _rank(forecast: DayForecast, day: int) -> tuple[bool, str]:
    return forecast.is_before(day), forecast.made_at


def _answer(line: str) -> tuple[str, list[Any]]:
    """When a call was answered, and its predictions. Raises LeftOutError."""
    try:
        call: Any = json.loads(line)
        made_at = call["eventMetadata"]["inferenceTime"]
        told = call["captureData"]["endpointOutput"]
        text = told["data"]
        if told["encoding"] == "BASE64":
            text = base64.b64decode(text, validate=True).decode()
        elif told["encoding"] != "JSON":
            raise LeftOutError("is neither JSON nor BASE64")
        predictions = _predictions(text)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise LeftOutError("is no captured forecast") from None
    if not isinstance(made_at, str) or day_of(made_at[:10]) is None:
        raise LeftOutError("has no moment")
    return made_at, predictions


def _predictions(text: str) -> list[Any]:
    """Of one answer, or of JSON Lines of them."""
    try:
        documents = [json.loads(text)]
    except ValueError:
        documents = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [prediction for document in documents for prediction in document.get("predictions", [document])]


def _days(prediction: Any, made_at: str) -> Iterator[tuple[str, int, DayForecast]]:
    """What a prediction says of each of its days. Raises LeftOutError."""
    try:
        item_id, start = prediction["item_id"], prediction["start"]
        means = prediction.get("mean")
        quantiles = {
            str(level): list(map(float, row)) for level, row in prediction.get("quantiles", {}).items()
        }
        means = None if means is None else list(map(float, means))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise LeftOutError("is no forecast of a series that is named") from None
    if not isinstance(item_id, str) or not item_id:
        raise LeftOutError("is no forecast of a series that is named")
    first = day_of(str(start)[:10])
    lengths = {len(row) for row in (*quantiles.values(), *([means] if means is not None else []))}
    if first is None or len(lengths) != 1:
        raise LeftOutError("is no forecast from a day on")
    for at in range(lengths.pop()):
        values = {level: row[at] for level, row in quantiles.items()}
        yield item_id, first + at, DayForecast(made_at, None if means is None else means[at], values)
