"""The networks: GluonTS's DeepAR and Temporal Fusion Transformer, trained and sampled in one way."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import torch
from torch import nn

from train_deepar.covariates import CALENDAR_WIDTH, Scaling
from train_deepar.hyperparameters import DEEPAR, NEGATIVE_BINOMIAL, STUDENT_T, TFT, Hyperparameters
from train_deepar.lean_gluonts import (
    DeepARModel,
    MeanScaler,
    NegativeBinomialOutput,
    QuantileOutput,
    StudentTOutput,
    TemporalFusionTransformerModel,
)
from train_deepar.noise import Noise, negative_binomial, student_t
from train_deepar.panel import Panel
from train_deepar.windows import Batch, Shape

# Days before a day that a network sees directly: a week, and the weekdays of four weeks. GluonTS's own go
# back three years, which for most panels is nothing but padding.
_LAGS = (1, 2, 3, 4, 5, 6, 7, 14, 21, 28)
TFT_LEVELS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_TFT_HEADS = 4


@dataclass(frozen=True, slots=True)
class Architecture:
    """Everything that a network is built from; kept with the model, so that its weights find their places."""

    estimator: str
    context_length: int
    prediction_length: int
    cardinality: tuple[int, ...]
    covariates: int
    static_real: int
    num_layers: int
    num_cells: int
    dropout_rate: float
    embedding_dimension: tuple[int, ...]
    likelihood: str
    lags: tuple[int, ...]
    smallest_scale: float

    @property
    def shape(self) -> Shape:
        """The days that a window has."""
        past = self.context_length + (max(self.lags) - 1 if self.estimator == DEEPAR else 0)
        return Shape(past, self.prediction_length)

    def as_document(self) -> dict[str, object]:
        """The architecture, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Any) -> "Architecture":
        """The architecture that `as_document` wrote."""
        values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in document.items()}
        return cls(**values)


class Network(Protocol):
    """A module that learns from windows and draws samples of their future."""

    def loss(self, inputs: Batch, future_only: bool) -> torch.Tensor:
        """The loss of each window [windows], averaged over its observed days."""

    def sample(self, inputs: Batch, noise: Noise, horizon: int) -> torch.Tensor:
        """Samples [windows, samples, horizon] of the first `horizon` days of each window's future."""


