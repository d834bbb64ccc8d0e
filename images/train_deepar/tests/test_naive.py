import math

import numpy as np
import pytest
from train_deepar.naive import seasonal_naive


def test_each_weekday_is_as_it_was_last_time() -> None:
    past = np.arange(1.0, 18.0)

    forecast = seasonal_naive(past, 9, (0.5,), None)

    assert forecast.mean.tolist() == [11, 12, 13, 14, 15, 16, 17, 11, 12]
    np.testing.assert_array_equal(forecast.quantiles[0.5], forecast.mean)


def test_a_weekday_that_is_missing_is_as_it_was_the_time_before() -> None:
    past = np.arange(1.0, 22.0)
    past[[15, 8, 17]] = np.nan

    # Tuesday was missing twice, Thursday once.
    assert seasonal_naive(past, 7, (), None).mean.tolist() == [15, 2, 17, 11, 19, 20, 21]


def test_errors_are_those_of_the_past_and_grow_with_the_weeks_ahead() -> None:
    # From week to week the value goes up or down by 2.
    past = np.concatenate([np.full(7, 10.0), np.full(7, 12.0), np.full(7, 10.0)])

    forecast = seasonal_naive(past, 15, (0.1, 0.9), None)

    # 1.2815515655 is the standard normal's quantile of 0.9 (any table).
    widths = (forecast.quantiles[0.9] - forecast.mean) / 1.2815515655446004
    np.testing.assert_allclose(widths, [2] * 7 + [2 * math.sqrt(2)] * 7 + [2 * math.sqrt(3)])
    np.testing.assert_allclose(forecast.quantiles[0.9] - 10, 10 - forecast.quantiles[0.1])


def test_nothing_is_below_the_least_that_there_can_be() -> None:
    past = np.tile([1.0, 0, 9, 0, 1, 0, 2], 3) + np.repeat([0.0, 4, 0], 7)

    forecast = seasonal_naive(past, 7, (0.1, 0.5), 0.0)

    assert forecast.quantiles[0.1].tolist() == pytest.approx([0, 0, 9 - 4 * 1.2815515655, 0, 0, 0, 0])
    assert forecast.mean.tolist() == [1, 0, 9, 0, 1, 0, 2]


def test_a_short_history_is_carried_on() -> None:
    assert seasonal_naive(np.array([np.nan, 4.0, 6.0]), 8, (), None).mean.tolist() == [6, 6, 6, 6, 6, 4, 6, 6]
