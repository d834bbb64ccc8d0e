"""What an evaluation measured: over all series, for each series, against the reference."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from train_deepar.backtest import Window, pooled
from train_deepar.forecaster import Forecaster
from train_deepar.metrics import MEAN_LOSS, Forecasts, measures


@dataclass(frozen=True, slots=True)
class SeriesMeasures:
    """A series' measures over all windows, the model's and the reference's."""

    model: dict[str, float]
    reference: dict[str, float]
    days: int
    mean_actual: float


@dataclass(frozen=True)
class Evaluation:
    """Everything that was measured; windows are newest first."""

    forecaster: Forecaster
    windows: Sequence[Window]
    test_sha256: str
    num_samples: int
    seed: int
    evaluated_at: str

    @cached_property
    def forecasts(self) -> tuple[Forecasts, Forecasts]:
        """The model's and the reference's of all windows."""
        return pooled([each.model for each in self.windows]), pooled(
            [each.reference for each in self.windows]
        )

    @cached_property
    def model(self) -> dict[str, float]:
        """The model's measures."""
        return measures(self.forecasts[0])

    @cached_property
    def reference(self) -> dict[str, float]:
        """The seasonal naive forecast's measures."""
        return measures(self.forecasts[1])

    @cached_property
    def by_series(self) -> dict[str, SeriesMeasures]:
        """The measures of each series, by its key in order."""
        rows: dict[str, list[int]] = {}
        for row, series in enumerate(series for window in self.windows for series in window.series):
            rows.setdefault(str(series.item_id), []).append(row)
        model, reference = self.forecasts
        return {
            item_id: _series_measures(model.rows(own), reference.rows(own)) for item_id, own in rows.items()
        }

    @property
    def ranked(self) -> list[str]:
        """The series' keys by the model's loss, best first; without those that have none."""
        losses = {item_id: each.model[MEAN_LOSS] for item_id, each in self.by_series.items()}
        return sorted(
            (item_id for item_id, loss in losses.items() if not math.isnan(loss)), key=losses.__getitem__
        )


def _series_measures(model: Forecasts, reference: Forecasts) -> SeriesMeasures:
    known = model.actual[~np.isnan(model.actual)]
    return SeriesMeasures(
        measures(model), measures(reference), len(known), float(known.mean()) if len(known) else math.nan
    )
