"""The measures are plain NumPy's, written another way, and those of GluonTS's own Evaluator."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from gluonts.evaluation import Evaluator
from gluonts.model.forecast import SampleForecast
from train_deepar.metrics import LEVELS, NEEDED_LEVELS, Forecasts, measures, seasonal_error
from train_deepar.samples import Samples

Numbers = npt.NDArray[np.float64]

SERIES, PAST, DAYS, DRAWN = 5, 60, 9, 80
FIRST = pd.Period("2025-01-01", "D")


def drawn(zeros: bool = False) -> tuple[Numbers, Numbers]:
    """Series [series, past and horizon] with gaps, and samples [series, samples, days]."""
    random = np.random.default_rng(11)
    level = random.uniform(4, 40, size=(SERIES, 1))
    whole = random.poisson(level, size=(SERIES, PAST + DAYS)).astype(float) + (0.0 if zeros else 1.0)
    whole[random.random(whole.shape) < 0.05] = np.nan
    if zeros:
        whole[0, -3] = whole[1, -1] = 0.0
    samples = random.gamma(4, level[:, :, np.newaxis] / 4, size=(SERIES, DRAWN, DAYS))
    if zeros:
        samples[0, :, -3] = 0.0
    return whole, samples


def forecasts(whole: Numbers, samples: Numbers) -> Forecasts:
    summary = Samples(samples)
    return Forecasts(
        whole[:, PAST:],
        summary.mean,
        {level: summary.quantile(level) for level in NEEDED_LEVELS},
        np.array([seasonal_error(each[:PAST]) for each in whole]),
    )


def gluonts_measures(whole: Numbers, samples: Numbers) -> Mapping[str, float]:
    index = pd.period_range(FIRST, periods=PAST + DAYS, freq="D")
    evaluator = Evaluator(quantiles=LEVELS, seasonality=7, num_workers=0)
    aggregated, _ = evaluator(
        [pd.Series(each, index=index) for each in whole],
        [SampleForecast(each, FIRST + PAST) for each in samples],
    )
    found: Mapping[str, float] = aggregated
    return found


@pytest.mark.parametrize("zeros", [False, True])
def test_measures_that_gluonts_has_are_gluonts_own(zeros: bool) -> None:
    whole, samples = drawn(zeros)
    theirs = gluonts_measures(whole, samples)
    names = {
        "mse": "MSE",
        "rmse": "RMSE",
        "absolute_error": "abs_error",
        "mape": "MAPE",
        "smape": "sMAPE",
        "mase": "MASE",
        "mean_weighted_quantile_loss": "mean_wQuantileLoss",
        **{f"weighted_quantile_loss_{level:g}": f"wQuantileLoss[{level}]" for level in LEVELS},
    }

    ours = measures(forecasts(whole, samples))

    assert {name: ours[name] for name in names} == {
        name: pytest.approx(theirs[other], abs=1e-9) for name, other in names.items()
    }


def test_measures_are_those_of_plain_loops_over_days() -> None:
    whole, samples = drawn(zeros=True)
    quantile = {q: np.sort(samples, axis=1)[:, round((DRAWN - 1) * q)] for q in NEEDED_LEVELS}
    rows: list[dict[str, float]] = []
    inside: dict[int, list[bool]] = {80: [], 95: []}
    loss, size = dict.fromkeys(LEVELS, 0.0), 0.0
    for each in range(SERIES):
        past, errors, squares, relative = whole[each, :PAST], [], [], []
        changes = [abs(b - a) for a, b in zip(past[:-7], past[7:], strict=True) if not math.isnan(a + b)]
        for day in range(DAYS):
            actual = whole[each, PAST + day]
            if math.isnan(actual):
                continue
            errors.append(abs(actual - quantile[0.5][each, day]))
            squares.append((actual - samples[each, :, day].mean()) ** 2)
            if actual:
                relative.append(errors[-1] / actual)
            size += actual
            for q in LEVELS:
                error = actual - quantile[q][each, day]
                loss[q] += 2 * (q * error if error > 0 else (q - 1) * error)
            for percent, low, high in ((80, 0.1, 0.9), (95, 0.025, 0.975)):
                inside[percent].append(quantile[low][each, day] <= actual <= quantile[high][each, day])
        rows.append(
            {
                "mse": sum(squares) / len(squares),
                "mean_absolute_error": sum(errors) / len(errors),
                "mape": sum(relative) / len(relative),
                "mase": sum(errors) / len(errors) / (sum(changes) / len(changes)),
            }
        )

    ours = measures(forecasts(whole, samples))

    for name in rows[0]:
        assert ours[name] == pytest.approx(sum(row[name] for row in rows) / SERIES, abs=1e-9), name
    for percent, found in inside.items():
        assert ours[f"coverage_{percent}"] == pytest.approx(sum(found) / len(found), abs=1e-12)
    for q in LEVELS:
        assert ours[f"weighted_quantile_loss_{q:g}"] == pytest.approx(loss[q] / size, abs=1e-9)


def test_a_day_that_is_missing_changes_nothing() -> None:
    whole, samples = drawn()
    whole[:, -1] = np.nan

    without = measures(forecasts(whole[:, :-1], samples[:, :, :-1]))

    assert measures(forecasts(whole, samples)) == pytest.approx(without, rel=1e-12)


def test_a_series_without_a_known_day_is_left_out_of_means() -> None:
    whole, samples = drawn()
    whole[2, PAST:] = np.nan
    others = [0, 1, 3, 4]

    assert measures(forecasts(whole, samples)) == pytest.approx(
        measures(forecasts(whole[others], samples[others]))
    )


def test_where_nothing_is_known_no_measure_says_anything() -> None:
    whole, samples = drawn()
    whole[:, PAST:] = np.nan

    found = measures(forecasts(whole, samples))

    assert found.pop("absolute_error") == 0
    assert all(math.isnan(value) for value in found.values()), found


def test_a_history_that_never_changes_scales_nothing() -> None:
    whole, samples = drawn()
    whole[1, :PAST] = 6.0

    rows = [measures(forecasts(whole[[row]], samples[[row]]))["mase"] for row in range(SERIES)]

    assert math.isnan(rows[1])
    assert measures(forecasts(whole, samples))["mase"] == pytest.approx(np.nanmean(rows))


def test_a_history_of_a_week_is_taken_from_day_to_day() -> None:
    assert seasonal_error(np.array([1.0, 3.0, np.nan, 4.0, 7.0])) == 2.5
    assert math.isnan(seasonal_error(np.array([1.0])))
