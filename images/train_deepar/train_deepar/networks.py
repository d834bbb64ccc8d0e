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
        past = [inputs[name] for name in ("past_time_feat", "past_target", "past_observed_values")]
        times = inputs["future_time_feat"]
        first, scale, _, static, state = self.model.unroll_lagged_rnn(
            inputs["feat_static_cat"], inputs["feat_static_real"], *past, times[:, :1]
        )
        windows, samples = noise.count.shape[1:]
        rows = windows * samples
        days = self.architecture.shape.past
        # What the network has seen and drawn, in units of the scale, one row a sample.
        seen = torch.zeros(rows, days + horizon)
        seen[:, :days] = (inputs["past_target"] / scale).repeat_interleave(samples, dim=0)
        state = tuple(each.repeat_interleave(samples, dim=1) for each in state)
        static = static.repeat_interleave(samples, dim=0)
        lags = torch.tensor(self.architecture.lags)
        parameters = [each[:, -1:].expand(windows, samples) for each in first]
        drawn = torch.empty(windows, samples, horizon)
        for step in range(horizon):
            if step:
                told = times[:, step].repeat_interleave(samples, dim=0)
                inputs_of_step = torch.cat((seen[:, days + step - lags], static, told), dim=-1)
                output, state = self.model.rnn(inputs_of_step.unsqueeze(1), state)
                parameters = [each.view(windows, samples) for each in self.model.param_proj(output)]
            values = self._values(parameters, scale, noise.step(step))
            drawn[:, :, step] = values
            seen[:, days + step] = (values / scale).view(rows)
        return drawn

    def _values(self, parameters: Sequence[torch.Tensor], scale: torch.Tensor, noise: Noise) -> torch.Tensor:
        if self.architecture.likelihood == NEGATIVE_BINOMIAL:
            total_count, logits = parameters
            return negative_binomial(total_count, logits + scale.log(), noise)
        degrees, location, spread = parameters
        return (location + spread * student_t(degrees, noise)) * scale


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
