import pytest
import torch
from tests.demand import PANEL, panel_series
from train_deepar.covariates import fit_scaling
from train_deepar.hyperparameters import Hyperparameters
from train_deepar.networks import Architecture, build, design
from train_deepar.noise import draw_noise
from train_deepar.windows import Batch, batch, prepare

HORIZON = 7
DAYS = 100


def architecture(**asked: object) -> Architecture:
    given: dict[str, object] = {"context_length": 28, "num_cells": 8, "dropout_rate": 0.0, **asked}
    hyperparameters = Hyperparameters(**given)  # type: ignore[arg-type]
    return design(hyperparameters, PANEL, fit_scaling(panel_series(DAYS), PANEL), HORIZON)


def windows(of: Architecture, count: int = 3, start: int = 80) -> Batch:
    found = panel_series(DAYS)
    scaling = fit_scaling(found, PANEL)
    return batch([(prepare(each, PANEL, scaling), start) for each in found[:count]], of.shape)


@pytest.mark.parametrize("likelihood", ["student-t", "negative-binomial"])
def test_samples_are_drawn_from_the_distributions_that_gluonts_gives(likelihood: str) -> None:
    """Each day's distribution, given the days drawn before it, is what GluonTS's own network says of them."""
    of = architecture(likelihood=likelihood)
    torch.manual_seed(0)
    network = build(of).eval()
    inputs = windows(of, count=1)
    noise = draw_noise(["a"], HORIZON, 1, seed=5)
    seen = []
    inner = network.drawn_values

    def recorded(parameters, scale, step):  # type: ignore[no-untyped-def]
        seen.append([each.clone() for each in parameters])
        return inner(parameters, scale, step)

    network.drawn_values = recorded
    with torch.no_grad():
        drawn = network.sample(inputs, noise, HORIZON)
        names = (
            "feat_static_cat",
            "feat_static_real",
            "past_time_feat",
            "past_target",
            "past_observed_values",
        )
        expected, *_ = network.model.unroll_lagged_rnn(
            *(inputs[name] for name in names), inputs["future_time_feat"], drawn[:, 0]
        )

    for day in range(HORIZON):
        for mine, theirs in zip(seen[day], expected, strict=True):
            assert mine.ravel() == pytest.approx(theirs[:, -HORIZON + day].ravel(), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("estimator", ["deepar", "tft"])
def test_a_missing_day_of_the_horizon_is_no_part_of_the_loss(estimator: str) -> None:
    of = architecture(estimator=estimator)
    torch.manual_seed(0)
    network = build(of).eval()
    inputs = windows(of)
    before = network.loss(inputs, future_only=True)

    inputs["future_observed_values"][0, 6] = 0
    inputs["future_target"][0, 6] = 10_000

    after = network.loss(inputs, future_only=True)
    assert torch.isfinite(after).all()
    assert after[0] < before[0] + 5
    assert torch.equal(after[1:], before[1:])


@pytest.mark.parametrize("estimator", ["deepar", "tft"])
def test_a_shorter_horizons_samples_are_the_first_days_of_a_longer_ones(estimator: str) -> None:
    of = architecture(estimator=estimator)
    torch.manual_seed(0)
    network = build(of).eval()
    noise = draw_noise(["a", "b", "c"], HORIZON, 20, seed=5)

    with torch.no_grad():
        whole, part = (network.sample(windows(of), noise, days) for days in (HORIZON, 3))

    assert whole.shape == (3, 20, HORIZON)
    assert torch.equal(part, whole[:, :, :3])


def test_a_silent_context_gives_finite_inputs() -> None:
    of = architecture(likelihood="negative-binomial")
    torch.manual_seed(0)
    network = build(of).eval()
    inputs = windows(of)
    inputs["past_target"].zero_()

    with torch.no_grad():
        drawn = network.sample(inputs, draw_noise(["a", "b", "c"], HORIZON, 20, seed=5), HORIZON)

    assert torch.isfinite(drawn).all()
    assert torch.isfinite(network.loss(inputs, future_only=False)).all()


def test_counts_from_0_on_are_forecast_as_counts_unless_asked_otherwise() -> None:
    assert architecture().likelihood == "negative-binomial"
    assert architecture(likelihood="student-t").likelihood == "student-t"


def test_an_architecture_that_was_written_builds_the_same_network() -> None:
    of = architecture()

    again = Architecture.from_document(of.as_document())

    assert again == of
    assert list(build(again).state_dict()) == list(build(of).state_dict())
