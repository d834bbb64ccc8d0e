from dataclasses import replace

import numpy as np
import pytest
from smcontract.failure import ContractError
from tests.demand import HORIZON, panel_series
from train_deepar.checks import check_needs, check_series
from train_deepar.hyperparameters import Hyperparameters
from train_deepar.series import Floats, Series

ASKED = Hyperparameters(context_length=28)
COUNTS = "negative-binomial"


def refusal(found: list[Series], likelihood: str = COUNTS) -> str:
    with pytest.raises(ContractError) as failure:
        check_series(found, "train", ASKED, HORIZON, likelihood)
    return str(failure.value)


def with_target(series: Series, target: Floats) -> Series:
    return replace(series, target=target)


def test_series_that_can_be_learnt_from_pass() -> None:
    check_series(panel_series(60), "train", ASKED, HORIZON, COUNTS)


def test_series_shorter_than_a_window_are_named_with_the_way_out() -> None:
    found = panel_series(60)
    found[1] = found[1].until(34)

    assert refusal(found) == (
        "Channel 'train': series 12_410 has 34 days: a window has context_length 28 + prediction_length 7 = "
        "35 days; lower context_length, or leave them out."
    )


@pytest.mark.parametrize(("value", "shown"), [(-3.0, "-3"), (2.5, "2.5")])
def test_quantities_that_cannot_be_counted_are_named_by_series_and_day(value: float, shown: str) -> None:
    found = panel_series(60)
    found[0].target[4] = value

    assert f"series 12_409 has {shown} on 2025-01-10: likelihood=negative-binomial counts 0" in refusal(found)
    check_series(found, "train", ASKED, HORIZON, "student-t")


def test_series_without_demand_or_without_a_known_day_are_named() -> None:
    found = panel_series(60)
    found[0] = with_target(found[0], np.zeros(60))
    found[1] = with_target(found[1], np.full(60, np.nan))

    told = refusal(found)

    assert (
        "series 12_409 is zero on all 60 known days, series 12_410 has no known day: leave them out" in told
    )


def test_of_many_series_the_first_three_are_named_and_the_rest_counted() -> None:
    assert "12_409 has 20 days, series 12_410 has 20 days, series 12_503 has 20 days and 3 more:" in refusal(
        panel_series(20)
    )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Hyperparameters(), "calibrate=true and refit=true need the channel 'validation'"),
        (Hyperparameters(refit=False), "calibrate=true needs the channel 'validation'"),
    ],
)
def test_what_needs_a_validation_part_says_so(asked: Hyperparameters, told: str) -> None:
    with pytest.raises(ContractError, match=told):
        check_needs(asked, has_validation=False)

    check_needs(asked, has_validation=True)
    check_needs(Hyperparameters(refit=False, calibrate=False), has_validation=False)
    check_needs(Hyperparameters(estimator="seasonal-naive"), has_validation=False)
