"""Windows at the end of the series: which days they are, what a model may see, who takes part."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from smcontract.failure import ContractError
from tests.demand import CONTEXT, DAYS, HORIZON, START, panel_series
from train_deepar.backtest import backtest
from train_deepar.forecaster import Forecaster
from train_deepar.series import Series

# As a test part is: up to a horizon beyond the model's history, features as well.
TESTED = panel_series(DAYS + HORIZON)
END = START.toordinal() + DAYS + HORIZON


def cut(series: Series, first: int, last: int) -> Series:
    """Its days from `first` up to `last`, both places."""
    return replace(
        series,
        start=date.fromordinal(series.start.toordinal() + first),
        target=series.target[first:last],
        dynamic_feat=series.dynamic_feat[:, first:last],
    )


def test_the_kth_window_ends_k_horizons_before_the_last_day(deepar: Forecaster) -> None:
    windows = backtest(deepar, TESTED, 3, num_samples=5, seed=0)

    assert [(window.first, window.last) for window in windows] == [
        (END - 7, END - 1),
        (END - 14, END - 8),
        (END - 21, END - 15),
    ]
    for number, window in enumerate(windows):
        end = DAYS + HORIZON - 7 * number
        np.testing.assert_array_equal(window.model.actual[2], TESTED[2].target[end - 7 : end])
        np.testing.assert_array_equal(window.reference.actual, window.model.actual)


def test_windows_that_the_model_was_fitted_on_say_so(deepar: Forecaster) -> None:
    # Fitted again with the validation part, which ends a horizon before the test part.
    assert deepar.trained_until.toordinal() == END - 8

    windows = backtest(deepar, TESTED, 2, num_samples=5, seed=0)

    assert [window.in_training for window in windows] == [False, True]


def test_a_model_sees_no_day_of_the_window_but_what_is_known_ahead(deepar: Forecaster) -> None:
    changed = [replace(each, target=each.target.copy()) for each in TESTED]
    for each in changed:
        each.target[-HORIZON:] += 1000
    priced = [replace(each, dynamic_feat=each.dynamic_feat.copy()) for each in TESTED]
    for each in priced:
        each.dynamic_feat[0, -HORIZON:] *= 0.5

    seen, other, cheap = (
        backtest(deepar, tested, 1, num_samples=20, seed=0)[0] for tested in (TESTED, changed, priced)
    )

    np.testing.assert_array_equal(seen.model.mean, other.model.mean)
    np.testing.assert_array_equal(seen.model.seasonal_errors, other.model.seasonal_errors)
    np.testing.assert_array_equal(seen.reference.mean, other.reference.mean)
    assert (seen.model.mean != cheap.model.mean).any()


def test_forecasts_are_those_that_serving_gives(deepar: Forecaster) -> None:
    (window,) = backtest(deepar, TESTED, 1, num_samples=30, seed=4)

    held = [replace(deepar.history[str(each.item_id)], dynamic_feat=each.dynamic_feat) for each in TESTED]
    samples = deepar.sample(held, HORIZON, 30, 4)
    np.testing.assert_array_equal(window.model.mean, samples.mean(axis=1))


def test_a_series_that_is_too_short_is_left_out_and_counted(deepar: Forecaster) -> None:
    late = cut(TESTED[0], DAYS + HORIZON - CONTEXT - 7, DAYS + HORIZON)
    later = cut(TESTED[1], DAYS + HORIZON - CONTEXT - 6, DAYS + HORIZON)
    ended = cut(TESTED[2], 0, DAYS + HORIZON - 1)
    silent = replace(TESTED[3], target=TESTED[3].target.copy())
    silent.target[DAYS - CONTEXT : DAYS] = np.nan

    (window,) = backtest(deepar, [late, later, ended, silent, TESTED[4]], 1, num_samples=5, seed=0)

    assert [series.item_id for series in window.series] == [TESTED[0].item_id, TESTED[4].item_id]
    assert window.left_out == 3


def test_a_window_that_no_series_is_long_enough_for_is_refused(deepar: Forecaster) -> None:
    # 127 days are 14 windows of 7 behind 28; the 15th would begin on the 22nd day.
    assert len(backtest(deepar, TESTED, 14, num_samples=2, seed=0)) == 14
    with pytest.raises(ContractError, match="No series has 28 days before 2025-01-28 and 7 from then on"):
        backtest(deepar, TESTED, 15, num_samples=2, seed=0)
