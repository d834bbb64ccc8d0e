"""The files that training, serving and monitoring of forecasts take over."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from preprocess.forecasting.calendar import Holidays
from preprocess.forecasting.cells import iso_day
from preprocess.forecasting.panel import Panel
from preprocess.forecasting.places_table import PlacesTable
from preprocess.forecasting.rows import FloatArray
from preprocess.forecasting.schema import DAILY, IS_HOLIDAY, ForecastSchema
from preprocess.outputs import StagedOutputs
from preprocess.report import REPORT
from preprocess.schema import NumericFeature

PARTS = {
    "train": "train/series.jsonl",
    "validation": "validation/series.jsonl",
    "test": "test/series.jsonl",
}
PANEL = "encoder/panel.json"
RAW_LIVE = "live/live.jsonl"
ENCODED_LIVE = "live/encoded.jsonl"
BASELINE = "baseline/baseline.csv"
PLACES = "places/places.csv"
SCHEMA = "schema/schema.json"
EVERY_NAME = (*PARTS.values(), PANEL, RAW_LIVE, ENCODED_LIVE, BASELINE, PLACES, SCHEMA, REPORT)
PANEL_VERSION = 1
LIVE_SERIES = 5

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """A panel's series as JSON Lines: all that a model is told of them."""

    panel: Panel
    schema: ForecastSchema
    holidays: Holidays | None
    places: PlacesTable | None

    @property
    def parts(self) -> dict[str, int]:
        """How many of the panel's days each part has: a model sees none of the last two horizons."""
        days, length = self.panel.days, self.schema.prediction_length
        return {"train": days - 2 * length, "validation": days - length, "test": days}

    def lines(self, days: int) -> Iterator[bytes]:
        """Every series up to the panel's first `days` days."""
        flags = self._flags()
        for place in range(len(self.panel)):
            start = int(self.panel.starts[place])
            yield _line(
                {
                    **self._beginning(place, days),
                    **self._encoded(place, start, days, flags),
                }
            )

    def live(self) -> tuple[list[bytes], list[bytes]]:
        """Requests for the last days of some series, and the same as the model sees them."""
        days, length = self.panel.days, self.schema.prediction_length
        flags = self._flags()
        raw, encoded = [], []
        for place in _spread(len(self.panel), LIVE_SERIES):
            start = int(self.panel.starts[place])
            beginning = self._beginning(place, days - length)
            known = {
                feature.name: _numbers(self.panel.known[at, place, days - length :], feature.number)
                for at, feature in enumerate(self.schema.known)
            }
            ending = {
                "start_of_forecast": iso_day(self.panel.last_day - length + 1),
                "actual": _numbers(self.panel.target[place, days - length :], self.schema.target),
            }
            raw.append(_line({"instance": {**beginning, "known": known}, **ending}))
            instance = {**beginning, **self._encoded(place, start, days, flags)}
            encoded.append(_line({"instance": instance, **ending}))
        return raw, encoded

    def document(self) -> dict[str, object]:
        """panel.json: what the numbers of a series mean."""
        schema = self.schema
        features: list[dict[str, object]] = [
            {"name": each.name, "scaling": each.scaling.value, "source": "known"} | _bounds(each.number)
            for each in schema.known
        ]
        if self.holidays:
            features.append({"name": IS_HOLIDAY, "scaling": "none", "source": "holidays"})
        target: dict[str, object] = {"name": schema.target.name, "type": schema.target.type}
        return {
            "version": PANEL_VERSION,
            "schema_sha256": schema.sha256,
            "frequency": DAILY,
            "prediction_length": schema.prediction_length,
            "item_id": list(schema.item_id),
            "target": target | _bounds(schema.target),
            "cat": [{"name": name, "values": list(values)} for name, values in self.panel.cat_values],
            "static_real": [{"name": name} for name in (self.places.count_names if self.places else ())],
            "dynamic_feat": features,
            "holidays": self.holidays.document() if self.holidays else None,
            "closed_dates": [iso_day(day) for day in self.panel.closed_days],
        }

    def baseline(self) -> bytes:
        """The training part's rows as they came, without day and target: what new rows are held against."""
        texts = self.panel.texts
        names = self.schema.texts
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*names, *(feature.name for feature in self.schema.known)])
        seen = ~np.isnan(self.panel.target[:, : self.parts["train"]])
        for place in range(len(self.panel)):
            days = np.flatnonzero(seen[place])
            key = [texts[name][place] for name in names]
            known = [
                _numbers(self.panel.known[at, place, days], feature.number)
                for at, feature in enumerate(self.schema.known)
            ]
            writer.writerows([*key, *values] for values in zip(*known, strict=True)) if known else (
                writer.writerows([key] * len(days))
            )
        return text.getvalue().encode()

    def _beginning(self, place: int, days: int) -> dict[str, object]:
        start = int(self.panel.starts[place])
        return {
            "item_id": self.panel.item_ids[place],
            "start": iso_day(self.panel.first_day + start),
            "target": _numbers(self.panel.target[place, start:days], self.schema.target),
        }

    def _encoded(self, place: int, start: int, days: int, flags: list[int]) -> dict[str, object]:
        known: list[list[float | int | None]] = [
            _numbers(self.panel.known[at, place, start:days], feature.number)
            for at, feature in enumerate(self.schema.known)
        ]
        if self.holidays:
            known.append([*flags[start:days]])
        static_real = self._static_real(place)
        return {"cat": self.panel.cat[place].tolist(), "static_real": static_real, "dynamic_feat": known}

    def _static_real(self, place: int) -> list[int]:
        if self.places is None:
            return []
        return list(self.places.counts_of(self.panel.texts[self.places.column][place]))

    def _flags(self) -> list[int]:
        return self.holidays.flags(self.panel.first_day, self.panel.days) if self.holidays else []


def write_lines(outputs: StagedOutputs, name: str, lines: Iterator[bytes] | list[bytes]) -> None:
    """JSON Lines."""
    with outputs.file(name) as stream:
        stream.writelines(lines)


def _spread(count: int, wanted: int) -> list[int]:
    """At most `wanted` places from the first of `count` to the last, evenly."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, wanted)).tolist()})


def _numbers(values: FloatArray, feature: NumericFeature) -> list[float | int | None]:
    """The numbers as JSON has them: what is missing is null, and what is whole has no point."""
    if feature.integral:
        return [None if value != value else int(value) for value in values.tolist()]
    return [None if value != value else value for value in values.tolist()]


def _bounds(feature: NumericFeature) -> dict[str, object]:
    bounds = {"minimum": feature.minimum, "maximum": feature.maximum}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _line(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode() + b"\n"
