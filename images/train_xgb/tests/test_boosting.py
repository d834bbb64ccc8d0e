import re
from dataclasses import replace

import pytest
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError
from train_xgb.boosting import Part, fit
from train_xgb.hyperparameters import Hyperparameters

NAMES = [f"f{index}" for index in range(7)]
QUICK = Hyperparameters(num_round=8, eta=0.3, max_depth=3)


class StopAfter(StopSignal):
    """A stop that is asked for once the training has looked `looks` times."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    @property
    def requested(self) -> bool:
        self._looks -= 1
        if self._looks < 0:
            self.name = "SIGTERM"
        return super().requested


def test_all_rounds_are_kept_unless_stopping_was_asked_for(parts: list[Part]) -> None:
    fitted = fit(parts, NAMES, QUICK, StopSignal())

    assert fitted.booster.num_boosted_rounds() == 8
    assert (fitted.best_iteration, fitted.rounds_trained, fitted.stopped_early_by) == (7, 8, None)


@pytest.mark.parametrize("metric", ["auc", "error", "logloss", "aucpr"])
def test_early_stopping_keeps_the_rounds_up_to_the_best(parts: list[Part], metric: str) -> None:
    asked = replace(QUICK, num_round=400, early_stopping_rounds=5, eval_metric=(metric,))

    fitted = fit(parts, NAMES, asked, StopSignal())

    assert fitted.stopped_early_by == "early_stopping_rounds"
    assert fitted.rounds_trained == fitted.best_iteration + 1 + 5
    assert fitted.booster.num_boosted_rounds() == fitted.best_iteration + 1
    assert f"validation:{metric}" in fitted.metrics


def test_the_kept_booster_reaches_the_metrics_that_are_told(parts: list[Part]) -> None:
    from sklearn.metrics import roc_auc_score

    fitted = fit(parts, NAMES, replace(QUICK, num_round=400, early_stopping_rounds=5), StopSignal())
    answers = fitted.booster.inplace_predict(parts[1].inputs)

    assert fitted.metrics["validation:auc"] == pytest.approx(
        roc_auc_score(parts[1].labels, answers), abs=1e-6
    )
    right = ((answers >= 0.5) == parts[1].labels).mean()
    assert fitted.metrics["validation:accuracy"] == pytest.approx(right, abs=1e-6)


def test_a_signal_ends_training_after_the_round_and_keeps_the_best(parts: list[Part]) -> None:
    # Two looks before the first round, then one a round.
    fitted = fit(parts, NAMES, QUICK, StopAfter(looks=4))

    assert fitted.stopped_early_by == "SIGTERM"
    assert fitted.rounds_trained == 3
    assert fitted.booster.num_boosted_rounds() == fitted.best_iteration + 1


def test_a_signal_before_the_first_round_leaves_no_model(parts: list[Part]) -> None:
    with pytest.raises(ContractError, match=r"Stopped by SIGTERM before the first round"):
        fit(parts, NAMES, QUICK, StopAfter(looks=0))


@pytest.mark.parametrize("tree_method", ["hist", "approx", "exact"])
def test_the_same_inputs_give_the_same_bytes(parts: list[Part], tree_method: str) -> None:
    asked = replace(QUICK, tree_method=tree_method)
    models = {bytes(fit(parts, NAMES, asked, StopSignal()).booster.save_raw("ubj")) for _ in range(2)}

    assert len(models) == 1


def test_every_round_prints_the_metrics_of_both_parts(
    parts: list[Part], capsys: pytest.CaptureFixture[str]
) -> None:
    fit(parts, NAMES, replace(QUICK, decision_threshold=0.4), StopSignal())

    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert len(lines) == 8
    for part in ("train", "validation"):
        for metric in ("auc", "accuracy", "error", "logloss"):
            assert re.search(rf"{part}:{metric}=([0-9.]+);", lines[3])


def test_without_a_validation_part_all_rounds_are_kept(parts: list[Part]) -> None:
    fitted = fit(parts[:1], NAMES, QUICK, StopSignal())

    assert fitted.booster.num_boosted_rounds() == 8
    assert not any(name.startswith("validation") for name in fitted.metrics)
