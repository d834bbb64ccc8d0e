import numpy as np
import pytest
import torch
from scipy import stats
from train_deepar.noise import Noise, draw_noise, gamma, negative_binomial, poisson, student_t

DRAWS = 20_000


@pytest.fixture(scope="module")
def noise() -> Noise:
    return draw_noise(["a"], 1, DRAWS, seed=1).step(0)


def distance(drawn: torch.Tensor, cdf: object) -> float:
    """Kolmogorov and Smirnov's; 0.0115 is its 1 % level for 20,000 draws (1.63 / sqrt(n))."""
    return float(stats.kstest(drawn.double().numpy().ravel(), cdf).statistic)


@pytest.mark.parametrize("shape", [0.2, 0.9, 1.0, 3.5, 80.0])
def test_gammas_are_distributed_as_scipys(noise: Noise, shape: float) -> None:
    assert distance(gamma(torch.full((1, DRAWS), shape), noise), stats.gamma(shape).cdf) < 0.0115


@pytest.mark.parametrize("rate", [0.1, 3.0, 14.9, 15.1, 400.0])
def test_poisson_counts_are_scipys_quantiles(noise: Noise, rate: float) -> None:
    drawn = poisson(torch.full((1, DRAWS), rate), noise.count).numpy().ravel()

    expected = stats.poisson(rate).ppf(stats.norm.cdf(noise.count.double().numpy().ravel()))
    assert (drawn != expected).mean() < 0.01
    assert np.abs(drawn - expected).max() <= 1


def test_negative_binomial_counts_have_torchs_mean_and_variance(noise: Noise) -> None:
    count, logits = torch.full((1, DRAWS), 4.0), torch.full((1, DRAWS), 1.2)
    expected = torch.distributions.NegativeBinomial(4.0, logits=torch.tensor(1.2))

    drawn = negative_binomial(count, logits, noise)

    # Four standard errors of the mean; the variance's own is about twice as wide.
    assert float(drawn.mean()) == pytest.approx(
        float(expected.mean), abs=4 * float(expected.variance / DRAWS) ** 0.5
    )
    assert float(drawn.var()) == pytest.approx(float(expected.variance), rel=0.06)


def test_students_t_is_scipys(noise: Noise) -> None:
    assert distance(student_t(torch.full((1, DRAWS), 5.0), noise), stats.t(5).cdf) < 0.0115


def test_a_series_noise_is_its_own_whatever_stands_beside_it_and_however_far_it_goes() -> None:
    alone = draw_noise(["b"], 14, 50, seed=3)
    beside = draw_noise(["a", "b"], 30, 50, seed=3)

    for mine, theirs in zip(
        (alone.normals, alone.uniforms, alone.count, alone.boost),
        (beside.normals, beside.uniforms, beside.count, beside.boost),
        strict=True,
    ):
        assert torch.equal(mine[:, 0], theirs[:14, 1])
    assert not torch.equal(beside.count[:, 0], beside.count[:, 1])
    assert not torch.equal(draw_noise(["b"], 14, 50, seed=4).count, alone.count)


def test_a_larger_mean_never_means_a_smaller_count(noise: Noise) -> None:
    """So that what differs between two questions is their prices' effect and no chance."""
    count, logits = torch.full((1, DRAWS), 4.0), torch.full((1, DRAWS), 1.2)

    more = negative_binomial(count, logits + 0.2, noise) - negative_binomial(count, logits, noise)

    assert more.min() >= 0
    assert more.mean() > 0
