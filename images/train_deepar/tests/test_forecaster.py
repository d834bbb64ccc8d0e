from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.demand import DAYS, HORIZON, PANEL, panel_series
from train_deepar.calibration import Calibration
from train_deepar.forecaster import Forecaster
from train_deepar.naive import seasonal_naive


def test_the_same_seed_gives_the_same_bits_and_another_does_not(deepar: Forecaster) -> None:
    found = panel_series()

    first, again, other = (deepar.sample(found, HORIZON, 40, seed) for seed in (1, 1, 2))

    assert first.shape == (len(found), 40, HORIZON)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_stands_beside_a_series_changes_no_more_than_rounding(deepar: Forecaster) -> None:
    found = panel_series()

    together = deepar.raw_samples(found, HORIZON, 40, 1)
    alone = np.concatenate([deepar.raw_samples([each], HORIZON, 40, 1) for each in found])

    # Samples are counts: where rounding lies between two of them, one differs by one.
    assert (together != alone).mean() < 0.01


def test_a_price_of_the_horizon_changes_its_own_series_from_its_day_on(deepar: Forecaster) -> None:
    found = panel_series()
    dear = found[1].dynamic_feat.copy()
    dear[0, DAYS + 3] *= 4
    asked = [found[0], replace(found[1], dynamic_feat=dear), found[2]]

    before, after = (deepar.sample(series, HORIZON, 40, 1) for series in (found[:3], asked))

    assert np.array_equal(before[[0, 2]], after[[0, 2]])
    assert np.array_equal(before[1, :, :3], after[1, :, :3])
    assert not np.array_equal(before[1, :, 3], after[1, :, 3])


def test_samples_are_calibrated_and_never_below_the_targets_minimum(deepar: Forecaster) -> None:
    found = panel_series()
    wide = replace(deepar, calibration=Calibration(below=3.0, above=1.0))

    raw = deepar.raw_samples(found, HORIZON, 40, 1)
    sampled = wide.sample(found, HORIZON, 40, 1)

    assert np.array_equal(sampled, Calibration(3.0, 1.0).apply(raw, 0.0, None))
    assert sampled.min() == 0


def test_a_horizon_that_was_not_learnt_and_features_that_do_not_cover_it_are_refused(
    deepar: Forecaster,
) -> None:
    found = panel_series()
    short = [replace(each, dynamic_feat=each.dynamic_feat[:, : DAYS + 2]) for each in found]

    with pytest.raises(ValueError, match="8 days asked for, the model forecasts 1 to 7"):
        deepar.sample(found, HORIZON + 1, 10, 0)
    with pytest.raises(ValueError, match="series 12_409: the dynamic features end before 2025-05-08"):
        deepar.sample(short, 3, 10, 0)


def test_each_network_of_the_ensemble_draws_its_share(deepar: Forecaster) -> None:
    found = panel_series()[:1]
    shares = np.array_split(np.arange(10), len(deepar.networks))

    whole = deepar.raw_samples(found, HORIZON, 10, 1)

    assert len(deepar.networks) > 1
    first = replace(deepar, networks=deepar.networks[:1]).raw_samples(found, HORIZON, 10, 1)
    assert np.array_equal(whole[:, : len(shares[0])], first[:, : len(shares[0])])
    assert not np.array_equal(whole[:, len(shares[0]) :], first[:, len(shares[0]) :])


def test_a_category_that_no_series_had_is_as_the_others_are_on_average(deepar: Forecaster) -> None:
    found = panel_series()[0]
    new = replace(found, cat=(PANEL.cat[0].untrained, found.cat[1]))

    samples = deepar.sample([new], HORIZON, 200, 0)

    assert samples.shape == (1, 200, HORIZON)
    for network in deepar.networks:
        assert isinstance(network, torch.nn.Module)
        weights = [each.weight for each in network.modules() if isinstance(each, torch.nn.Embedding)]
        assert [len(each) for each in weights] == [len(category.values) + 1 for category in PANEL.cat]
        for each in weights:
            torch.testing.assert_close(each[-1], each[:-1].mean(0))


def test_seasonal_naive_draws_the_references_own_quantiles(naive: Forecaster) -> None:
    series = panel_series()[0]
    levels = [(number + 0.5) / 20 for number in range(20)]
    expected = seasonal_naive(series.target, HORIZON, levels, 0.0)

    drawn = naive.sample([series], HORIZON, 20, 1)[0]

    assert np.sort(drawn, axis=0) == pytest.approx(np.stack([expected.quantiles[each] for each in levels]))
    assert not np.array_equal(np.argsort(drawn[:, 0]), np.argsort(drawn[:, 1]))
