"""The networks of a model: one learns the training part, then all learn up to the validation part's end."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from smcontract.entrypoint import StopSignal

from train_deepar.artefact import Weights
from train_deepar.checkpoints import Checkpoints, State
from train_deepar.distributed import Hosts
from train_deepar.hyperparameters import Hyperparameters
from train_deepar.networks import Architecture
from train_deepar.training import Interrupted, Learner, Learnt, Task
from train_deepar.windows import Prepared

log = logging.getLogger(__name__)

FIT, REFIT = "fit", "refit"


@dataclass(frozen=True, slots=True)
class Parts:
    """What is learnt from: this host's share, as inputs. `validation` is longer by its last days."""

    train: Sequence[Prepared]
    validation: Sequence[Prepared] = ()


def digest(weights: Weights) -> str:
    """What tells whether two hosts hold the same weights."""
    whole = hashlib.sha256()
    for name in sorted(weights):
        whole.update(name.encode() + weights[name].numpy().tobytes())
    return whole.hexdigest()


class Ensemble:
    """Learns `num_models` networks that differ in their seed alone; goes on from a checkpoint.

    Where they are learnt again with the validation part, one is enough to find for how long and how sure.
    """

    def __init__(
        self,
        architecture: Architecture,
        hyperparameters: Hyperparameters,
        parts: Parts,
        hosts: Hosts,
        checkpoints: Checkpoints,
    ) -> None:
        self._architecture = architecture
        self._hyperparameters = hyperparameters
        self._parts = parts
        self._hosts = hosts
        self._checkpoints = checkpoints
        self._state: State = {FIT: [], REFIT: [], "current": None}
        if (found := hosts.from_leader(checkpoints.load() if hosts.is_leader else None)) is not None:
            self._state = found
            log.info("checkpoint.found %s", self._where())

    @property
    def fitted(self) -> list[Learnt]:
        """The networks that have learnt the training part, or most of it where a signal came."""
        return [Learnt.from_state(state) for state in self._state[FIT]]

    @property
    def refitted(self) -> list[Learnt]:
        """The networks that have learnt the validation part as well."""
        return [Learnt.from_state(state) for state in self._state[REFIT]]

    def fit(self, stop: StopSignal) -> None:
        """Learn the training part; the validation part's last days say which epoch is best."""
        asked = self._hyperparameters
        count = 1 if asked.refit else asked.num_models
        patience = asked.early_stopping_patience if self._parts.validation else None
        for number in range(len(self.fitted), count):
            task = Task(FIT, number, asked.epochs, patience, self._parts.train, self._parts.validation)
            self._learn(task, stop)

    def refit(self, stop: StopSignal) -> None:
        """Learn everything up to the validation part's end, for as many epochs as were good before."""
        first = self.fitted[0]
        # Near the end of a rate that falls to nothing the best epoch is chance; an early stop is none.
        epochs = first.best_epoch + 1 if first.stopped_early_by else first.epochs
        for number in range(len(self.refitted), self._hyperparameters.num_models):
            self._learn(Task(REFIT, number, epochs, None, self._parts.validation), stop)

    def _learn(self, task: Task, stop: StopSignal) -> None:
        learner = Learner(self._architecture, self._hyperparameters, task, self._hosts)
        if self._state["current"] is not None:
            learner.restore(self._state["current"])
        try:
            learnt = learner.learn(stop, lambda: self._keep(learner.state()))
        except Interrupted:
            # The networks so far are a model, if only of a few epochs; the checkpoint stays as it is.
            if task.stage == FIT and learner.progress.best_epoch >= 0:
                self._state[FIT].append(learner.learnt().as_state())
            raise
        log.info(
            "network.learnt stage=%s number=%d sha256=%s", task.stage, task.number, digest(learnt.weights)
        )
        self._state[task.stage].append(learnt.as_state())
        self._keep(None)

    def _keep(self, current: State | None) -> None:
        self._state["current"] = current
        if self._hosts.is_leader:
            self._checkpoints.save(self._state)

    def _where(self) -> str:
        current = self._state["current"]
        epoch = "" if current is None else f" epoch={current['progress']['epoch']}"
        return f"fitted={len(self._state[FIT])} refitted={len(self._state[REFIT])}{epoch}"
