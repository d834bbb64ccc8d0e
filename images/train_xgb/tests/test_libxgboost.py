import subprocess
import sys

import numpy as np
import pytest
import xgboost
from train_xgb import libxgboost
from train_xgb.boosting import Fitted, Part
from train_xgb.encoding import Encoder
from train_xgb.libxgboost import Booster, LibraryError


@pytest.fixture
def booster(fitted: Fitted) -> Booster:
    return Booster(bytes(fitted.booster.save_raw("ubj")), nthread=1)


@pytest.fixture
def matrix(parts: list[Part], encoder: Encoder) -> xgboost.DMatrix:
    rows = with_edges(parts[1].inputs)
    return xgboost.DMatrix(rows, feature_names=list(encoder.encoded_names))


def with_edges(rows: np.ndarray) -> np.ndarray:
    """Rows with missing and extreme numbers among them."""
    edged = rows.copy()
    edged[:20, 1] = np.nan
    edged[20, :2] = [np.finfo(np.float32).max, -np.finfo(np.float32).max]
    edged[21, :2] = [np.finfo(np.float32).tiny, -0.0]
    edged[22, :2] = [1e-45, np.nan]
    return edged


def test_predictions_are_those_of_xgboosts_own_package_to_the_bit(
    booster: Booster, fitted: Fitted, matrix: xgboost.DMatrix, parts: list[Part]
) -> None:
    rows = with_edges(parts[1].inputs)
    expected = fitted.booster.predict(matrix)
    predict_row = booster.row_predictor()

    assert booster.predict(rows).tobytes() == expected.tobytes()
    alone = np.array([predict_row(row) for row in rows.tolist()], dtype=np.float32)
    assert alone.tobytes() == expected.tobytes()


def test_contributions_are_those_of_xgboosts_own_package_to_the_bit(
    booster: Booster, fitted: Fitted, matrix: xgboost.DMatrix, parts: list[Part]
) -> None:
    expected = fitted.booster.predict(matrix, pred_contribs=True)

    assert booster.contributions(with_edges(parts[1].inputs)).tobytes() == expected.tobytes()


def test_the_models_facts_are_those_of_xgboosts_own_package(booster: Booster, fitted: Fitted) -> None:
    assert libxgboost.version() == xgboost.__version__
    assert booster.num_features() == fitted.booster.num_features()
    assert booster.num_boosted_rounds() == fitted.booster.num_boosted_rounds()
    assert booster.total_gains() == fitted.booster.get_score(importance_type="total_gain")


def test_a_row_predictor_keeps_the_model(fitted: Fitted, parts: list[Part]) -> None:
    row = parts[1].inputs[0]
    predict_row = Booster(bytes(fitted.booster.save_raw("ubj")), nthread=1).row_predictor()

    assert predict_row(row.tolist()) == fitted.booster.inplace_predict(row[np.newaxis])[0]


@pytest.mark.parametrize("content", [b"", b"{}", b"{L", b"no model"])
def test_what_is_no_model_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(LibraryError) as refusal:
        Booster(content, nthread=1)

    assert "\n" not in str(refusal.value)


def test_serving_imports_no_data_frames_and_no_xgboost() -> None:
    program = "import sys, train_xgb.serve; print(*(set(sys.modules) & set(sys.argv[1:])))"
    unwanted = ["xgboost", "pandas", "sklearn", "scipy", "matplotlib", "pyarrow"]

    told = subprocess.run(
        [sys.executable, "-c", program, *unwanted], capture_output=True, text=True, check=True
    )

    assert told.stdout == "\n"
