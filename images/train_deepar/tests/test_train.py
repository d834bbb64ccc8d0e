"""The whole job, in this process: what it leaves, and what it refuses."""

import json
from pathlib import Path

import pytest
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError
from smcontract.root import ContainerRoot
from tests.demand import write_training_root
from train_deepar.forecaster import Forecaster
from train_deepar.train import read_job, train

QUICK = {
    "context_length": "28",
    "epochs": "2",
    "num_batches_per_epoch": "2",
    "mini_batch_size": "8",
    "num_cells": "8",
    "num_layers": "1",
}


class Stopped(StopSignal):
    """A signal that has come before the first look, or after so many."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    @property
    def requested(self) -> bool:
        self._after -= 1
        self.name = "SIGTERM" if self._after < 0 else None
        return self.name is not None


def test_a_transformer_is_trained_and_forecasts(tmp_path: Path) -> None:
    write_training_root(tmp_path, QUICK | {"estimator": "tft", "num_models": "1"})

    train(ContainerRoot(tmp_path), StopSignal())

    forecaster = Forecaster.load(tmp_path / "model")
    assert forecaster.manifest["estimator"] == "tft"
    assert "validation:mean_weighted_quantile_loss" in forecaster.manifest["metrics"]


def test_without_a_validation_part_as_many_networks_learn_the_training_part(tmp_path: Path) -> None:
    write_training_root(tmp_path, QUICK | {"calibrate": "false", "refit": "false", "num_models": "2"})
    for channel in ("validation", "history"):
        (tmp_path / "input/data" / channel / "series.jsonl").unlink()
        (tmp_path / "input/data" / channel).rmdir()

    train(ContainerRoot(tmp_path), StopSignal())

    forecaster = Forecaster.load(tmp_path / "model")
    assert len(forecaster.networks) == 2
    assert forecaster.manifest["refitted"] == []
    assert forecaster.calibration.as_document() == {"below": 1.0, "above": 1.0}


def test_a_signal_after_the_first_epoch_leaves_the_model_so_far(tmp_path: Path) -> None:
    write_training_root(tmp_path, QUICK)

    # The third look at the signal is the second epoch's first.
    train(ContainerRoot(tmp_path), Stopped(after=3))

    forecaster = Forecaster.load(tmp_path / "model")
    assert forecaster.manifest["stopped_early_by"] == "SIGTERM"
    assert [each["epochs"] for each in forecaster.manifest["fitted"]] == [1]
    assert (len(forecaster.networks), forecaster.manifest["refitted"]) == (1, [])


def test_a_signal_before_the_first_epoch_is_done_leaves_nothing(tmp_path: Path) -> None:
    write_training_root(tmp_path, QUICK)

    with pytest.raises(ContractError, match="Stopped by SIGTERM before the first epoch was done"):
        train(ContainerRoot(tmp_path), Stopped(after=1))

    assert not (tmp_path / "model/manifest.json").exists()


@pytest.mark.parametrize(
    ("hyperparameters", "told"),
    [
        ({"prediction_length": "8"}, "prediction_length=8 is beyond the panel's 7 days"),
        ({"context_length": "110"}, "has 113 days.*: a window has context_length 110"),
        ({"epoch": "1"}, "did you mean epochs"),
    ],
)
def test_what_cannot_be_asked_for_is_told(tmp_path: Path, hyperparameters: dict[str, str], told: str) -> None:
    write_training_root(tmp_path, QUICK | hyperparameters)

    with pytest.raises(ContractError, match=told):
        read_job(ContainerRoot(tmp_path))


def test_a_channel_that_is_missing_or_unknown_is_told(tmp_path: Path) -> None:
    write_training_root(tmp_path, QUICK)
    channels = {name: {"TrainingInputMode": "File"} for name in ("validation", "test")}
    (tmp_path / "input/config/inputdataconfig.json").write_text(json.dumps(channels))

    with pytest.raises(ContractError) as failure:
        read_job(ContainerRoot(tmp_path))

    assert "channel 'train' is missing; channel 'encoder' is missing" in str(failure.value)
    assert "channel 'test' is unknown (known: train, validation, history, encoder)" in str(failure.value)
