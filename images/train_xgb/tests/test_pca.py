import json

import numpy as np
import pytest
from smcontract.failure import ContractError
from train_xgb.boosting import Part
from train_xgb.pca import fit_pca, parse_pca


def test_rows_are_projected_the_same_alone_and_among_others_and_after_saving(parts: list[Part]) -> None:
    rows = parts[0].inputs
    pca = fit_pca(rows, 3, seed=0)
    projected = pca.apply(rows)

    alone = np.concatenate([pca.apply(rows[i : i + 1]) for i in range(len(rows))])
    restored = parse_pca(json.dumps(pca.as_document()).encode())

    assert projected.shape == (len(rows), 3)
    assert alone.tobytes() == projected.tobytes()
    assert restored.apply(rows).tobytes() == projected.tobytes()


def test_the_projection_is_the_one_of_scikit_learn(parts: list[Part]) -> None:
    from sklearn.decomposition import PCA

    rows = parts[0].inputs
    expected = PCA(n_components=3, svd_solver="full").fit(rows.astype(np.float64)).transform(rows)

    np.testing.assert_allclose(fit_pca(rows, 3, seed=0).apply(rows), expected, atol=1e-5)


def test_more_components_than_columns_are_refused(parts: list[Part]) -> None:
    with pytest.raises(ContractError, match=r"pca_components=8 .* at most 7"):
        fit_pca(parts[0].inputs, 8, seed=0)


def test_empty_cells_are_refused(parts: list[Part]) -> None:
    rows = parts[0].inputs.copy()
    rows[3, 1] = np.nan

    with pytest.raises(ContractError, match="empty cells"):
        fit_pca(rows, 2, seed=0)
    with pytest.raises(ContractError, match="empty cells"):
        fit_pca(parts[0].inputs, 2, seed=0).apply(rows)


def test_another_version_is_refused() -> None:
    with pytest.raises(ContractError, match="version 2"):
        parse_pca(b'{"version": 2}')
