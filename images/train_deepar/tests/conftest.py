"""Small models that the image's own training has made: one of a network, one that repeats last week."""

from pathlib import Path

import pytest
from smcontract.entrypoint import StopSignal
from smcontract.root import ContainerRoot
from tests.demand import CONTEXT, write_training_root
from train_deepar.forecaster import Forecaster
from train_deepar.train import train

QUICK = {
    "context_length": str(CONTEXT),
    "epochs": "1",
    "num_batches_per_epoch": "2",
    "mini_batch_size": "8",
    "num_cells": "8",
    "num_layers": "1",
    "seed": "3",
}
NAIVE = {"estimator": "seasonal-naive", "context_length": str(CONTEXT)}


@pytest.fixture(scope="session")
def deepar_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model folder of a DeepAR that has hardly learnt anything."""
    return _trained(tmp_path_factory.mktemp("deepar"), QUICK)


@pytest.fixture(scope="session")
def naive_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model folder of the seasonal naive reference."""
    return _trained(tmp_path_factory.mktemp("naive"), NAIVE)


@pytest.fixture(scope="session")
def deepar(deepar_folder: Path) -> Forecaster:
    return Forecaster.load(deepar_folder)


@pytest.fixture(scope="session")
def naive(naive_folder: Path) -> Forecaster:
    return Forecaster.load(naive_folder)


def _trained(root: Path, hyperparameters: dict[str, str]) -> Path:
    write_training_root(root, hyperparameters)
    train(ContainerRoot(root), StopSignal())
    return root / "model"
