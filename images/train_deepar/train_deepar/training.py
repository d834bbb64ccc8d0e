"""Learning one network, epoch by epoch; every number drawn depends on where it is, and not on the past.

So a training that was interrupted at any batch goes on to the very weights of one that was not.
"""

import copy
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from smcontract.entrypoint import StopSignal

from train_deepar.artefact import Weights
from train_deepar.distributed import Hosts
from train_deepar.hyperparameters import Hyperparameters
from train_deepar.networks import Architecture, build
from train_deepar.windows import Batch, Prepared, Shape, batch, drawn_windows, last_windows

log = logging.getLogger(__name__)

# Larger steps than this come from a single odd window.
_LARGEST_GRADIENT = 10.0
# PyTorch's OneCycleLR: the rate rises from a 25th to its full value, and falls to next to nothing.
_RISE, _FIRST_RATE, _LAST_RATE = 0.15, 1 / 25, 1 / 25 / 10_000
_VALIDATION_ROWS = 256

State = dict[str, Any]


class Interrupted(Exception):  # noqa: N818  # it is no error: somebody asked for it
    """A signal ended the learning; what was reached is in the checkpoint."""


@dataclass(frozen=True, slots=True)
class Task:
    """What one network is to learn: `number` and `stage` tell its chance from the others'."""

    stage: str
    number: int
    epochs: int
    # Epochs without a better validation loss after which to stop; None without validation.
    patience: int | None
    train: Sequence[Prepared]
    validation: Sequence[Prepared] = ()


@dataclass(slots=True)
class Progress:
    """Where a learning stands: at `batch` of `epoch`, and the best epoch so far."""

    epoch: int = 0
    batch: int = 0
    loss: float = 0.0
    best_epoch: int = -1
    best_loss: float = math.inf
    history: list[dict[str, float]] = field(default_factory=list)
    stopped_early_by: str | None = None


@dataclass(frozen=True, slots=True)
class Learnt:
    """A network that was learnt: the weights of `best_epoch` of `epochs`, counted from 0 and 1."""

    weights: Weights
    epochs: int
    best_epoch: int
    history: tuple[dict[str, float], ...]
    stopped_early_by: str | None = None

    def as_state(self) -> State:
        """The same as plain values and tensors."""
        return {
            "weights": dict(self.weights),
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "history": list(self.history),
            "stopped_early_by": self.stopped_early_by,
        }

    @classmethod
    def from_state(cls, state: State) -> "Learnt":
        """What `as_state` gave."""
        return cls(**{**state, "history": tuple(state["history"])})


