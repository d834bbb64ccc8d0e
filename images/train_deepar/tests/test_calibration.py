import numpy as np
import pytest
from train_deepar.calibration import Calibration, calibrate, mean_weighted_quantile_loss

LEVELS = tuple(number / 10 for number in range(1, 10))


def normal_samples(deviation: float, series: int = 300, days: int = 30) -> np.ndarray:
    """Samples [series, 400, days] around 100."""
    return 100 + deviation * np.random.default_rng(0).standard_normal((series, 400, days))


def actual(deviation: float, series: int = 300, days: int = 30) -> np.ndarray:
    return 100 + deviation * np.random.default_rng(1).standard_normal((series, days))


@pytest.mark.parametrize(
    ("deviation", "factor"), [(1.44, 1.2), (0.81, 0.9), (1.0, 1.0), (4.0, 1.3), (0.1, 0.8)]
)
def test_samples_move_half_of_the_way_to_what_the_window_says_and_not_far(
    deviation: float, factor: float
) -> None:
    """A window 1.44 times as wide as the samples asks for that factor; its square root is taken."""
    found = calibrate(normal_samples(1.0), actual(deviation))

    assert (found.below, found.above) == pytest.approx((factor, factor), rel=0.04)


def test_each_tail_has_a_factor_of_its_own() -> None:
    skewed = actual(1.0)
    skewed[skewed > 100] = 100 + 1.5 * (skewed[skewed > 100] - 100)

    found = calibrate(normal_samples(1.0), skewed)

    assert found.above == pytest.approx(1.5**0.5, rel=0.04)
    assert found.below == pytest.approx(1.0, rel=0.04)


def test_missing_days_say_nothing_about_the_spread() -> None:
    known = actual(1.44)
    with_gaps = np.concatenate([known, np.full_like(known, np.nan)])

    assert calibrate(np.tile(normal_samples(1.0), (2, 1, 1)), with_gaps) == calibrate(
        normal_samples(1.0), known
    )


def test_samples_are_moved_from_their_median_and_end_at_the_targets_bounds() -> None:
    samples = np.array([[[1.0], [5.0], [10.0]]])

    moved = Calibration(below=1.25, above=2.0).apply(samples, minimum=0.5, maximum=None)

    assert moved.ravel().tolist() == [0.5, 5.0, 15.0]
    assert Calibration().apply(samples, None, 6.0).ravel().tolist() == [1, 5, 6]


def test_the_quantile_loss_is_the_one_that_is_worked_out_by_hand() -> None:
    """Both quantiles are 8 and 10, 12 and 11 are true: 2 * (0.5 * 4 + 0.5 * 1) / 23 at 0.5."""
    samples = np.tile(np.array([8.0, 10.0]), (1, 5, 1))

    loss = mean_weighted_quantile_loss(samples, np.array([[12.0, 11.0]]), (0.5,))

    assert loss == pytest.approx(2 * (0.5 * 4 + 0.5 * 1) / 23)
    assert np.isnan(mean_weighted_quantile_loss(samples, np.array([[np.nan, np.nan]]), LEVELS))
