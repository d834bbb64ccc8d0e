"""What the sample paths of a forecast say: their mean and their quantiles."""

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


class Samples:
    """Sample paths, shape (series, samples, days). Their order does not matter."""

    def __init__(self, values: Numbers) -> None:
        self.values = values
        self._sorted: Numbers | None = None

    @property
    def mean(self) -> Numbers:
        """Shape (series, days)."""
        mean: Numbers = self.values.mean(axis=1)
        return mean

    def quantile(self, level: float) -> Numbers:
        """The sample nearest to that share from below, shape (series, days).

        As GluonTS's SampleForecast has it: of n samples in order the one at
        place round((n - 1) · level), so a quantile is a value that was drawn.
        """
        if self._sorted is None:
            self._sorted = np.sort(self.values, axis=1)
        quantile: Numbers = self._sorted[:, round((self._sorted.shape[1] - 1) * level)]
        return quantile
