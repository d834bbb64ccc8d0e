"""What an endpoint of a forecasting project is asked: series and what is known of their future, in JSON."""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from api.aws import AwsAnswer
from api.errors import ApiError, RecordError, UnprocessableError

# Samples are drawn alike for every request: two that differ in a feature's values differ in nothing else.
SEED = 0
JSON = "application/json"
# How the model names what it cannot answer: "Instance 2: known.price is missing for 2026-01-30."
_INSTANCE = re.compile(
    r"Instance (?P<row>\d+): (?:(?P<field>(?:known|static)\.\S+) )?(?P<reason>.+?)\.?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the model says of one series, a number a day; `quantiles` by the levels that were asked for."""

    item_id: str
    start: date
    mean: tuple[float, ...]
    median: tuple[float, ...]
    quantiles: dict[str, tuple[float, ...]]

    def document(self) -> dict[str, object]:
        """As it stands in an answer."""
        return {
            "item_id": self.item_id,
            "start": self.start.isoformat(),
            "dates": [(self.start + timedelta(day)).isoformat() for day in range(len(self.mean))],
            "mean": self.mean,
            "median": self.median,
            "quantiles": self.quantiles,
        }


@dataclass(frozen=True)
class SeriesQuestion:
    """The instances, in DeepAR's JSON; how many days of each, and which quantiles."""

    instances: Sequence[dict[str, object]]
    prediction_length: int
    levels: Sequence[str]

    answer_form = "a forecast a series, of the days and quantiles that were asked for"

    @cached_property
    def body(self) -> bytes:
        """The request (DeepAR Inference Formats; `prediction_length` and `seed` are additions)."""
        configuration = {
            "output_types": ["mean", "median", "quantiles"],
            "quantiles": list(self.levels),
            "prediction_length": self.prediction_length,
            "seed": SEED,
        }
        return json.dumps({"instances": self.instances, "configuration": configuration}).encode()

    @property
    def headers(self) -> dict[str, str]:
        """JSON both ways."""
        return {"Content-Type": JSON, "Accept": JSON}

    def read(self, answer: AwsAnswer) -> tuple[Forecast, ...]:
        """A forecast an instance. Raises ValueError where the answer has other ones."""
        try:
            predictions = json.loads(answer.body)["predictions"]
            found = tuple(self._forecast(each) for each in predictions)
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error
        if [each.item_id for each in found] != [each["item_id"] for each in self.instances]:
            raise ValueError("other series than were asked for")
        return found

    @property
    def refusals(self) -> dict[int, Callable[[str], ApiError]]:
        """A refusal names the instance, which is a row, and perhaps what of it."""
        return {400: _refused}

    def _forecast(self, prediction: dict[str, Any]) -> Forecast:
        start = date.fromisoformat(prediction["start"])
        # The last day has to be a date, too.
        _ = start + timedelta(self.prediction_length)
        return Forecast(
            prediction["item_id"],
            start,
            self._numbers(prediction["mean"]),
            self._numbers(prediction["median"]),
            {level: self._numbers(prediction["quantiles"][level]) for level in self.levels},
        )

    def _numbers(self, values: list[float]) -> tuple[float, ...]:
        numbers = tuple(map(float, values))
        if len(numbers) != self.prediction_length or not all(map(math.isfinite, numbers)):
            raise ValueError(
                f"{len(numbers)} values for {self.prediction_length} days, or some that are none"
            )
        return numbers


def _refused(words: str) -> ApiError:
    """The model's refusal; its instances are the records in their order."""
    found = _INSTANCE.fullmatch(words)
    errors = [RecordError(int(found["row"]), found["field"], found["reason"]).document()] if found else []
    return UnprocessableError(f"the model refused the records: {words}", errors=errors)
