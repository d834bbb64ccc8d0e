"""Forecast accuracy: MAPE, weighted quantile loss and coverage, by Deequ's means and deviations.

Source of the formulas: Hyndman and Koehler (2006) for MAPE; the weighted
quantile loss as gluonts' evaluator and Amazon Forecast have it,
2 · sum of the quantile losses / sum of |actual|, and its mean over the quantiles;
coverage is the share of actuals inside the interval between two quantiles.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pydeequ.analyzers import Mean, StandardDeviation

from monitor.analyzers import Metrics, run
from monitor.measures import measured, ratio
from monitor.paired import (
    POPULATIONS,
    Answered,
    Question,
    Wanted,
    ask,
    count_if,
    ground_truth,
    per_population,
)
from monitor.predictions import Predictions
from monitor.quality import Quality, finite
from monitor.spark import Spark
from monitor.table import Table

MEAN_LOSS = "mean_weighted_quantile_loss"


def forecast_accuracy(spark: Spark, table: Table, predictions: Predictions) -> Quality:
    """Every measure that the columns given allow.

    MAPE is over the rows whose actual is not zero; it is of the mean, or of the
    median where only quantiles are given. Raises ContractError for what cannot be read.
    """
    forecast = _Forecast(predictions)
    answered = ask(spark, table, forecast.wanted(table), forecast.question())
    values, *samples = (forecast.measures(answered.metrics, suffix) for suffix in POPULATIONS)
    deviations = forecast.deviations(spark, answered, values)
    measures = measured(values, samples, deviations, answered.rows)
    zeros = answered.rows - answered.count("not_zero")
    remarks = (f"mape is without {zeros:,} rows whose actual is 0.",) if zeros and "mape" in values else ()
    return Quality(answered.rows, answered.left_out, measures, remarks=remarks)


@dataclass(frozen=True, slots=True)
class _Interval:
    """Between two quantiles that are as far from the middle, `0.1` and `0.9`: 80 % should be inside."""

    low: int
    high: int
    name: str


@dataclass(frozen=True, slots=True)
class _Forecast:
    predictions: Predictions

    @property
    def point(self) -> str | None:
        """The SQL name of the one value that stands for the forecast."""
        if self.predictions.inference is not None:
            return "answer"
        levels = [level for level, _ in self.predictions.quantiles]
        return f"q{levels.index(0.5)}" if 0.5 in levels else None

    @property
    def intervals(self) -> list[_Interval]:
        """Every pair of quantiles that make an interval."""
        levels = [level for level, _ in self.predictions.quantiles]
        return [
            _Interval(low, high, f"coverage_{round(100 * (levels[high] - levels[low]), 6):g}")
            for low in range(len(levels))
            for high in range(low + 1, len(levels))
            if math.isclose(levels[low] + levels[high], 1)
        ]

    @property
    def losses(self) -> dict[str, str]:
        """Twice the quantile loss of a row by SQL, by the level's own name."""
        return {
            f"{level:g}": f"2 * IF(truth >= q{place}, {level!r}D * (truth - q{place}), "
            f"{1 - level!r}D * (q{place} - truth))"
            for place, (level, _) in enumerate(self.predictions.quantiles)
        }

    def wanted(self, table: Table) -> list[Wanted]:
        wanted = [ground_truth(table, self.predictions.ground_truth, is_number=True)]
        if self.predictions.inference is not None:
            wanted.append(Wanted("answer", "inference_attribute", self.predictions.inference, is_number=True))
        wanted += [
            Wanted(f"q{place}", "quantile_attributes", column, is_number=True)
            for place, (_, column) in enumerate(self.predictions.quantiles)
        ]
        return wanted

    def question(self) -> Question:
        columns = {"size": "abs(truth)", **self._losses_by_place()}
        if self.point is not None:
            columns["relative"] = f"IF(truth = 0, NULL, abs(({self.point} - truth) / truth))"
        for place, interval in enumerate(self.intervals):
            inside = f"truth BETWEEN q{interval.low} AND q{interval.high}"
            columns[f"inside{place}"] = f"CAST({inside} AS DOUBLE)"
        averaged = per_population(columns)
        analyzers = [
            count_if("not_zero", "truth != 0"),
            *map(Mean, averaged),
            *(StandardDeviation(name) for name in columns if name.startswith(("relative", "inside"))),
        ]
        return Question(averaged, analyzers)

    def _losses_by_place(self) -> dict[str, str]:
        return {f"loss{place}": loss for place, loss in enumerate(self.losses.values())}

    def measures(self, metrics: Metrics, suffix: str) -> dict[str, float]:
        """The measures of one population; NaN where all actuals are zero."""

        def mean(name: str) -> float:
            found = metrics.has("Mean", f"{name}{suffix}")
            return finite(metrics.number("Mean", f"{name}{suffix}")) if found else math.nan

        values = {"mape": mean("relative")} if self.point is not None else {}
        losses = {
            f"weighted_quantile_loss_{level}": ratio(mean(f"loss{place}"), mean("size"))
            for place, level in enumerate(self.losses)
        }
        if losses:
            values[MEAN_LOSS] = sum(losses.values()) / len(losses)
        values |= losses
        return values | {
            interval.name: mean(f"inside{place}") for place, interval in enumerate(self.intervals)
        }

    def deviations(self, spark: Spark, answered: Answered, values: Mapping[str, float]) -> dict[str, float]:
        """How much one row moves each measure: see `Measure.of_one_row`."""
        metrics = answered.metrics
        found = {
            interval.name: metrics.number("StandardDeviation", f"inside{place}")
            for place, interval in enumerate(self.intervals)
        }
        if metrics.has("StandardDeviation", "relative"):
            # Only rows whose actual is not zero say anything of it.
            share = answered.count("not_zero") / answered.rows
            found["mape"] = metrics.number("StandardDeviation", "relative") / math.sqrt(share)
        return found | self._deviations_of_losses(spark, answered, values)

    def _deviations_of_losses(
        self, spark: Spark, answered: Answered, values: Mapping[str, float]
    ) -> dict[str, float]:
        """A ratio of two means, both of which move with a row: by (loss - ratio · size) / mean size."""
        size = answered.metrics.number("Mean", "size")
        if not size or not self.losses:
            return {}
        by_name = {
            f"weighted_quantile_loss_{level}": f"loss{place}" for place, level in enumerate(self.losses)
        }
        by_name[MEAN_LOSS] = f"({' + '.join(by_name.values())}) / {len(by_name)}"
        names = list(by_name)
        influences = [
            f"{by_name[name]} - {values[name]!r}D * size AS influence{place}"
            for place, name in enumerate(names)
        ]
        analyzers = [StandardDeviation(f"influence{place}") for place in range(len(names))]
        found = run(spark, spark.select(answered.frame, influences), analyzers)
        return {
            name: found.number("StandardDeviation", f"influence{place}") / size
            for place, name in enumerate(names)
        }
