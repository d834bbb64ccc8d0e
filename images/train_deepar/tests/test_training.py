"""Learning in steps, its rate, and what an interruption changes: nothing."""

from typing import Any

import pytest
import torch
from smcontract.configuration import ResourceConfig
from smcontract.entrypoint import StopSignal
from tests.demand import HORIZON, PANEL, panel_series
from train_deepar.covariates import fit_scaling
from train_deepar.distributed import Hosts, join
from train_deepar.hyperparameters import Hyperparameters
from train_deepar.networks import design
from train_deepar.training import Interrupted, Learner, Learnt, Task, one_cycle
from train_deepar.windows import prepare

ASKED = Hyperparameters(
    context_length=28, num_cells=8, num_batches_per_epoch=4, mini_batch_size=8, epochs=4, dropout_rate=0.1
)


@pytest.fixture(scope="module")
def alone() -> Hosts:
    torch.set_num_threads(1)
    return join(ResourceConfig())


@pytest.fixture(scope="module")
def whole(alone: Hosts) -> Learnt:
    """What is learnt where nobody interrupts."""
    return learner(alone).learn(StopSignal(), keep_nothing)


def learner(hosts: Hosts, patience: int | None = None, validated: bool = True) -> Learner:
    scaling = fit_scaling(panel_series(100), PANEL)
    train, validation = (
        [prepare(each, PANEL, scaling) for each in panel_series(days)] for days in (100, 100 + HORIZON)
    )
    torch.distributions.Distribution.set_default_validate_args(False)
    task = Task("fit", 0, ASKED.epochs, patience, train, validation if validated else ())
    return Learner(design(ASKED, PANEL, scaling, HORIZON), ASKED, task, hosts)


def keep_nothing() -> None:
    return


def same(one: Learnt, other: Learnt) -> bool:
    return one.history == other.history and all(
        torch.equal(one.weights[name], other.weights[name]) for name in one.weights
    )


class StopAfter(StopSignal):
    """A signal that comes after so many looks at it."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    @property
    def requested(self) -> bool:
        self._looks -= 1
        return self._looks < 0


@pytest.mark.parametrize("looks", [0, 3, 4, 9])
def test_a_learning_that_goes_on_from_any_batch_ends_with_the_same_weights(
    alone: Hosts, whole: Learnt, looks: int
) -> None:
    states: list[dict[str, Any]] = []
    first = learner(alone)
    with pytest.raises(Interrupted):
        first.learn(StopAfter(looks), lambda: states.append(first.state()))

    second = learner(alone)
    second.restore(states[-1])

    assert (second.progress.epoch, second.progress.batch) == divmod(looks, ASKED.num_batches_per_epoch)
    assert same(second.learn(StopSignal(), keep_nothing), whole)


def test_the_best_epochs_weights_are_kept(whole: Learnt) -> None:
    losses = [each["validation:loss"] for each in whole.history]
    assert whole.epochs == 4
    assert whole.best_epoch == losses.index(min(losses))


def test_without_validation_the_last_epochs_are(alone: Hosts) -> None:
    learnt = learner(alone, validated=False).learn(StopSignal(), keep_nothing)

    assert learnt.best_epoch == 3
    assert "validation:loss" not in learnt.history[0]


def test_learning_stops_once_no_epoch_has_been_better_for_long_enough(alone: Hosts) -> None:
    waiting = learner(alone, patience=2)
    waiting.progress.best_loss, waiting.progress.best_epoch = -100.0, 0

    learnt = waiting.learn(StopSignal(), keep_nothing)

    assert (learnt.epochs, learnt.stopped_early_by) == (3, "early_stopping_patience")


def test_seeds_make_networks_of_their_own(alone: Hosts) -> None:
    first, again = (learner(alone).state()["network"] for _ in range(2))
    name = next(iter(first))
    torch.manual_seed(1)

    assert torch.equal(first[name], again[name])


def test_the_rate_is_the_one_that_pytorchs_one_cycle_has() -> None:
    steps, top = 101, 0.01
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=top, total_steps=steps, pct_start=0.15, cycle_momentum=False
    )

    for step in range(steps - 1):
        assert top * one_cycle(step, steps) == pytest.approx(
            optimizer.param_groups[0]["lr"], rel=1e-6, abs=1e-12
        )
        optimizer.step()
        scheduler.step()
