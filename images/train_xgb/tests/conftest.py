"""A small encoder, rows of it with real signal, and a model fitted on them."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from smcontract.entrypoint import StopSignal
from train_xgb.artefact import Model, load_artefact, save_artefact
from train_xgb.boosting import Fitted, Part, fit
from train_xgb.encoding import Encoder, parse_encoder
from train_xgb.hyperparameters import Hyperparameters

Rows = npt.NDArray[np.float32]

DOCUMENT = {
    "version": 1,
    "schema_sha256": "0" * 64,
    "target": {"name": "y", "positive": "yes", "negative": "no"},
    "numeric": [
        {"name": "age", "type": "Integral", "minimum": 18, "maximum": 120, "nullable": False}
        | {"mean": 40.5, "scale": 10.25},
        {"name": "rate", "type": "Fractional", "minimum": None, "maximum": None, "nullable": True}
        | {"mean": 0.0, "scale": 1.0},
    ],
    "categorical": [
        {
            "name": "job",
            "nullable": False,
            "categories": [
                {"value": "admin.", "encoded_name": "job_admin"},
                {"value": "blue-collar", "encoded_name": "job_blue_collar"},
                {"value": "student", "encoded_name": "job_student"},
            ],
        },
        {
            "name": "city",
            "nullable": True,
            "categories": [
                {"value": "Århus, old town", "encoded_name": "city_arhus"},
                {"value": "Bonn", "encoded_name": "city_bonn"},
            ],
        },
    ],
    "encoded_names": [
        "age",
        "rate",
        "job_admin",
        "job_blue_collar",
        "job_student",
        "city_arhus",
        "city_bonn",
    ],
}


@pytest.fixture(scope="session")
def encoder_bytes() -> bytes:
    return json.dumps(DOCUMENT).encode()


@pytest.fixture(scope="session")
def encoder(encoder_bytes: bytes) -> Encoder:
    return parse_encoder(encoder_bytes, "encoder.json")


def encoded_rows(count: int, seed: int) -> tuple[Rows, Rows]:
    """Labels and encoded rows; the label follows age and job, with some noise."""
    random = np.random.default_rng(seed)
    age = random.normal(size=count)
    rate = random.normal(size=count)
    job = np.eye(3)[random.integers(0, 3, count)]
    city = np.eye(2)[random.integers(0, 2, count)]
    score = 1.5 * age + 2.0 * job[:, 2] - 0.5 + random.normal(scale=0.7, size=count)
    rows = np.column_stack([age, rate, job, city]).astype(np.float32)
    return (score > 0).astype(np.float32), rows


@pytest.fixture(scope="session")
def parts() -> list[Part]:
    labels, rows = encoded_rows(400, seed=1)
    more_labels, more_rows = encoded_rows(200, seed=2)
    return [Part("train", rows, labels), Part("validation", more_rows, more_labels)]


@pytest.fixture(scope="session")
def fitted(parts: list[Part], encoder: Encoder) -> Fitted:
    hyperparameters = Hyperparameters(num_round=12, eta=0.3, max_depth=3)
    return fit(parts, list(encoder.encoded_names), hyperparameters, StopSignal())


@pytest.fixture
def model_folder(tmp_path: Path, fitted: Fitted, encoder_bytes: bytes) -> Path:
    folder = tmp_path / "model"
    manifest = {
        "decision_threshold": 0.5,
        "best_iteration": 11,
        "hyperparameters": {"eta": 0.3, "eval_metric": ["logloss"]},
        "data": {"train": {"rows": 400, "positive": 200, "sha256": "ab" * 32}},
    }
    save_artefact(folder, fitted.booster, encoder_bytes, None, manifest)
    return folder


@pytest.fixture
def model(model_folder: Path) -> Model:
    return load_artefact(model_folder, nthread=1)