class Learner:
    """One network on its way. All hosts hold the same weights after each batch."""

    def __init__(
        self, architecture: Architecture, hyperparameters: Hyperparameters, task: Task, hosts: Hosts
    ) -> None:
        self._hyperparameters = hyperparameters
        self._task = task
        self._hosts = hosts
        self._shape: Shape = architecture.shape
        self._least = architecture.context_length
        torch.manual_seed(hyperparameters.seed + task.number)
        self._network = build(architecture)
        optimizer = torch.optim.AdamW(
            self._network.parameters(),
            lr=hyperparameters.learning_rate,
            weight_decay=hyperparameters.weight_decay,
        )
        self._module, self._optimizer = hosts.fabric.setup(self._network, optimizer)
        self._best: Weights = {}
        self.progress = Progress()

    def state(self) -> State:
        """Everything that a later job needs to go on from here."""
        return {
            "network": _copied(self._network.state_dict()),
            "best": dict(self._best),
            "optimizer": copy.deepcopy(self._optimizer.state_dict()),
            "progress": asdict(self.progress),
        }

    def restore(self, state: State) -> None:
        """Go on from `state`."""
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._best = state["best"]
        self.progress = Progress(**state["progress"])

    def learn(self, stop: StopSignal, keep: Callable[[], None]) -> Learnt:
        """Learn until the last epoch, or until no epoch has been better for long enough.

        `keep` is called after each epoch, and when a signal comes. Raises Interrupted then.
        """
        while self.progress.epoch < self._task.epochs and self.progress.stopped_early_by is None:
            self._learn_epoch(stop, keep)
            self._close_epoch()
            if self._has_waited_enough():
                self.progress.stopped_early_by = "early_stopping_patience"
            keep()
        return self.learnt()

    def learnt(self) -> Learnt:
        """What has been learnt so far; no weights yet where `best_epoch` is -1."""
        so_far = self.progress
        return Learnt(
            self._best, so_far.epoch, so_far.best_epoch, tuple(so_far.history), so_far.stopped_early_by
        )

    def _learn_epoch(self, stop: StopSignal, keep: Callable[[], None]) -> None:
        progress, parameters = self.progress, self._hyperparameters
        self._module.train()
        while progress.batch < parameters.num_batches_per_epoch:
            if self._hosts.any(stop.requested):
                keep()
                raise Interrupted
            progress.loss += self._learn_batch()
            progress.batch += 1

    def _learn_batch(self) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        place = [self._hyperparameters.seed + self._task.number, self._task.stage == "refit"]
        place += [self.progress.epoch, self.progress.batch, self._hosts.rank]
        random = np.random.default_rng(place)
        torch.manual_seed(_number(place))
        windows = drawn_windows(
            self._task.train, self._shape, self._least, self._hyperparameters.mini_batch_size, random
        )
        loss = self._module(self._inputs(batch(windows, self._shape)), future_only=False).mean()
        self._optimizer.zero_grad()
        self._hosts.fabric.backward(loss)
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), _LARGEST_GRADIENT)
        self._optimizer.step()
        return float(loss.detach())

    def _close_epoch(self) -> None:
        progress = self.progress
        total = self._hosts.summed(progress.loss / progress.batch)[0]
        figures = {"train:loss": total / self._hosts.count}
        if self._hosts.any(bool(self._task.validation)):
            figures["validation:loss"] = self._validation_loss()
        figures["epoch"] = float(progress.epoch)
        judged = figures.get("validation:loss")
        if judged is None or judged < progress.best_loss:
            progress.best_loss = math.inf if judged is None else judged
            progress.best_epoch = progress.epoch
            self._best = _copied(self._network.state_dict())
        progress.history.append(figures)
        progress.epoch, progress.batch, progress.loss = progress.epoch + 1, 0, 0.0
        if self._hosts.is_leader:
            print(f"[{self._task.stage} {self._task.number}] {metric_line(figures)}", flush=True)

    @torch.no_grad()  # type: ignore[untyped-decorator]  # published untyped
    def _validation_loss(self) -> float:
        """The loss on the last days of each validation series, over all hosts."""
        self._module.eval()
        windows = last_windows(self._task.validation, self._shape)
        total = 0.0
        for first in range(0, len(windows), _VALIDATION_ROWS):
            inputs = batch(windows[first : first + _VALIDATION_ROWS], self._shape)
            # Not through the wrapper: the hosts may have different numbers of series.
            total += float(self._network.loss(self._inputs(inputs), future_only=True).sum())
        summed, count = self._hosts.summed(total, float(len(windows)))
        return summed / count

    def _has_waited_enough(self) -> bool:
        patience, progress = self._task.patience, self.progress
        return patience is not None and progress.epoch - 1 - progress.best_epoch >= patience

    def _rate(self) -> float:
        batches = self._hyperparameters.num_batches_per_epoch
        step = self.progress.epoch * batches + self.progress.batch
        return self._hyperparameters.learning_rate * one_cycle(step, self._task.epochs * batches + 1)

    def _inputs(self, inputs: Batch) -> Batch:
        moved: Batch = self._hosts.fabric.to_device(inputs)
        return moved


def one_cycle(step: int, steps: int) -> float:
    """The share of the full learning rate that step `step` of `steps` takes, as OneCycleLR has it."""
    top = _RISE * steps - 1
    if step <= top:
        return _between(_FIRST_RATE, 1.0, step / top if top > 0 else 1.0)
    return _between(1.0, _LAST_RATE, (step - top) / (steps - 1 - top))


def _between(first: float, last: float, share: float) -> float:
    """From `first` to `last` along half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


def metric_line(metrics: dict[str, float]) -> str:
    """Metrics as the regular expressions in the README expect them."""
    return " ".join(
        f"{name}={value:.0f};" if name == "epoch" else f"{name}={value:.6f};"
        for name, value in metrics.items()
    )


def _number(place: Sequence[int | bool]) -> int:
    return int(np.random.SeedSequence([int(each) for each in place]).generate_state(1)[0])


def _copied(weights: Weights) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}