def design(
    hyperparameters: Hyperparameters, panel: Panel, scaling: Scaling, prediction_length: int
) -> Architecture:
    """The network for a panel."""
    cardinality = tuple(len(category.values) for category in panel.cat) or (1,)
    dimension = hyperparameters.embedding_dimension
    return Architecture(
        estimator=hyperparameters.estimator,
        context_length=hyperparameters.context_length,
        prediction_length=prediction_length,
        cardinality=cardinality,
        covariates=CALENDAR_WIDTH + len(panel.dynamic_feat),
        static_real=len(panel.static_real) + 1,
        num_layers=hyperparameters.num_layers,
        num_cells=hyperparameters.num_cells,
        dropout_rate=hyperparameters.dropout_rate,
        embedding_dimension=tuple(dimension or min(50, (count + 1) // 2) for count in cardinality),
        likelihood=likelihood_of(hyperparameters, panel),
        lags=_LAGS,
        smallest_scale=max(scaling.level * 0.01, 1e-6),
    )


def likelihood_of(hyperparameters: Hyperparameters, panel: Panel) -> str:
    """The likelihood asked for; without one, that of counts for whole numbers from 0 on."""
    target = panel.target
    counts = target.type == "Integral" and target.minimum is not None and target.minimum >= 0
    return hyperparameters.likelihood or (NEGATIVE_BINOMIAL if counts else STUDENT_T)


def build(architecture: Architecture) -> nn.Module:
    """The untrained network of `architecture`, in PyTorch's current random state."""
    if architecture.estimator == TFT:
        return TftNetwork(architecture)
    return DeepArNetwork(architecture)


def add_untrained(network: nn.Module) -> None:
    """Give each category one more code, `Category.untrained`: the mean of what was learnt of its values."""
    for module in network.modules():
        if isinstance(module, nn.Embedding):
            learnt = module.weight.detach()
            module.weight = nn.Parameter(torch.cat((learnt, learnt.mean(0, keepdim=True))))
            module.num_embeddings += 1


class DeepArNetwork(nn.Module):
    """GluonTS's DeepAR, with samples drawn from noise of their own."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        counts = architecture.likelihood == NEGATIVE_BINOMIAL
        self.model = DeepARModel(
            freq="D",
            context_length=architecture.context_length,
            prediction_length=architecture.prediction_length,
            num_feat_dynamic_real=architecture.covariates,
            num_feat_static_real=architecture.static_real,
            num_feat_static_cat=len(architecture.cardinality),
            cardinality=list(architecture.cardinality),
            embedding_dimension=list(architecture.embedding_dimension),
            num_layers=architecture.num_layers,
            hidden_size=architecture.num_cells,
            # PyTorch warns of a dropout between layers where there is one layer.
            dropout_rate=architecture.dropout_rate if architecture.num_layers > 1 else 0.0,
            distr_output=NegativeBinomialOutput() if counts else StudentTOutput(),
            lags_seq=list(architecture.lags),
        )
        # GluonTS's own least scale, 1e-10, makes of a silent context an input of -23.
        self.model.scaler = MeanScaler(
            dim=-1, keepdim=True, default_scale=1.0, minimum_scale=architecture.smallest_scale
        )

    def forward(self, inputs: Batch, future_only: bool) -> torch.Tensor:
        """The loss of each window: what a wrapper for several hosts calls."""
        return self.loss(inputs, future_only)

    def loss(self, inputs: Batch, future_only: bool) -> torch.Tensor:
        """The loss of each window [windows], averaged over its observed days."""
        values: torch.Tensor = self.model.loss(
            **inputs, future_only=future_only, aggregate_by=lambda each, dim: each.sum(dim)
        )
        observed = inputs["future_observed_values"].sum(dim=1)
        if not future_only:
            context = self.architecture.context_length - 1
            observed = (
                observed + inputs["past_observed_values"][:, -context:].sum(dim=1) if context else observed
            )
        return values / observed.clamp_min(1)

    def sample(self, inputs: Batch, noise: Noise, horizon: int) -> torch.Tensor:
        """Samples [windows, samples, horizon] of the first `horizon` days of each window's future."""
        return draw_together([self], inputs, noise, horizon)

    def drawn_values(
        self, parameters: Sequence[torch.Tensor], scale: torch.Tensor, noise: Noise
    ) -> torch.Tensor:
        """What `noise` makes of one step's parameters, all of them [windows, samples]."""
        if self.architecture.likelihood == NEGATIVE_BINOMIAL:
            total_count, logits = parameters
            return negative_binomial(total_count, logits + scale.log(), noise)
        degrees, location, spread = parameters
        return (location + spread * student_t(degrees, noise)) * scale


class _Drawing:
    """Samples of one network on their way; `parameters` are those of the next step's numbers."""

    def __init__(self, network: DeepArNetwork, inputs: Batch, samples: int, horizon: int) -> None:
        self._model = network.model
        past = [inputs[name] for name in ("past_time_feat", "past_target", "past_observed_values")]
        self._times = inputs["future_time_feat"]
        first, self.scale, _, static, state = self._model.unroll_lagged_rnn(
            inputs["feat_static_cat"], inputs["feat_static_real"], *past, self._times[:, :1]
        )
        windows = len(self._times)
        self._shape = windows, samples
        self._day = network.architecture.shape.past
        self._lags = torch.tensor(network.architecture.lags)
        # What the network has seen and drawn, in units of the scale, one row a sample.
        self._seen = torch.zeros(windows * samples, self._day + horizon)
        self._seen[:, : self._day] = (inputs["past_target"] / self.scale).repeat_interleave(samples, dim=0)
        self._state = tuple(each.repeat_interleave(samples, dim=1) for each in state)
        self._static = static.repeat_interleave(samples, dim=0)
        self.parameters = [each[:, -1:].expand(self._shape) for each in first]

    def advance(self, values: torch.Tensor, step: int) -> None:
        """Go on to `step` from the samples [windows, samples] of the one before."""
        self._seen[:, self._day] = (values / self.scale).view(-1)
        self._day += 1
        told = self._times[:, step].repeat_interleave(self._shape[1], dim=0)
        inputs = torch.cat((self._seen[:, self._day - self._lags], self._static, told), dim=-1)
        output, self._state = self._model.rnn(inputs.unsqueeze(1), self._state)
        self.parameters = [each.view(self._shape) for each in self._model.param_proj(output)]


def draw_together(
    networks: Sequence[DeepArNetwork], inputs: Batch, noise: Noise, horizon: int
) -> torch.Tensor:
    """Samples [windows, samples, horizon], of which each network draws its share.

    A step of all of them is drawn at once: on one series that costs as much as a step of one.
    """
    windows, samples = noise.count.shape[1:]
    shares = [share for share in shares_of(samples, len(networks)) if share]
    drawings = [
        _Drawing(network, inputs, share, horizon)
        for network, share in zip(networks[: len(shares)], shares, strict=True)
    ]
    scale = torch.cat([each.scale.expand(-1, share) for each, share in zip(drawings, shares, strict=True)], 1)
    drawn = torch.empty(windows, samples, horizon)
    for step in range(horizon):
        if step:
            before = drawn[:, :, step - 1].split(shares, dim=1)
            for drawing, values in zip(drawings, before, strict=True):
                drawing.advance(values, step)
        parameters = [torch.cat(each, dim=1) for each in zip(*(d.parameters for d in drawings), strict=True)]
        drawn[:, :, step] = networks[0].drawn_values(parameters, scale, noise.step(step))
    return drawn


def shares_of(samples: int, networks: int) -> list[int]:
    """How many of `samples` each network draws; the first ones draw what does not divide."""
    return [samples // networks + (number < samples % networks) for number in range(networks)]


class TftNetwork(nn.Module):
    """GluonTS's Temporal Fusion Transformer, which learns quantiles; samples are drawn of each day's."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        heads = math.gcd(_TFT_HEADS, architecture.num_cells)
        self.model = TemporalFusionTransformerModel(
            context_length=architecture.context_length,
            prediction_length=architecture.prediction_length,
            d_feat_static_real=[architecture.static_real],
            c_feat_static_cat=list(architecture.cardinality),
            d_feat_dynamic_real=[1] * architecture.covariates,
            num_heads=heads,
            d_hidden=architecture.num_cells,
            d_var=architecture.num_cells,
            dropout_rate=architecture.dropout_rate,
            distr_output=QuantileOutput(list(TFT_LEVELS)),
        )

    def forward(self, inputs: Batch, future_only: bool) -> torch.Tensor:
        """The loss of each window: what a wrapper for several hosts calls."""
        return self.loss(inputs, future_only)

    def loss(self, inputs: Batch, future_only: bool) -> torch.Tensor:  # noqa: ARG002  # it has no other
        """The quantile loss of each window [windows], in units of its scale, over its observed days."""
        arguments, location, scale = self.model(**self._inputs(inputs))
        loss = self.model.distr_output.loss(
            target=(inputs["future_target"] - location) / scale, distr_args=arguments
        )
        observed = inputs["future_observed_values"]
        total: torch.Tensor = (loss * observed).sum(dim=1)
        return total / observed.sum(dim=1).clamp_min(1)

    def sample(self, inputs: Batch, noise: Noise, horizon: int) -> torch.Tensor:
        """Samples [windows, samples, horizon]; each day's are drawn by themselves."""
        (quantiles,), location, scale = self.model(**self._inputs(inputs))
        # Quantiles that a network has learnt apart may cross.
        values = (quantiles * scale.unsqueeze(-1) + location.unsqueeze(-1)).sort(dim=-1).values
        levels = torch.tensor(TFT_LEVELS)
        chance = torch.special.ndtr(noise.count).permute(1, 2, 0)[:, :, :horizon]
        chance = chance.clamp(TFT_LEVELS[0], TFT_LEVELS[-1]).contiguous()
        right = torch.searchsorted(levels, chance).clamp(1, len(levels) - 1)
        spread = values[:, :horizon].unsqueeze(1).expand(-1, chance.shape[1], -1, -1)
        low, high = (spread.gather(-1, each.unsqueeze(-1)).squeeze(-1) for each in (right - 1, right))
        share = (chance - levels[right - 1]) / (levels[right] - levels[right - 1])
        return low + share * (high - low)

    def _inputs(self, inputs: Batch) -> Batch:
        past, future = inputs["past_time_feat"], inputs["future_time_feat"]
        names = ("past_target", "past_observed_values", "feat_static_real", "feat_static_cat")
        return {
            **{name: inputs[name] for name in names},
            "feat_dynamic_real": torch.cat((past, future), dim=1),
        }


def draw(networks: Sequence[Network], inputs: Batch, noise: Noise, horizon: int) -> torch.Tensor:
    """Samples [windows, samples, horizon], of which each network of the ensemble draws its share."""
    recurrent = [each for each in networks if isinstance(each, DeepArNetwork)]
    if len(recurrent) == len(networks):
        return draw_together(recurrent, inputs, noise, horizon)
    shares = shares_of(noise.count.shape[2], len(networks))
    parts = zip(networks, noise.split(shares), strict=True)
    return torch.cat(
        [each.sample(inputs, part, horizon) for each, part in parts if part.count.numel()], dim=1
    )
