"""Chance for samples: drawn apart for each series, turned into demand by whatever the network says.

The noise of a series depends on the seed and on its key alone, and each number that a network's
distribution needs comes from the same noise however its parameters change. So the samples of a series
do not depend on the series beside it, and two requests that differ in a price differ in its effect alone.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

# Marsaglia and Tsang accept a proposal with a probability above 0.95; after four the last is taken.
_PROPOSALS = 4
# From this mean on a Poisson quantile comes from its Cornish-Fisher expansion, right to a thousandth.
_EXPANSION_FROM = 15.0
_COUNTS = torch.arange(50.0)
_LOG_FACTORIALS = torch.lgamma(_COUNTS + 1)
# So many tables are made sooner than those that need one are found.
_TABLES_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Noise:
    """Independent noise for each sample of one step [series, samples], or of all [steps, series, samples].

    `normals` and `uniforms` have a last axis of proposals more; `count` is normal, `boost` uniform.
    """

    normals: torch.Tensor
    uniforms: torch.Tensor
    count: torch.Tensor
    boost: torch.Tensor

    def split(self, sizes: Sequence[int]) -> "list[Noise]":
        """The noise of all steps, of so many samples each."""
        parts = (
            each.split(list(sizes), dim=2) for each in (self.normals, self.uniforms, self.count, self.boost)
        )
        return [Noise(*part) for part in zip(*parts, strict=True)]

    def step(self, number: int) -> "Noise":
        """The noise of one step."""
        return Noise(self.normals[number], self.uniforms[number], self.count[number], self.boost[number])


def draw_noise(keys: Sequence[str], steps: int, samples: int, seed: int) -> Noise:
    """The noise of every step, series and sample; a longer horizon's begins with a shorter one's."""
    normals = np.empty((steps, len(keys), samples, _PROPOSALS + 1), dtype=np.float32)
    uniforms = np.empty_like(normals)
    for position, key in enumerate(keys):
        streams = np.random.SeedSequence([seed, zlib.crc32(key.encode())]).spawn(2)
        shape = (steps, samples, _PROPOSALS + 1)
        normals[:, position] = np.random.default_rng(streams[0]).standard_normal(shape, dtype=np.float32)
        uniforms[:, position] = np.random.default_rng(streams[1]).random(shape, dtype=np.float32)
    drawn, even = torch.from_numpy(normals), torch.from_numpy(uniforms)
    return Noise(drawn[..., :-1], even[..., :-1], drawn[..., -1], even[..., -1])


def gamma(shape: torch.Tensor, noise: Noise) -> torch.Tensor:
    """Gamma variates with `shape` > 0 and scale 1 (Marsaglia and Tsang, 2000)."""
    # Below one: gamma(a) = gamma(a + 1) * u ** (1 / a).
    small = shape < 1
    raised = torch.where(small, shape + 1, shape)
    d = (raised - 1 / 3).unsqueeze(-1)
    v = (1 + noise.normals / (9 * d).sqrt()) ** 3
    squared = noise.normals.square()
    accepted = (v > 0) & (
        noise.uniforms.clamp_min(1e-30).log() < 0.5 * squared + d - d * v + d * v.clamp_min(1e-30).log()
    )
    accepted[..., -1] = True
    first = accepted.to(torch.uint8).argmax(dim=-1, keepdim=True)
    drawn = (d * v.clamp_min(1e-6)).gather(-1, first).squeeze(-1)
    boost = noise.boost.clamp_min(1e-30).log() / torch.where(small, shape.clamp_min(1e-6), 1.0)
    return torch.where(small, drawn * boost.exp(), drawn)


def poisson(rate: torch.Tensor, normal: torch.Tensor) -> torch.Tensor:
    """The Poisson quantiles of `rate` at the levels of the standard normals."""
    expanded = rate.clamp_min(_EXPANSION_FROM)
    root = expanded.sqrt()
    corrected = expanded + root * normal + (normal.square() - 1) / 6 + (normal - normal**3) / (72 * root)
    large = corrected.round().clamp_min(0)
    few = rate < _EXPANSION_FROM
    if rate.numel() <= _TABLES_AT_ONCE:
        return torch.where(few, _small_poisson(rate.clamp_max(_EXPANSION_FROM), normal), large)
    if few.any():
        large[few] = _small_poisson(rate[few], normal[few])
    return large


def _small_poisson(rate: torch.Tensor, normal: torch.Tensor) -> torch.Tensor:
    """The same for rates below _EXPANSION_FROM, from a table of the chances of each count."""
    chances = (
        _COUNTS * rate.clamp_min(1e-30).log().unsqueeze(-1) - rate.unsqueeze(-1) - _LOG_FACTORIALS
    ).exp()
    # Sums of floats end a little below one; a level above them would mean the largest count.
    level = torch.special.ndtr(normal).clamp_max(1 - 1e-5)
    return (level.unsqueeze(-1) > chances.cumsum(dim=-1)).sum(dim=-1).to(rate.dtype)


def negative_binomial(total_count: torch.Tensor, logits: torch.Tensor, noise: Noise) -> torch.Tensor:
    """Negative binomial counts with PyTorch's parameters: mean total_count * exp(logits)."""
    return poisson(gamma(total_count, noise) * logits.exp(), noise.count)


def student_t(degrees: torch.Tensor, noise: Noise) -> torch.Tensor:
    """Standard Student's t variates."""
    return noise.count * (degrees / (2 * gamma(degrees / 2, noise)).clamp_min(1e-6)).sqrt()
