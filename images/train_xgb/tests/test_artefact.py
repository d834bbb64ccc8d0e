import json
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xgboost
from smcontract.entrypoint import StopSignal
from smcontract.failure import ContractError
from train_xgb.artefact import MANIFEST_FILE, load_artefact, save_artefact
from train_xgb.boosting import Fitted, Part, fit
from train_xgb.hyperparameters import Hyperparameters
from train_xgb.pca import fit_pca


def edit(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_saved_model_answers_as_the_booster_did(
    model_folder: Path, fitted: Fitted, parts: list[Part]
) -> None:
    model = load_artefact(model_folder, nthread=1)
    rows = parts[1].inputs

    names = list(model.encoder.encoded_names)
    expected = fitted.booster.predict(xgboost.DMatrix(rows, feature_names=names))

    assert model.probabilities(rows).tobytes() == expected.astype(np.float32).tobytes()
    assert sorted(path.name for path in model_folder.iterdir()) == [
        "encoder.json",
        "manifest.json",
        "model.ubj",
    ]


def test_a_row_alone_gets_the_same_bits_as_among_others(model_folder: Path, parts: list[Part]) -> None:
    model = load_artefact(model_folder, nthread=1)
    rows = parts[1].inputs

    alone = np.concatenate([model.probabilities(rows[i : i + 1]) for i in range(50)])

    assert alone.tobytes() == model.probabilities(rows)[:50].tobytes()


def rewrite(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda folder: (folder / "model.ubj").unlink(), "model.ubj is missing"),
        (lambda folder: (folder / "encoder.json").unlink(), "encoder.json is missing"),
        (rewrite("model.ubj", b"{L"), "model.ubj is not the file that was saved"),
        (rewrite("encoder.json", b"{}"), "encoder.json is not the file that was saved"),
        (rewrite("manifest.json", b"{"), "not valid JSON"),
        (rewrite("manifest.json", b"[]"), "not a JSON object"),
        (lambda folder: edit(folder, format_version=2), "format_version 2, this image reads 1"),
        (lambda folder: edit(folder, xgboost_version="3.0.5"), "saved by XGBoost 3.0.5, this image has"),
        (lambda folder: edit(folder, xgboost_version=None), "saved by XGBoost None"),
        (lambda folder: edit(folder, files={}), "does not list the files"),
        (lambda folder: edit(folder, files={"../x": {}}), "does not list the files"),
        (lambda folder: edit(folder, decision_threshold=None), "lacks 'decision_threshold'"),
    ],
)
def test_what_is_not_the_saved_model_is_refused(
    model_folder: Path, damage: Callable[[Path], object], reason: str
) -> None:
    damage(model_folder)

    with pytest.raises(ContractError, match=reason):
        load_artefact(model_folder, nthread=1)


def test_a_model_for_other_columns_than_the_encoders_is_refused(
    tmp_path: Path, fitted: Fitted, encoder_bytes: bytes, parts: list[Part]
) -> None:
    save_artefact(
        tmp_path, fitted.booster, encoder_bytes, fit_pca(parts[0].inputs, 3, 0), {"decision_threshold": 0.5}
    )

    with pytest.raises(ContractError, match="takes 7 columns but its encoder gives 3"):
        load_artefact(tmp_path, nthread=1)


def test_saving_again_replaces_all_of_it(model_folder: Path, fitted: Fitted, encoder_bytes: bytes) -> None:
    save_artefact(model_folder, fitted.booster[:2], encoder_bytes, None, {"decision_threshold": 0.25})

    model = load_artefact(model_folder, nthread=1)

    assert model.booster.num_boosted_rounds() == 2
    assert model.decision_threshold == 0.25


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"found: nothing"):
        load_artefact(tmp_path / "none", nthread=1)


def test_when_the_disk_refuses_nothing_is_left(tmp_path: Path, fitted: Fitted, encoder_bytes: bytes) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    folder = tmp_path / "model"
    # The kernel refuses to write a file beyond this length, as a full disk would.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match=str(folder)):
            save_artefact(folder, fitted.booster, encoder_bytes, None, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert list(folder.iterdir()) == []


def test_contributions_are_those_of_the_columns_added_up(model_folder: Path, parts: list[Part]) -> None:
    model = load_artefact(model_folder, nthread=1)
    rows = parts[1].inputs

    contributions = model.contributions(rows)

    columns = model.booster.contributions(rows).astype(np.float64)
    expected = np.column_stack([columns[:, 0], columns[:, 1], columns[:, 2:5].sum(1), columns[:, 5:7].sum(1)])
    assert contributions.names == ("age", "rate", "job", "city")
    np.testing.assert_allclose(contributions.values, expected, atol=1e-6)
    assert contributions.base.tolist() == columns[:, 7].tolist()


def test_contributions_to_a_model_on_components_are_the_components(
    tmp_path: Path, parts: list[Part], encoder_bytes: bytes
) -> None:
    pca = fit_pca(parts[0].inputs, 3, 0)
    projected = [Part(part.name, pca.apply(part.inputs), part.labels) for part in parts]
    booster = fit(projected, pca.names, Hyperparameters(num_round=5), StopSignal()).booster
    save_artefact(tmp_path, booster, encoder_bytes, pca, {"decision_threshold": 0.5})
    model = load_artefact(tmp_path, nthread=1)

    contributions = model.contributions(parts[1].inputs)

    assert contributions.names == ("pca_0", "pca_1", "pca_2")
    log_odds = contributions.values.sum(1) + contributions.base
    probabilities = model.probabilities(parts[1].inputs)
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), probabilities, atol=1e-5)


def test_a_model_on_principal_components_takes_no_text_for_a_number(
    tmp_path: Path, encoder_bytes: bytes, parts: list[Part]
) -> None:
    pca = fit_pca(parts[0].inputs, 3, 0)
    projected = [Part(part.name, pca.apply(part.inputs), part.labels) for part in parts]
    booster = fit(projected, pca.names, Hyperparameters(num_round=5), StopSignal()).booster
    save_artefact(tmp_path, booster, encoder_bytes, pca, {"decision_threshold": 0.5})

    with pytest.raises(ContractError, match="pca_components"):
        load_artefact(tmp_path, nthread=1).with_text_as_missing()
