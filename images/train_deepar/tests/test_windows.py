from dataclasses import replace

import numpy as np
from tests.demand import PANEL, panel_series
from train_deepar.covariates import fit_scaling
from train_deepar.windows import Prepared, Shape, batch, drawn_windows, filled, last_windows, prepare

SHAPE = Shape(past=20, future=7)


def prepared() -> list[Prepared]:
    found = panel_series(60)
    return [prepare(each, PANEL, fit_scaling(found, PANEL)) for each in found]


def test_a_missing_day_is_held_by_its_weekday_before_and_else_by_the_mean() -> None:
    target = np.array([np.nan, 2, 3, 4, 5, 6, 7, 8, np.nan])

    # Day 8 is the weekday of day 1; day 0 has none before it, and the mean of 2 … 8 is 5.
    assert filled(target).tolist() == [5, 2, 3, 4, 5, 6, 7, 8, 2]


def test_a_window_is_the_days_before_and_after_its_start() -> None:
    series = prepared()[0]

    inputs = batch([(series, 40)], SHAPE)

    assert np.array_equal(inputs["past_target"][0].numpy(), series.target[20:40])
    assert np.array_equal(inputs["future_target"][0].numpy(), series.target[40:47])
    assert np.array_equal(inputs["past_time_feat"][0].numpy().T, series.covariates[:, 20:40])
    assert np.array_equal(inputs["future_observed_values"][0].numpy(), series.observed[40:47])
    assert inputs["feat_static_cat"].tolist() == [[0, 0]]


def test_what_lies_before_a_series_is_unobserved_and_so_is_a_future_that_is_not_known() -> None:
    series = prepared()[0]

    early, late = batch([(series, 5)], SHAPE), batch([(series, 60)], SHAPE)

    assert early["past_observed_values"][0, :15].tolist() == [0] * 15
    assert np.array_equal(early["past_target"][0, 15:].numpy(), series.target[:5])
    assert late["future_observed_values"].sum() == 0
    # What is known ahead is told for those days all the same.
    assert np.array_equal(late["future_time_feat"][0].numpy().T, series.covariates[:, 60:67])


def test_the_calendar_goes_on_where_a_panel_has_no_other_features() -> None:
    panel = replace(PANEL, dynamic_feat=())
    found = [replace(each, dynamic_feat=np.empty((0, 60))) for each in panel_series(60)]
    ahead = prepare(found[0], panel, fit_scaling(found, panel), days_ahead=7)

    future = batch([(ahead, 60)], SHAPE)["future_time_feat"][0]

    # One weekday a day.
    assert future[:, :7].sum(dim=1).tolist() == [1] * 7


def test_drawn_windows_have_enough_days_before_and_the_whole_horizon_after() -> None:
    series = prepared()

    starts = [start for _, start in drawn_windows(series, SHAPE, 28, 2_000, np.random.default_rng(0))]

    assert (min(starts), max(starts)) == (28, 60 - 7)
    assert {start for _, start in last_windows(series, SHAPE)} == {53}
