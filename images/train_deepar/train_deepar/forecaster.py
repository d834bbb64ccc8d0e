"""A model ready to forecast: samples of the days after a series, drawn alike wherever it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch

from train_deepar.artefact import Artefact, load_artefact
from train_deepar.calibration import Calibration, Samples
from train_deepar.covariates import Scaling
from train_deepar.hyperparameters import SEASONAL_NAIVE
from train_deepar.naive import seasonal_naive
from train_deepar.networks import Architecture, Network, add_untrained, build, draw
from train_deepar.noise import draw_noise
from train_deepar.panel import Panel
from train_deepar.series import Series
from train_deepar.windows import batch, prepare

# So many rows at once keep the processor busy and its memory small: 16,000 samples.
_ROWS = 16_000


@dataclass(frozen=True, slots=True)
class Forecaster:
    """A trained model, its panel, and the series that it was given to know.

    `networks` is empty for seasonal-naive. Samples are reproducible: the same series, seed and number of
    samples give the same bits on the same machine. Each series has noise of its own, so what stands
    beside it in a request moves its samples by rounding at most.
    """

    panel: Panel
    history: Mapping[str, Series]
    prediction_length: int
    networks: tuple[Network, ...]
    architecture: Architecture | None
    scaling: Scaling | None
    calibration: Calibration
    manifest: Mapping[str, Any]

    @classmethod
    def load(cls, folder: Path) -> "Forecaster":
        """The model in `folder`. Raises ContractError where it is none, damaged or of another version."""
        return cls.of(load_artefact(folder))

    @classmethod
    def of(cls, artefact: Artefact) -> "Forecaster":
        """The model of an artefact that was read."""
        manifest = artefact.manifest
        architecture = scaling = None
        networks: list[Any] = []
        if manifest["estimator"] != SEASONAL_NAIVE:
            architecture = Architecture.from_document(manifest["architecture"])
            scaling = Scaling.from_document(manifest["scaling"])
            for weights in artefact.weights:
                network = build(architecture)
                network.load_state_dict(dict(weights))
                add_untrained(network)
                networks.append(network.eval())
        return cls(
            panel=artefact.panel,
            history={str(series.item_id): series for series in artefact.history},
            prediction_length=manifest["prediction_length"],
            networks=tuple(networks),
            architecture=architecture,
            scaling=scaling,
            calibration=Calibration.from_document(manifest["calibration"]),
            manifest=manifest,
        )

    @property
    def context_length(self) -> int:
        """The fewest days that a series must have to be forecast; more are used where there are more."""
        return int(self.manifest["context_length"])

    @property
    def trained_until(self) -> date:
        """The last day that the model has learnt from."""
        return date.fromisoformat(self.manifest["trained_until"])

    def sample(
        self, series: Sequence[Series], prediction_length: int, num_samples: int, seed: int
    ) -> Samples:
        """Calibrated samples [series, num_samples, prediction_length] of the days after each target.

        Each series' dynamic features must cover those days. Nothing is below the target's minimum.
        Raises ValueError for a horizon beyond the trained one and for features that do not cover it.
        """
        self._check(series, prediction_length)
        drawn = self.raw_samples(series, prediction_length, num_samples, seed)
        return self.calibration.apply(drawn, self.panel.target.minimum, self.panel.target.maximum)

    def raw_samples(
        self, series: Sequence[Series], prediction_length: int, num_samples: int, seed: int
    ) -> Samples:
        """The samples as the networks draw them, which is what a calibration is fitted on."""
        if not self.networks:
            return np.stack([self._naive(each, prediction_length, num_samples, seed) for each in series])
        step = max(1, _ROWS // num_samples)
        parts = [
            self._drawn(series[first : first + step], prediction_length, num_samples, seed)
            for first in range(0, len(series), step)
        ]
        return np.concatenate(parts)

    def _naive(self, series: Series, horizon: int, num_samples: int, seed: int) -> Samples:
        """The reference's quantiles as samples [num_samples, days], in an order of chance on each day."""
        levels = [(number + 0.5) / num_samples for number in range(num_samples)]
        forecast = seasonal_naive(series.target, horizon, levels, self.panel.target.minimum)
        ordered = np.stack([forecast.quantiles[level] for level in levels])
        chance = draw_noise([_key(series)], horizon, num_samples, seed).count[:, 0].numpy()
        return np.take_along_axis(ordered, chance.argsort(axis=1).T, axis=0)

    @torch.inference_mode()  # type: ignore[untyped-decorator]  # published untyped
    def _drawn(self, series: Sequence[Series], horizon: int, num_samples: int, seed: int) -> Samples:
        """Samples of a few series; each network of the ensemble draws its share of them."""
        assert self.architecture is not None
        assert self.scaling is not None
        shape = replace(self.architecture.shape, future=self.prediction_length)
        windows = [(prepare(each, self.panel, self.scaling, horizon), len(each.target)) for each in series]
        inputs = batch(windows, shape)
        noise = draw_noise([_key(each) for each in series], horizon, num_samples, seed)
        samples: Samples = draw(self.networks, inputs, noise, horizon).double().numpy()
        return samples

    def _check(self, series: Sequence[Series], prediction_length: int) -> None:
        if not 1 <= prediction_length <= self.prediction_length:
            raise ValueError(
                f"{prediction_length} days asked for, the model forecasts 1 to {self.prediction_length}"
            )
        for each in series:
            if self.panel.dynamic_feat and each.days_ahead < prediction_length:
                last = each.forecast_start + timedelta(days=prediction_length - 1)
                raise ValueError(f"{each.name}: the dynamic features end before {last}")


def _key(series: Series) -> str:
    """What a series' noise depends on beside the seed."""
    return series.item_id or series.start.isoformat()
