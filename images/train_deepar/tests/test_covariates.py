from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.demand import PANEL, panel_series
from train_deepar.covariates import (
    CALENDAR_WIDTH,
    calendar_inputs,
    dynamic_inputs,
    fit_scaling,
    static_inputs,
)


def test_the_calendar_knows_weekdays_and_comes_round_after_a_year() -> None:
    # 2025-01-06 is a Monday (ISO calendar).
    inputs = calendar_inputs(date(2025, 1, 6), 400)

    assert inputs.shape == (CALENDAR_WIDTH, 400)
    assert inputs[:7, :8].T.tolist() == [*np.eye(7).tolist(), [1, 0, 0, 0, 0, 0, 0]]
    assert inputs[7:11, 365] == pytest.approx(inputs[7:11, 0], abs=0.02)
    assert abs(inputs[7:11, 182] - inputs[7:11, 0]).max() > 1


def test_a_relative_feature_is_the_logarithm_over_the_series_own_median() -> None:
    series = panel_series()[0]
    scaling = fit_scaling([series], PANEL)

    inputs = dynamic_inputs(series, PANEL, scaling)

    usual = np.median(series.dynamic_feat[0, : len(series.target)])
    assert inputs[0] == pytest.approx(np.log(series.dynamic_feat[0] / usual), abs=1e-6)
    assert np.array_equal(inputs[1], series.dynamic_feat[1])


def test_a_price_asked_about_does_not_change_what_the_past_looked_like() -> None:
    series = panel_series()[0]
    scaling = fit_scaling([series], PANEL)
    dear = series.dynamic_feat.copy()
    dear[0, len(series.target) :] *= 3

    before = dynamic_inputs(series, PANEL, scaling)
    after = dynamic_inputs(replace(series, dynamic_feat=dear), PANEL, scaling)

    days = len(series.target)
    assert np.array_equal(before[:, :days], after[:, :days])
    assert after[0, days:] == pytest.approx(before[0, days:] + np.log(3), abs=1e-6)


def test_a_free_day_is_a_number_too() -> None:
    series = panel_series()[0]
    series.dynamic_feat[0, 3] = 0

    assert np.isfinite(dynamic_inputs(series, PANEL, fit_scaling([series], PANEL))).all()


def test_standard_features_and_static_numbers_have_mean_0_and_deviation_1_over_the_training_part() -> None:
    panel = replace(PANEL, dynamic_feat=(replace(PANEL.dynamic_feat[0], scaling="standard"),))
    found = [replace(each, dynamic_feat=each.dynamic_feat[:1]) for each in panel_series(60)]

    scaling = fit_scaling(found, panel)

    inputs = np.stack([dynamic_inputs(each, panel, scaling)[0, :60] for each in found])
    assert (inputs.mean(), inputs.std()) == pytest.approx((0, 1), abs=1e-5)
    static = np.array([static_inputs(each, panel, scaling)[0] for each in found])
    assert (static.mean(), static.std()) == pytest.approx((0, 1), abs=1e-5)


def test_a_number_that_all_series_share_is_no_division_by_zero() -> None:
    found = [replace(each, static_real=(5.0,)) for each in panel_series(60)]

    assert static_inputs(found[0], PANEL, fit_scaling(found, PANEL)).tolist() == [0]
